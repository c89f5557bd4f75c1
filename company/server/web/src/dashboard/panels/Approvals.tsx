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

/** Sends a decision about one call; with `shown`, about all of these, of which it is the last. */
export type Decide = (id: string, approved: boolean, note: string, shown?: string[]) => Promise<Decided>;

const decide: Decide = (id, approved, note, shown) => {
  const bundle = shown ? { bundle: true, shown } : {};
  return post<Decided>(`/approvals/${encodeURIComponent(id)}`, { approved, note, ...bundle });
};

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
            {bundles(open).map((bundle) => (
              <li key={bundle[0]?.bundle}>
                {bundle.map((approval) => (
                  <Card key={approval.id} approval={approval} send={send} settled={settled} />
                ))}
                {bundle.length > 1 && <Together key={bundle.map(({ id }) => id).join()} bundle={bundle} send={send} settled={settled} />}
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

/** As they are listed: calls of one bundle stand together. */
function bundles(open: Approval[]): Approval[][] {
  const groups = new Map<string, Approval[]>();
  for (const approval of open) groups.set(approval.bundle, [...(groups.get(approval.bundle) ?? []), approval]);
  return [...groups.values()];
}

interface AnswerProps {
  send: Decide;
  /** Called with what happened once it is decided, here or elsewhere. */
  settled: (words: string) => void;
}

/** A person's answer to one call, or to several at once. */
function useAnswer(id: string, { send, settled }: AnswerProps, shown?: string[]) {
  const note = useRef<HTMLInputElement>(null);
  const [isSending, setSending] = useState(false);
  const [fault, setFault] = useState("");
  const known = useCell(session);
  const may = !known || known.scopes.includes("approve");

  const answer = async (approved: boolean) => {
    setSending(true);
    setFault("");
    try {
      const decided = await send(id, approved, note.current?.value.trim() ?? "", ...(shown ? [shown] : []));
      settled(shown ? shown.map((each) => told(decided.bundle.find((one) => one.id === each))).join(" ") : told(decided.approval));
      setSending(decided.approval.state !== "open"); // one that is decided goes with the next list
    } catch (error) {
      setSending(false);
      if (error instanceof ApiError && error.status === 409) settled(`Your decision did not count: ${error.message}`);
      else setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return { note, fault, may, disabled: !may || isSending, answer };
}

/** What came of a decision, in a sentence. */
function told(approval: Approval | undefined): string {
  if (!approval) return "";
  if (approval.state !== "open") return `${approval.id} ${approval.state}.`;
  return `${approval.id} still waits${approval.needed > 1 ? `: ${tally(approval)}` : ""}.`;
}

const tally = ({ votes, needed }: Approval): string => {
  const names = votes.map(({ person }) => person).join(", ");
  return `${votes.length} of ${needed} said yes${names && ` (${names})`}`;
};

interface TogetherProps extends AnswerProps {
  bundle: Approval[];
}

/** One answer to all calls of a bundle that stand here. */
function Together({ bundle, ...props }: TogetherProps) {
  const ids = bundle.map(({ id }) => id);
  const { note, fault, disabled, answer } = useAnswer(ids.at(-1) ?? "", props, ids);
  const names = ids.join(", ");
  return (
    <div className="together" role="group" aria-label={`All of ${names}`}>
      <p className="note">
        {names} belong together.
        {bundle.some(({ repeats }) => repeats) && " A yes to all leaves open what is the same call again."}
      </p>
      {fault && (
        <p className="bad" role="alert">
          Not decided: {fault}
        </p>
      )}
      <div className="actions">
        <input ref={note} aria-label={`Note on all of ${names}`} placeholder="Note (optional)" maxLength={2000} />
        <button type="button" className="yes" disabled={disabled} onClick={() => void answer(true)}>
          Approve all {ids.length}
        </button>
        <button type="button" className="no" disabled={disabled} onClick={() => void answer(false)}>
          Reject all {ids.length}
        </button>
      </div>
    </div>
  );
}

interface CardProps extends AnswerProps {
  approval: Approval;
}

function Card({ approval, ...props }: CardProps) {
  const { id, role, tool } = approval;
  const { note, fault, may, disabled, answer } = useAnswer(id, props);
  return (
    <article className="decision" aria-labelledby={`decide-${id}`}>
      <h3 id={`decide-${id}`}>
        {id}: {role} asks for <code>{tool}</code>
      </h3>
      <Arguments of={approval} />
      <p className="reason">{exact(approval.reason)}</p>
      <p className="note">
        Rule <code>{approval.rule}</code>, expires <When at={approval.expires_at} clock="wall" />: refused if nobody answers
        {approval.sources.length > 0 && <span className="warn">, had read {approval.sources.join(", ")}</span>}
      </p>
      {approval.repeats && <p className="warn">The same call as {approval.repeats}.</p>}
      {approval.needed > 1 && <p className="note">{tally(approval)}</p>}
      {approval.escalated_at && (
        <p className="warn">
          Asked <When at={approval.asked_at} clock="wall" />; nobody answered, so it was passed on.
        </p>
      )}
      {fault && (
        <p className="bad" role="alert">
          Not decided: {fault}
        </p>
      )}
      {!may && <p className="warn">You may read this; to decide takes the scope approve.</p>}
      <div className="actions">
        <input ref={note} aria-label={`Note on ${id}`} placeholder="Note (optional)" maxLength={2000} />
        <button type="button" className="yes" disabled={disabled} onClick={() => void answer(true)}>
          Approve<span className="unseen"> {id}</span>
        </button>
        <button type="button" className="no" disabled={disabled} onClick={() => void answer(false)}>
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
