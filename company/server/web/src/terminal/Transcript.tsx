// The conversation: runs, what commands printed between them, and at the end what is on its way.

import { useEffect, useMemo, useRef, useState } from "react";

import { discard, useQueued } from "../pwa/outbox";
import { useReading } from "../pwa/reading";
import { useCell } from "../wire/cell";
import type { RunLog } from "../wire/log";
import type { Journal } from "./journal";
import { locals, type Local } from "./locals";
import { PrintedBlock } from "./PrintedBlock";
import { Request, RunView } from "./RunView";
import { useScrolling, useSteadyTop } from "./scrolling";
import { drop, isTold, pending, settle } from "./sending";

/** Items drawn while the reader is at the end, and how many more at each look back. */
const SHOWN = 24;
const MORE = 12;

type Item = { at: number; key: string } & ({ run: RunLog } | { local: Local });

export function Transcript({ journal }: { journal: Journal }) {
  const log = useCell(journal.log);
  const loading = useCell(journal.loading);
  const older = useCell(journal.older);
  const printed = useCell(locals);
  const items = useMemo(() => merged(log.runs, printed.filter((local) => local.thread === journal.thread)), [log.runs, printed, journal]);
  const [shown, setShown] = useState(SHOWN);
  const hidden = Math.max(0, items.length - shown);
  const visible = items.slice(hidden);
  const lookBack = () => {
    if (hidden) setShown(shown + MORE);
    else if (older) void journal.loadOlder().then(() => setShown((count) => count + MORE));
  };
  const { box, atEnd, toEnd } = useScrolling(lookBack);
  useSteadyTop(box, visible[0]?.key ?? "");
  useEffect(() => {
    if (!atEnd) return;
    setShown(SHOWN);
    journal.trim();
  }, [atEnd, journal, log.runs.length]);
  useEffect(toEnd, [toEnd, printed.length, useCell(pending).length]);
  const end = useRef<HTMLDivElement>(null);
  useReading(journal.thread, log.runs.length ? log.known : 0, end);

  return (
    <div className="transcript-frame">
      <div className="transcript" ref={box} role="log" aria-live="off" aria-label="Conversation" tabIndex={0}>
        <div className="transcript-content">
          {(hidden > 0 || older) && (
            <button type="button" className="quiet older" onClick={lookBack} disabled={loading === "older"}>
              {loading === "older" ? "loading…" : "older"}
            </button>
          )}
          {loading === "loading" && <p className="line quiet">loading the journal…</p>}
          {typeof loading === "object" && (
            <p className="line bad" role="alert">
              {loading.failed.message}{" "}
              <button type="button" onClick={() => void journal.load()}>
                try again
              </button>
            </p>
          )}
          {loading === "ready" && !items.length && <Welcome />}
          {visible.map((item) => ("run" in item ? <RunView key={item.key} run={item.run} asked={log.asked} opinions={log.feedback[item.run.id]} /> : <LocalView key={item.key} local={item.local} />))}
          <OnItsWay thread={journal.thread} runs={log.runs} />
          <div ref={end} className="transcript-end" />
        </div>
      </div>
      {!atEnd && (
        <button type="button" className="to-end" onClick={toEnd}>
          ↓ newest
        </button>
      )}
    </div>
  );
}

function Welcome() {
  return (
    <div className="welcome">
      <p>Nothing was said here yet. Ask the CEO something, or type a command:</p>
      <p>
        <code>how are we doing?</code> <code>/run</code> <code>/portfolio</code> <code>/help</code>
      </p>
    </div>
  );
}

function LocalView({ local }: { local: Local }) {
  return (
    <section className="run local" aria-label={`Command ${local.command}`}>
      <Request text={local.command} hint="only on this screen" />
      <div className="printed">
        {local.printed === null ? <p className="line quiet">…</p> : local.printed.map((printed, index) => <PrintedBlock key={index} printed={printed} />)}
      </div>
    </section>
  );
}

/** Messages the journal does not know yet: sent, queued, or refused. */
function OnItsWay({ thread, runs }: { thread: string; runs: readonly RunLog[] }) {
  const sent = useCell(pending).filter((message) => message.thread === thread && !isTold(message, runs));
  const queued = useQueued().filter((draft) => draft.thread === thread);
  useEffect(() => settle(thread, runs), [thread, runs, sent.length]);
  return (
    <>
      {sent.map((message) => (
        <Waiting key={message.id} text={message.text} fault={message.fault} hint="sending…" discard={() => drop(message.id)} />
      ))}
      {queued.map((draft) => (
        <Waiting key={draft.key} text={draft.text} fault={draft.fault ?? ""} hint="queued until the company can be reached" discard={() => void discard(draft.key)} />
      ))}
    </>
  );
}

function Waiting({ text, fault, hint, discard }: { text: string; fault: string; hint: string; discard: () => void }) {
  return (
    <section className={`run pending${fault ? " refused" : ""}`}>
      <Request text={text} hint={fault ? "not sent" : hint} />
      {fault && (
        <p className="line bad" role="alert">
          {fault}{" "}
          <button type="button" className="quiet" onClick={discard}>
            discard
          </button>
        </p>
      )}
    </section>
  );
}

/** Runs in the journal's order, and after each what was printed when it was the newest. */
function merged(runs: readonly RunLog[], printed: readonly Local[]): Item[] {
  const items: Item[] = runs.map((run) => ({ at: run.seq, key: `${run.id || "company"} ${run.seq}`, run }));
  for (const local of printed) items.push({ at: local.after + 0.5, key: `local ${local.id}`, local });
  return items.sort((one, other) => one.at - other.at);
}
