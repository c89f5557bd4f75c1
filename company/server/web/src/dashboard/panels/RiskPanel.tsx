import type { Live } from "../../wire/live";
import type { Risk } from "../../wire/types";
import { Meter } from "../Meter";
import { figure, money, percent } from "../numbers";
import { Panel } from "../Panel";
import { Badge, type Tone } from "../signs";

const STEPS: Record<Risk["drawdown_step"], { tone: Tone; glyph: string; words: string }> = {
  normal: { tone: "good", glyph: "●", words: "full size" },
  halved: { tone: "warn", glyph: "◐", words: "sizes halved" },
  no_new: { tone: "warn", glyph: "◔", words: "nothing new is opened" },
  stop: { tone: "bad", glyph: "■", words: "only exits are allowed" },
};

export function RiskPanel({ live }: { live: Live<Risk> }) {
  return (
    <Panel id="risk" title="Risk" live={live} asOf={(data) => data.as_of}>
      {(data) => (
        <>
          <Drawdown risk={data} />
          <Limits risk={data} />
          <Figures risk={data} />
          <Exposures risk={data} />
        </>
      )}
    </Panel>
  );
}

function Drawdown({ risk }: { risk: Risk }) {
  const { tone, glyph, words } = STEPS[risk.drawdown_step];
  const [halve, pause, stop] = risk.drawdown_steps_percent;
  return (
    <div className="drawdown">
      <Meter
        label="Drawdown"
        value={risk.drawdown_percent}
        limit={stop}
        text={`${percent(risk.drawdown_percent)} of ${percent(stop, 0)}`}
        tone={tone}
        marks={[halve, pause]}
      />
      <p className="step">
        <Badge tone={tone} glyph={glyph}>
          {words}
        </Badge>
        <span>
          {percent(halve, 0)} halves sizes, {percent(pause, 0)} opens nothing new, {percent(stop, 0)} allows only exits
        </span>
      </p>
      {!risk.entries_allowed && <p className="warn">New positions are refused at the moment.</p>}
    </div>
  );
}

function Limits({ risk }: { risk: Risk }) {
  const { daily_loss_percent: loss, daily_loss_limit_percent: mostLoss, gross_percent: gross, gross_limit_percent: mostGross } = risk;
  return (
    <>
      <Meter label="Loss today" value={loss} limit={mostLoss} text={`${percent(loss)} of ${percent(mostLoss)}`} />
      <Meter label="Gross exposure" value={gross} limit={mostGross} text={`${percent(gross, 1)} of ${percent(mostGross, 0)}`} />
    </>
  );
}

function Figures({ risk }: { risk: Risk }) {
  return (
    <dl className="figures">
      <div>
        <dt>Sharpe, annualised</dt>
        <dd>{risk.sharpe === null ? <Later>after 24 hourly points</Later> : figure(risk.sharpe)}</dd>
      </div>
      <AtRisk name="VaR 95, 1 day" amount={risk.var95} part={risk.var95_percent} />
      <AtRisk name="VaR 99, 1 day" amount={risk.var99} part={risk.var99_percent} />
    </dl>
  );
}

function AtRisk({ name, amount, part }: { name: string; amount: string | null; part: string | null }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {amount === null ? <Later>needs more history</Later> : money(amount)}
        {part !== null && <span className="second"> {percent(part)}</span>}
      </dd>
    </div>
  );
}

const Later = ({ children }: { children: string }) => <span className="later">{children}</span>;

function Exposures({ risk }: { risk: Risk }) {
  if (!risk.exposures.length) return <p className="note">No exposure: everything is cash.</p>;
  return (
    <>
      <h3>Exposure by position</h3>
      {risk.exposures.map(({ symbol, value, percent: part }) => (
        <Meter
          key={symbol}
          label={symbol}
          value={part.replace(/^-/, "")}
          limit={risk.position_limit_percent}
          text={`${money(value)}, ${percent(part, 1)} of ${percent(risk.position_limit_percent, 0)}`}
        />
      ))}
    </>
  );
}
