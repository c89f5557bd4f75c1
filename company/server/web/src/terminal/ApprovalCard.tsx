// One call that waits for a person. What is approved is exactly what stands here. Keys work only while the card has the
// focus, so that no word typed elsewhere can approve anything.

import { useId, useState, type KeyboardEvent } from "react";

import { useCell } from "../wire/cell";
import { session } from "../wire/client";
import type { Asked } from "../wire/log";
import type { Json } from "../wire/types";
import { decide } from "./approvals";
import { pretty, until } from "./words";
import { useNow } from "./useNow";

export function ApprovalCard({ asked: journal }: { asked: Asked }) {
  const [answered, setAnswered] = useState<Asked | null>(null);
  const asked = journal.state === "open" && answered ? answered : journal;
  const left = until(asked.expiresAt, useNow(asked.state === "open" ? 30_000 : 0));
  const open = asked.state === "open" && left !== null;
  const title = useId();
  const [deciding, setDeciding] = useState(false);
  const [note, setNote] = useState("");
  const [fault, setFault] = useState("");
  const may = useCell(session)?.scopes.includes("approve") ?? false;

  const answer = async (approved: boolean) => {
    if (!open || !may || deciding) return;
    setDeciding(true);
    setFault("");
    try {
      const decided = await decide(asked.id, approved, note.trim());
      setAnswered(decided.asked);
      setFault(decided.fault);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
    setDeciding(false);
  };
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== "a" && event.key !== "r") return;
    event.preventDefault();
    void answer(event.key === "a");
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
        {open && left && ` · expires ${left}`}
      </p>
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
        </form>
      )}
      {open && !may && <p className="dim">Your session may not approve.</p>}
      {asked.note && !open && <p className="dim">note: {asked.note}</p>}
      {deciding && <p className="dim" role="status">deciding…</p>}
      {fault && <p className="line bad" role="alert">{fault}</p>}
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
          <dt>{name}</dt>
          <dd>
            {value !== null && typeof value === "object" ? <pre tabIndex={0}>{pretty(value)}</pre> : pretty(value)}
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
