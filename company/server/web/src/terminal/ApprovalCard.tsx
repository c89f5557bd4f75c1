// One call that waits for a person. What is approved is exactly what stands here; where calls of its bundle stand above it,
// all of them can be answered at once. Keys work only while the card has the focus, so that no word typed elsewhere can
// approve anything.

import { useId, useState, type KeyboardEvent } from "react";

import { useCell } from "../wire/cell";
import { session } from "../wire/client";
import type { Asked } from "../wire/log";
import type { Json } from "../wire/types";
import { exact } from "../dashboard/exact";
import { decide, tally } from "./approvals";
import { pretty, until } from "./words";
import { useNow } from "./useNow";

interface CardProps {
  asked: Asked;
  /** Calls of its bundle that are open and stand above it, and itself. */
  shown?: readonly Asked[];
}

export function ApprovalCard({ asked: journal, shown = [] }: CardProps) {
  const [answered, setAnswered] = useState<Asked | null>(null);
  const isAhead = answered !== null && (answered.state !== "open" || answered.votes.length > journal.votes.length);
  const asked = journal.state === "open" && isAhead ? answered : journal;
  const left = until(asked.expiresAt, useNow(asked.state === "open" ? 30_000 : 0));
  const open = asked.state === "open" && left !== null;
  const title = useId();
  const [deciding, setDeciding] = useState(false);
  const [note, setNote] = useState("");
  const [fault, setFault] = useState("");
  const may = useCell(session)?.scopes.includes("approve") ?? false;

  const together = open && shown.length > 1 ? shown.map(({ id }) => id) : [];

  const answer = async (approved: boolean, ids: readonly string[] = []) => {
    if (!open || !may || deciding) return;
    setDeciding(true);
    setFault("");
    try {
      const decided = await decide(asked.id, approved, note.trim(), ids);
      setAnswered(decided.asked);
      setFault(decided.fault);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
    setDeciding(false);
  };
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if ((key !== "a" && key !== "r") || (event.shiftKey && !together.length)) return;
    event.preventDefault();
    void answer(key === "a", event.shiftKey ? together : []);
  };

  return (
    <div className={`approval ${open ? "open" : asked.state}`} role="group" data-approval={asked.id} aria-labelledby={title} tabIndex={0} onKeyDown={keys}>
      <p className="approval-title" id={title}>
        <strong>{asked.id}</strong> {asked.role} wants <code>{asked.tool}</code>
        <span className="chip">{open ? "waits for you" : stateOf(asked, left)}</span>
      </p>
      <Arguments values={asked.arguments} />
      <p className="reason">{asked.reason}</p>
      <p className="dim">
        rule {asked.rule}
        {asked.sources.length > 0 && ` · it had read: ${asked.sources.join(", ")}`}
        {open && left && ` · expires ${left}: refused if nobody answers`}
      </p>
      {asked.repeats && <p className="warn">The same call as {asked.repeats}.</p>}
      {asked.needed > 1 && <p>{tally(asked)}</p>}
      {open && asked.escalated && <p className="warn">Nobody answered for a while; it was passed on.</p>}
      {open && (
        <form className="approval-answer" onSubmit={(event) => event.preventDefault()}>
          <button type="button" className="good" disabled={!may || deciding} onClick={() => void answer(true)}>
            Approve <kbd>a</kbd>
          </button>
          <button type="button" className="bad" disabled={!may || deciding} onClick={() => void answer(false)}>
            Reject <kbd>r</kbd>
          </button>
          <input
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
            maxLength={2_000}
            placeholder="note, kept in the journal"
            aria-label={`Note about ${asked.id}`}
          />
          {together.length > 0 && <Together of={shown} disabled={!may || deciding} answer={(yes) => void answer(yes, together)} />}
        </form>
      )}
      {open && !may && <p className="dim">Your session may not approve.</p>}
      {asked.note && !open && <p className="dim">note: {asked.note}</p>}
      {deciding && <p className="dim" role="status">deciding…</p>}
      {fault && <p className="line bad" role="alert">{fault}</p>}
    </div>
  );
}

interface TogetherProps {
  of: readonly Asked[];
  disabled: boolean;
  answer(approved: boolean): void;
}

/** One answer to all calls of a bundle that are shown. */
function Together({ of, disabled, answer }: TogetherProps) {
  const ids = of.map(({ id }) => id).join(", ");
  return (
    <div className="approval-answer together" role="group" aria-label={`All of ${ids}`}>
      <span className="dim">
        {ids} belong together{of.some(({ repeats }) => repeats) && "; a yes to all leaves open what is the same call again"}
      </span>
      <button type="button" className="good" disabled={disabled} onClick={() => answer(true)}>
        Approve all {of.length} <kbd>A</kbd>
      </button>
      <button type="button" className="bad" disabled={disabled} onClick={() => answer(false)}>
        Reject all {of.length} <kbd>R</kbd>
      </button>
    </div>
  );
}

/** A row per argument; whatever is not plain is shown as JSON. */
function Arguments({ values }: { values: { [name: string]: Json } }) {
  const rows = Object.entries(values);
  if (!rows.length) return <p className="dim">no arguments</p>;
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{exact(name)}</dt>
          <dd>
            {value !== null && typeof value === "object" ? <pre tabIndex={0}>{exact(pretty(value))}</pre> : exact(pretty(value))}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function stateOf(asked: Asked, left: string | null): string {
  if (asked.state === "open") return left ? "waits" : "expired";
  return asked.by ? `${asked.state} by ${asked.by}` : asked.state;
}
