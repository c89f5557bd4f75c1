// What the roles remember, as far as who looks may see it: found by words, role, kind and status; each with its history.

import { useEffect, useState, type ReactNode } from "react";

import { useCell } from "../../wire/cell";
import { post, session } from "../../wire/client";
import { useLive, type Live } from "../../wire/live";
import type { Memories, Memory, MemoryKind, MemoryState, MemoryStatus, MemoryTrail } from "../../wire/types";
import { When } from "../clocks";
import { concerning } from "../concerns";
import { counted } from "../numbers";
import { Panel } from "../Panel";
import { Badge, type Tone } from "../signs";

/** What is looked for. */
export interface Wanted {
  query: string;
  role: string;
  kind: MemoryKind | "";
  status: MemoryStatus;
}

const KINDS: MemoryKind[] = ["semantic", "episodic", "procedural", "relationship", "persona"];
const STATUSES: MemoryStatus[] = ["active", "proposed", "quarantined", "archived"];
const EVERYTHING: Wanted = { query: "", role: "", kind: "", status: "active" };
const PROPOSED: Wanted = { ...EVERYTHING, status: "proposed" };
/** Milliseconds after the last key until what was typed is looked for. */
const TYPED_MS = 300;
const SHOWN = 30;

export function MemoryPanel({ roles }: { roles: string[] }) {
  const [wanted, want] = useState(EVERYTHING);
  const live = useLive<Memories>(pathOf(wanted), concerning.memory);
  const waiting = useLive<Memories>(pathOf(PROPOSED), concerning.memory).data?.items.length ?? 0;
  const tools = (
    <>
      <Filters roles={roles} wanted={wanted} want={want} />
      {waiting > 0 && wanted.status !== "proposed" && (
        <button type="button" className="warn" onClick={() => want(PROPOSED)}>
          {waiting < SHOWN ? waiting : `${SHOWN} or more`} {waiting === 1 ? "waits" : "wait"} for a person
        </button>
      )}
    </>
  );
  return <MemoryList live={live} tools={tools} wanted={wanted} />;
}

export function pathOf({ query, role, kind, status }: Wanted): string {
  const chosen = { query, role, kind, status: status === "active" ? "" : status, limit: String(SHOWN) };
  return `/memory?${new URLSearchParams(Object.entries(chosen).filter(([, value]) => value))}`;
}

interface FiltersProps {
  roles: string[];
  wanted: Wanted;
  want(wanted: Wanted): void;
}

export function Filters({ roles, wanted, want }: FiltersProps) {
  const [typed, setTyped] = useState(wanted.query);
  const query = typed.trim();
  useEffect(() => setTyped((now) => (now.trim() === wanted.query ? now : wanted.query)), [wanted.query]);
  useEffect(() => {
    if (query === wanted.query) return undefined;
    const timer = setTimeout(() => want({ ...wanted, query }), TYPED_MS);
    return () => clearTimeout(timer);
  }, [query, wanted, want]);
  return (
    <>
      <input type="search" aria-label="Search memories" placeholder="search" maxLength={500} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      <Choice name="Role" every="all roles" values={roles} value={wanted.role} choose={(role) => want({ ...wanted, role })} />
      <Choice name="Kind" every="all kinds" values={KINDS} value={wanted.kind} choose={(kind) => want({ ...wanted, kind })} />
      <Choice name="Status" values={STATUSES} value={wanted.status} choose={(status) => want({ ...wanted, status: status || "active" })} />
    </>
  );
}

interface ChoiceProps<T extends string> {
  name: string;
  /** The words of no choice; without them one value is always chosen. */
  every?: string;
  values: T[];
  value: T | "";
  choose(value: T | ""): void;
}

function Choice<T extends string>({ name, every, values, value, choose }: ChoiceProps<T>) {
  return (
    <select aria-label={`${name} of memories`} value={value} onChange={(event) => choose(event.currentTarget.value as T | "")}>
      {every && <option value="">{every}</option>}
      {values.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}

interface ListProps {
  live: Live<Memories>;
  wanted: Wanted;
  tools?: ReactNode;
}

export function MemoryList({ live, wanted, tools }: ListProps) {
  return (
    <Panel id="memory" title="Memory" live={live} tools={tools} empty={(found) => nothing(found, wanted)}>
      {({ status, items }) => (
        <>
          <p className="mood">
            <span className="second">{counted(status.items, "memory", "memories")} of all roles and people. </span>
            <State state={status} />
          </p>
          <ul className="rows">
            {items.map((item) => (
              <li key={item.id}>
                <Row item={item} decided={live.refresh} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function nothing({ items, status }: Memories, wanted: Wanted) {
  if (items.length) return false;
  if (status.state === "off") return status.degraded;
  if (wanted.query || wanted.role || wanted.kind || wanted.status !== "active") return "No memory of yours or the company's fits.";
  return "Nothing is remembered yet. Roles remember at the end of a cycle or a conversation.";
}

function State({ state }: { state: MemoryState }) {
  if (!state.degraded) return null;
  return <span className={state.state === "ok" ? "second" : "warn"}>{state.state === "ok" ? state.degraded : `${state.state}: ${state.degraded}`}</span>;
}

const STANDING: Record<MemoryStatus, { tone: Tone; glyph: string }> = {
  active: { tone: "good", glyph: "●" },
  proposed: { tone: "warn", glyph: "◐" },
  quarantined: { tone: "bad", glyph: "■" },
  archived: { tone: "plain", glyph: "○" },
};

function Row({ item, decided }: { item: Memory; decided(): void }) {
  return (
    <>
      <p className="line">
        <strong>{item.id}</strong>
        <span className="second">
          {item.role === "*" ? "all roles" : item.role}, {item.kind}
        </span>
        <Standing item={item} />
        {item.tainted && (
          <Badge tone="warn" glyph="!">
            words of strangers
          </Badge>
        )}
        {item.score !== null && (
          <span className="number push" title={partsOf(item)}>
            {item.score.toFixed(2)}
          </span>
        )}
      </p>
      <p className="quote">{item.text}</p>
      <p className="note">
        {saidBy(item)}, <When at={item.valid_from} clock="company" />
        {item.person && `, only for ${item.person}`}
        {item.subject && `, about ${item.subject}`}
        {item.predicate && `: ${item.predicate}`}
      </p>
      {item.status === "proposed" && <Decision item={item} decided={decided} />}
      <Trail item={item} />
    </>
  );
}

function Standing({ item: { status, valid_to: until, superseded_by: by } }: { item: Memory }) {
  if (until) return <Badge tone="plain" glyph="○">{by ? `until ${by}` : "no longer valid"}</Badge>;
  if (status === "active") return null;
  return <Badge {...STANDING[status]}>{status === "proposed" ? "waits for a person" : status}</Badge>;
}

const TRUST = ["unknown", "unverified", "the company's own", "the operator's word"];

const saidBy = ({ source, trust }: Memory): string => `said by ${source}, trust ${trust} (${TRUST[trust] ?? "?"})`;

export const partsOf = ({ parts }: Pick<Memory, "parts">): string =>
  Object.entries(parts)
    .map(([name, part]) => `${name} ${part.toFixed(2)}`)
    .join(", ");

/** A person's word on a memory that does not count yet. */
function Decision({ item, decided }: { item: Memory; decided(): void }) {
  const [isSending, setSending] = useState(false);
  const [fault, setFault] = useState("");
  const may = useCell(session)?.scopes.includes("approve") ?? true;
  const answer = async (accept: boolean) => {
    setSending(true);
    setFault("");
    try {
      await post(`/memory/${encodeURIComponent(item.id)}/decision`, { accept });
      decided();
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
    setSending(false);
  };
  return (
    <div className="actions" role="group" aria-label={`Whether ${item.id} is right`}>
      <button type="button" className="yes" disabled={!may || isSending} onClick={() => void answer(true)}>
        Accept<span className="unseen"> {item.id}</span>
      </button>
      <button type="button" className="no" disabled={!may || isSending} onClick={() => void answer(false)}>
        Reject<span className="unseen"> {item.id}</span>
      </button>
      {!may && <span className="warn">To decide takes the scope approve.</span>}
      {fault && (
        <span className="bad" role="alert">
          Not decided: {fault}
        </span>
      )}
    </div>
  );
}

/** Earlier values and where it came from, asked for when it is unfolded. */
function Trail({ item }: { item: Memory }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        History and origin<span className="unseen"> of {item.id}</span>
      </summary>
      {open && <LiveTrail id={item.id} />}
    </details>
  );
}

function LiveTrail({ id }: { id: string }) {
  return <TrailView live={useLive<MemoryTrail>(`/memory/${encodeURIComponent(id)}`)} />;
}

export function TrailView({ live: { data, error, refresh } }: { live: Live<MemoryTrail> }) {
  if (!data && error) {
    return (
      <p className="bad">
        {error.message}{" "}
        <button type="button" className="link" onClick={refresh}>
          Try again
        </button>
      </p>
    );
  }
  if (!data) return <p className="note">Loading its history …</p>;
  const { memory, history, origins } = data;
  return (
    <>
      <p className="note">{originOf(memory)}</p>
      <ol className="tasks">
        {history.map((value) => (
          <li key={value.id}>
            <span className="second">{value.id}</span> <span className="said">{value.value || value.text}</span>{" "}
            <span className="second">
              <When at={value.valid_from} clock="company" />
              {value.valid_to && (
                <>
                  {" until "}
                  <When at={value.valid_to} clock="company" />
                </>
              )}
              {value.status !== "active" && `, ${value.status}`}
            </span>
          </li>
        ))}
      </ol>
      {origins.length > 0 && (
        <>
          <p className="note">Concluded from</p>
          <ul className="tasks">
            {origins.map((origin) => (
              <li key={origin.id}>
                <span className="second">{origin.id}</span> <span className="said">{origin.text}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

const originOf = ({ run, thread, sources, persona_version: version, use_count: used }: Memory): string =>
  [
    run ? `learned in ${run}${thread ? ` (${thread})` : ""}` : "not learned in a run",
    ...(version ? [`by persona ${version.slice(0, 12)}`] : []),
    ...(sources.length ? [`words from ${sources.join(", ")}`] : []),
    ...(used ? [`remembered again ${counted(used, "time")}`] : []),
  ].join(", ");
