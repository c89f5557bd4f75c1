// One tool call: what was asked, what the governor said, what came out, and what strangers had a hand in it.

import { memo, useState, type ReactNode } from "react";

import type { Call, Result, Verdict } from "../wire/log";
import { brief, lasted, parsed, pretty } from "./words";

/** Characters of a result shown before somebody asks for all. */
const SHOWN = 2_500;

export const CallCard = memo(function CallCard({ call }: { call: Call }) {
  const [open, setOpen] = useState(false);
  const state = call.result?.status ?? (call.ended ? "ok" : "working");
  return (
    <details className={`call ${state}`} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <code>{call.tool}</code>
        <span className="gist">{brief(call.arguments)}</span>
        {call.verdict && call.verdict.decision !== "allow" && <span className="chip warn">{call.verdict.decision}</span>}
        <span className="chip state">{state}</span>
        <span className="took">{lasted(call.begun, call.ended)}</span>
      </summary>
      {open && (
        <dl className="facts">
          <Row name="arguments">
            <pre tabIndex={0}>{pretty(parsed(call.arguments))}</pre>
          </Row>
          {call.verdict && <VerdictRows verdict={call.verdict} />}
          {call.result && <ResultRows result={call.result} />}
        </dl>
      )}
    </details>
  );
});

function VerdictRows({ verdict }: { verdict: Verdict }) {
  return (
    <>
      <Row name="verdict">
        {verdict.decision} by {verdict.rule}: {verdict.reason}
      </Row>
      {verdict.mandate && <Row name="mandate">{verdict.mandate}</Row>}
      {verdict.sources.length > 0 && <Row name="strangers">{verdict.sources.join(", ")}</Row>}
    </>
  );
}

function ResultRows({ result }: { result: Result }) {
  return (
    <>
      {result.error && <Row name="error">{result.error}</Row>}
      {result.value !== undefined && (
        <Row name={result.untrusted ? "result, with text of strangers" : "result"}>
          <Long text={pretty(result.value)} />
        </Row>
      )}
      {result.untrusted !== undefined && result.untrusted !== true && <Row name="untrusted">{pretty(result.untrusted)}</Row>}
      {result.receipt && <Row name="receipt">{result.receipt}</Row>}
    </>
  );
}

function Long({ text }: { text: string }) {
  const [all, setAll] = useState(text.length <= SHOWN);
  return (
    <>
      <pre tabIndex={0}>{all ? text : text.slice(0, SHOWN)}</pre>
      {!all && (
        <button type="button" className="quiet" onClick={() => setAll(true)}>
          show all {text.length.toLocaleString("en")} characters
        </button>
      )}
    </>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
