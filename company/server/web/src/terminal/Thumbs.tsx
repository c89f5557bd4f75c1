// What a person thinks of an answer: one thumb a person and run, which may be turned or taken back. What the journal says
// is shown.

import { useEffect, useState, type FormEvent } from "react";

import { useCell } from "../wire/cell";
import { del, post, session } from "../wire/client";
import type { Opinions, RunLog, Thumb } from "../wire/log";

type Value = Thumb["value"] | "";

/** Whether a run has an answer that can be judged. */
export function isAnswered(run: RunLog): boolean {
  const ended = run.state === "done" || run.state === "degraded" || run.state === "waiting";
  return ended && run.entries.some((entry) => entry.kind === "message" && entry.from === "ceo");
}

export function Thumbs({ run, opinions }: { run: string; opinions: Opinions }) {
  const who = useCell(session);
  const given = opinions[who?.person ?? ""];
  const [sent, setSent] = useState<Value | null>(null);
  const [asks, setAsks] = useState(false);
  const [fault, setFault] = useState("");
  useEffect(() => setSent(null), [given]);
  if (!who?.scopes.includes("chat")) return null;
  const value = sent ?? given?.value ?? "";
  const note = given?.value === value ? given.note : "";

  const give = async (next: Value, words: string) => {
    setSent(next);
    setFault("");
    const path = `/runs/${encodeURIComponent(run)}/feedback`;
    try {
      await (next ? post(path, { value: next, note: words }) : del(path));
    } catch (error) {
      setSent(null);
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const press = (pressed: Value) => {
    setAsks(pressed !== value);
    void give(pressed === value ? "" : pressed, "");
  };
  return (
    <>
      <span className="thumbs" role="group" aria-label={`Your opinion of the answer of ${run}`}>
        {note && !asks && <span className="dim">“{note}”</span>}
        <Button of="up" value={value} press={press} />
        <Button of="down" value={value} press={press} />
      </span>
      {asks && value && <Reason key={`${value} ${note}`} run={run} kept={note} keep={(words) => void give(value, words)} />}
      {fault && (
        <span className="line bad" role="alert">
          {fault}
        </span>
      )}
    </>
  );
}

const NAMES = { up: "Good answer", down: "Bad answer" } as const;

function Button({ of, value, press }: { of: Thumb["value"]; value: Value; press(value: Value): void }) {
  const turn = of === "down" ? { transform: "rotate(180 8 8)" } : {};
  return (
    <button type="button" className="quiet" aria-pressed={value === of} aria-label={NAMES[of]} title={NAMES[of]} onClick={() => press(of)}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path {...turn} d="M2.5 7.5h2v6h-2zM4.5 8l2.7-5.4c1.3 0 1.9.9 1.7 2l-.4 2.2h3.7c.9 0 1.5.8 1.3 1.7l-.9 3.8c-.2.7-.7 1.2-1.5 1.2H6.6l-2.1-.8" />
      </svg>
    </button>
  );
}

/** Why, in words; offered once the thumb is given. */
function Reason({ run, kept, keep }: { run: string; kept: string; keep(note: string): void }) {
  const [note, setNote] = useState(kept);
  const same = note.trim() === kept;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!same) keep(note.trim());
  };
  return (
    <form className="thumbs-reason" onSubmit={send}>
      <input value={note} onInput={(event) => setNote(event.currentTarget.value)} maxLength={1_000} placeholder="why, if you like; kept in the journal" aria-label={`Why you think so of ${run}`} />
      <button type="submit" className="quiet" disabled={same}>
        {same && kept ? "kept" : "keep"}
      </button>
    </form>
  );
}
