// How the company does, in five figures. Portfolio and costs come from two requests; one may fail without the other.

import { useContext, type ReactNode } from "react";

import type { Live } from "../../wire/live";
import type { Costs, Portfolio } from "../../wire/types";
import { ClocksContext } from "../clocks";
import { counted, money, percent, signedMoney, signedPercent, signOf, usd } from "../numbers";
import { changeWord } from "../signs";
import { fullTime, relative, shortTime } from "../times";

const GLYPHS = { up: "▲", down: "▼", flat: "=" };

export function Summary({ portfolio, costs }: { portfolio: Live<Portfolio>; costs: Live<Costs> }) {
  return (
    <section className="summary" id="summary" aria-labelledby="summary-heading" aria-busy={!portfolio.data && !portfolio.error}>
      <h2 className="unseen" id="summary-heading" tabIndex={-1}>
        Summary
      </h2>
      <dl>
        <Tile name="Portfolio value" live={portfolio} lead>
          {(data) => [`${money(data.equity)} ${data.quote}`, `cash ${money(data.cash)}`]}
        </Tile>
        <Tile name="Day P&L" live={portfolio}>
          {dayOf}
        </Tile>
        <Tile name="Win rate" live={portfolio}>
          {winsOf}
        </Tile>
        <Tile name="Drawdown" live={portfolio}>
          {(data) => [percent(data.drawdown_percent), `peak ${money(data.peak)}`]}
        </Tile>
        <Tile name="Spent today" live={costs}>
          {(data) => [usd(data.usd_today), `of ${usd(data.usd_day_limit)} on models`]}
        </Tile>
      </dl>
      <Freshness live={portfolio} />
    </section>
  );
}

function dayOf({ day, day_percent }: Portfolio): [ReactNode, string] {
  const amount = signedMoney(day);
  const sign = signOf(amount);
  const tone = { up: "good", down: "bad", flat: "plain" }[sign];
  const value = (
    <span className={tone}>
      <span aria-hidden="true">{GLYPHS[sign]}</span> {amount}
    </span>
  );
  return [value, `${signedPercent(day_percent)} ${changeWord(day)} today`];
}

function winsOf({ win_rate_percent, closed_trades, calibration }: Portfolio): [string, ReactNode] {
  if (win_rate_percent === null) return ["–", "no closed trade yet"];
  const { brier, base, trades } = calibration;
  const sure = brier === null ? "No closed trade had a stated conviction." : `Stated convictions of ${counted(trades, "trade")}: Brier score ${brier}; ${base} knows only the average.`;
  return [percent(win_rate_percent, 1), <span title={sure}>of {counted(closed_trades, "closed trade")}</span>];
}

interface TileProps<T> {
  name: string;
  live: Live<T>;
  lead?: boolean;
  /** The figure, and what it is measured by. */
  children: (data: T) => [ReactNode, ReactNode];
}

function Tile<T>({ name, live, lead = false, children }: TileProps<T>) {
  const [value, note] = live.data === undefined ? waiting(live) : children(live.data);
  return (
    <div className={lead ? "tile lead" : "tile"}>
      <dt>{name}</dt>
      <dd className="value">{value}</dd>
      <dd className="note">{note}</dd>
    </div>
  );
}

function waiting<T>({ error, refresh }: Live<T>): [ReactNode, ReactNode] {
  if (!error) return [<i className="bone" />, <span className="unseen">Loading</span>];
  const again = (
    <button type="button" className="link" title={error.message} onClick={refresh}>
      Not loaded, try again<span className="unseen">: {error.message}</span>
    </button>
  );
  return ["–", again];
}

function Freshness({ live: { data, error, at } }: { live: Live<Portfolio> }) {
  const { wall } = useContext(ClocksContext);
  if (!data || at === undefined) return <p className="freshness">{error ? <span className="bad">{error.message}</span> : "\u00a0"}</p>;
  return (
    <p className="freshness">
      <time dateTime={data.as_of} title={`Company time ${fullTime(data.as_of)}`}>
        as of {shortTime(data.as_of)}
      </time>
      , {relative(at, Math.max(wall, at))}
      {error && <span className="bad"> · not up to date: {error.message}</span>}
      {data.unpriced.length > 0 && <span className="warn"> · without a price: {data.unpriced.join(", ")}</span>}
    </p>
  );
}
