// The line above everything: which company, with what money and mind, how the connection is, what waits.

import { useNow } from "../terminal/useNow";
import { dollars } from "../terminal/words";
import { useConnection, useLive, type Connection } from "../wire/live";
import type { MemoryState, Status } from "../wire/types";
import { changesStatus } from "./concern";
import { Settings } from "./Settings";
import { Threads } from "./Threads";

export function Header({ toApprovals }: { toApprovals(): void }) {
  const { data: status } = useLive<Status>("/status", { on: changesStatus, every: 30_000 });
  return (
    <header className="top">
      <h1>{status?.company ?? "The AI company"}</h1>
      <Threads />
      <div className="pills">
        {status && <Pills status={status} toApprovals={toApprovals} />}
        <ConnectionPill connection={useConnection()} />
      </div>
      <Settings />
    </header>
  );
}

function Pills({ status, toApprovals }: { status: Status; toApprovals(): void }) {
  const { costs, counts } = status;
  const waiting = counts.approvals_open;
  return (
    <>
      {status.stopped && (
        <span className="pill bad" title={status.stopped}>
          stopped
        </span>
      )}
      <span className={`pill ${status.mode === "live" ? "bad" : "good"}`} title="What orders are placed with">
        {status.mode}
      </span>
      <span className="pill" title="What thinks">
        {status.mind}
      </span>
      <span className="pill" title="Spent on models today, and the most that may be">
        {dollars(costs.usd_today)} <span className="dim limit">of {dollars(costs.usd_day_limit)}</span>
      </span>
      <MemoryPill memory={status.memory} />
      {waiting > 0 && (
        <button type="button" className="pill warn" onClick={toApprovals}>
          {waiting} {waiting === 1 ? "approval waits" : "approvals wait"}
        </button>
      )}
    </>
  );
}

/** Says what keeps the roles from remembering as well as they could; nothing when nothing does. */
function MemoryPill({ memory }: { memory: MemoryState }) {
  const { state, items, unembedded, degraded } = memory;
  if (unembedded > 0 && items > 0) {
    const done = Math.floor((100 * Math.max(0, items - unembedded)) / items);
    return (
      <span className="pill warn" title={`The new embedder has read ${items - unembedded} of ${items} memories; until then only shared words are found in the rest.`}>
        memory: embedding {done} %
      </span>
    );
  }
  if (!state.startsWith("degraded")) return null;
  return (
    <span className="pill warn" title={degraded}>
      memory {state}
    </span>
  );
}

function ConnectionPill({ connection }: { connection: Connection }) {
  const { state, since } = connection;
  const seconds = Math.round((useNow(state === "stalled" ? 1_000 : 0) - since) / 1_000);
  const words = {
    connecting: "connecting…",
    live: "live",
    reconnecting: "reconnecting…",
    stalled: `stalled ${20 + Math.max(0, seconds)} s`,
    offline: "offline",
    farewell: "the server restarts…",
    "logged-out": "logged out",
  }[state];
  const tone = state === "live" ? "good" : state === "connecting" ? "" : "warn";
  return (
    <span className={`pill connection ${tone}`} role="status" data-state={state}>
      <span className="dot" aria-hidden="true" />
      {words}
    </span>
  );
}
