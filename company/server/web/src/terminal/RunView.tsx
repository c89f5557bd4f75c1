// One run in the transcript: request, plan, lanes, what happened, approvals, answer, outcome.

import { memo } from "react";

import { nameOf, type Asked, type Entry, type Lane, type Log, type Opinions, type RunLog, type Said, type Step } from "../wire/log";
import { ApprovalCard } from "./ApprovalCard";
import { shownWith } from "./approvals";
import { LaneView } from "./LaneView";
import { Markdown } from "./Markdown";
import { isAnswered, Thumbs } from "./Thumbs";
import { clock, count, dollars, lasted } from "./words";

const NONE: Opinions = {};

export const RunView = memo(function RunView({ run, asked, opinions = NONE }: Shown) {
  return (
    <section className={`run ${run.state}`} aria-label={run.id ? `Run ${run.id}` : "The company"}>
      {run.id && !run.thread && <CycleHead run={run} />}
      {run.entries.map((entry) => (
        <EntryView key={nameOf(entry)} entry={entry} run={run} asked={asked} />
      ))}
      {run.id && <Outcome run={run} opinions={opinions} />}
    </section>
  );
}, isSame);

interface Shown {
  run: RunLog;
  asked: Log["asked"];
  opinions?: Opinions | undefined;
}

/** Approvals of other runs do not matter to this one. */
function isSame(before: Shown, after: Shown): boolean {
  if (before.run !== after.run || before.opinions !== after.opinions) return false;
  if (before.asked === after.asked) return true;
  return after.run.entries.every((entry) => entry.kind !== "approval" || before.asked[entry.id] === after.asked[entry.id]);
}

function CycleHead({ run }: { run: RunLog }) {
  const now = run.now && ` · company time ${run.now.slice(0, 16).replace("T", " ")}`;
  return (
    <p className="cycle-head">
      <span className="glyph" aria-hidden="true">●</span> cycle <strong>{run.id}</strong>
      <span className="dim">
        {now} · {clock(run.begun)}
      </span>
    </p>
  );
}

interface EntryProps {
  entry: Entry;
  run: RunLog;
  asked: { readonly [id: string]: Asked };
}

function EntryView({ entry, run, asked }: EntryProps) {
  const { lanes, state } = run;
  if (entry.kind === "message") return <Message said={entry} />;
  if (entry.kind === "plan") return <Plan steps={entry.steps} lanes={lanes} ended={state !== "running"} />;
  if (entry.kind === "note") return <p className={`note line ${entry.tone}`}>{entry.text}</p>;
  if (entry.kind === "lane") return lanes[entry.path] ? <LaneView lane={lanes[entry.path] as Lane} /> : null;
  const question = asked[entry.id];
  return question ? <ApprovalCard asked={question} shown={shownWith(question, askedIn(run, asked))} /> : null;
}

/** What this run asks people, in the order it stands on the screen. */
const askedIn = (run: RunLog, asked: EntryProps["asked"]): Asked[] =>
  run.entries.flatMap((entry) => (entry.kind === "approval" ? (asked[entry.id] ?? []) : []));

const Message = memo(function Message({ said }: { said: Said }) {
  if (said.from === "person") return <Request text={said.text} at={said.at} />;
  return (
    <article className={`answer${said.open ? " streaming" : ""}`} aria-label="CEO">
      <Markdown text={said.text} open={said.open} />
    </article>
  );
});

/** What a person said. */
export function Request({ text, at, hint = "" }: { text: string; at?: string; hint?: string }) {
  return (
    <p className="request">
      <span className="glyph" aria-hidden="true">❯</span>
      <span className="words">{text}</span>
      <span className="took">{hint || (at && clock(at))}</span>
    </p>
  );
}

const TICKS = { working: "◐", ok: "✓", waiting: "‖", degraded: "!", failed: "✗", stopped: "■" } as const;

function Plan({ steps, lanes, ended }: { steps: readonly Step[]; lanes: RunLog["lanes"]; ended: boolean }) {
  return (
    <ol className="plan" aria-label="Plan">
      {steps.map((step) => {
        const state = lanes[step.path]?.state;
        return (
          <li key={step.path} className={state ?? "planned"} title={step.expects}>
            <span className="tick" role="img" aria-label={state ?? (ended ? "not begun" : "planned")}>
              {state ? TICKS[state] : "○"}
            </span>
            <span className="role">{step.role}</span>
            <span className="task">{step.task}</span>
          </li>
        );
      })}
    </ol>
  );
}

const WORDS = { running: "working", waiting: "waits for a person", done: "done", degraded: "done, with shortcomings", failed: "failed", stopped: "stopped" };

function Outcome({ run, opinions }: { run: RunLog; opinions: Opinions }) {
  const calls = Object.values(run.lanes).reduce((sum, lane) => sum + lane.items.filter((item) => item.kind === "call").length, 0);
  const took = lasted(run.begun, run.ended);
  return (
    <>
      {run.degraded.map((text) => (
        <p key={text} className="note line warn">
          {text}
        </p>
      ))}
      {run.error && <p className="note line bad">{run.error}</p>}
      <div className={`outcome ${run.state}`}>
        <span className="mark">{WORDS[run.state]}</span>
        <span className="dim">
          {[run.id, calls ? count(calls, "call") : "", run.cost.tokens ? count(run.cost.tokens, "token") : "", run.ended ? dollars(run.cost.usd) : "", run.state === "waiting" ? "" : took]
            .filter(Boolean)
            .join(" · ")}
        </span>
        {isAnswered(run) && <Thumbs run={run.id} opinions={opinions} />}
      </div>
    </>
  );
}
