// Calls that wait for a person. What is approved is the call with exactly the arguments shown.

import { useRef, useState } from "react";

import { useCell } from "../../wire/cell";
import { ApiError, post, session } from "../../wire/client";
import type { Live } from "../../wire/live";
import type { Approval, Decided } from "../../wire/types";
import { When } from "../clocks";
import { exact } from "../exact";
import { counted } from "../numbers";
import { Panel } from "../Panel";

export type Decide = (id: string, approved: boolean, note: string) => Promise<unknown>;

const decide: Decide = (id, approved, note) => post<Decided>(`/approvals/${encodeURIComponent(id)}`, { approved, note });

export function Approvals({ live, send = decide }: { live: Live<Approval[]>; send?: Decide }) {
  const [said, setSaid] = useState("");
  const settled = (words: string) => {
    setSaid(words);
    live.refresh();
    document.getElementById("approvals-heading")?.focus();
  };
  const badge = live.data?.length ? <span className="badge warn">{live.data.length} open</span> : null;
  return (
    <Panel id="approvals" title="Approvals" live={live} empty={(open) => nothing(open, said)} tools={badge}>
      {(open) => (
        <>
          <p className="unseen">{counted(open.length, "call")} for you to decide</p>
          <p className="note" role="status">
            {said}
          </p>
          <ul className="rows">
            {open.map((approval) => (
              <li key={approval.id}>
                <Card approval={approval} send={send} settled={settled} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

const nothing = (open: Approval[], said: string) =>
  open.length === 0 && (
    <>
      {said && <span role="status">{said} </span>}
      Nothing waits for you. A call that the rules do not allow on their own asks here and in the conversation.
    </>
  );

interface CardProps {
  approval: Approval;
  send: Decide;
  /** Called with what happened once it is decided, here or elsewhere. */
  settled: (words: string) => void;
}

function Card({ approval, send, settled }: CardProps) {
  const note = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<"open" | "sending">("open");
  const [fault, setFault] = useState("");
  const { id, role, tool } = approval;
  const known = useCell(session);
  const may = !known || known.scopes.includes("approve");

  const answer = async (approved: boolean) => {
    setState("sending");
    setFault("");
    try {
      await send(id, approved, note.current?.value.trim() ?? "");
      settled(`${id} ${approved ? "approved" : "rejected"}.`);
    } catch (error) {
      setState("open");
      if (error instanceof ApiError && error.status === 409) settled(`Your decision did not count: ${error.message}`);
      else setFault(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <article className="decision" aria-labelledby={`decide-${id}`}>
      <h3 id={`decide-${id}`}>
        {id}: {role} asks for <code>{tool}</code>
      </h3>
      <Arguments of={approval} />
      <p className="reason">{exact(approval.reason)}</p>
      <p className="note">
        Rule <code>{approval.rule}</code>, expires <When at={approval.expires_at} clock="wall" />
        {approval.sources.length > 0 && <span className="warn">, had read {approval.sources.join(", ")}</span>}
      </p>
      {fault && (
        <p className="bad" role="alert">
          Not decided: {fault}
        </p>
      )}
      {!may && <p className="warn">You may read this; to decide takes the scope approve.</p>}
      <div className="actions">
        <input ref={note} aria-label={`Note on ${id}`} placeholder="Note (optional)" maxLength={2000} />
        <button type="button" className="yes" disabled={!may || state === "sending"} onClick={() => void answer(true)}>
          Approve<span className="unseen"> {id}</span>
        </button>
        <button type="button" className="no" disabled={!may || state === "sending"} onClick={() => void answer(false)}>
          Reject<span className="unseen"> {id}</span>
        </button>
        <button type="button" className="link" onClick={() => show(id)}>
          Show in the conversation<span className="unseen"> {id}</span>
        </button>
      </div>
    </article>
  );
}

function Arguments({ of }: { of: Approval }) {
  const named = Object.entries(of.arguments);
  if (!named.length) return <p className="note">It takes no arguments.</p>;
  return (
    <dl className="arguments">
      {named.map(([name, value]) => (
        <div key={name}>
          <dt>{exact(name)}</dt>
          <dd>{exact(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The terminal listens to this and brings the card of the approval into view. */
function show(id: string): void {
  window.dispatchEvent(new CustomEvent("company:show-approval", { detail: { id } }));
}
