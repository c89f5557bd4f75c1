// Which events make which panel ask again. Ages and prices change without an event, so each also asks now and then.

import type { When } from "../wire/live";
import type { Event } from "../wire/types";

/** AG-UI types, and names of the company's own events. */
const named = (...names: string[]) => {
  const known = new Set(names);
  return (event: Event) => known.has(event.type) || (event.type === "CUSTOM" && known.has(String(event["name"])));
};

const DECIDED = ["approval.asked", "approval.decided", "approval.escalated", "approval.voted", "RUN_FINISHED", "RUN_ERROR"];

const REMEMBERED = ["kept", "decided", "forgotten", "imported", "retained", "rolled_back", "shared"].map((name) => `memory.${name}`);

export const concerning = {
  money: { on: named("trade.filled", "world.clock", "RUN_FINISHED"), every: 30_000 },
  market: { on: named("trade.filled", "world.clock", "RUN_FINISHED"), every: 30_000 },
  orders: { on: named("order.placed", "order.cancelled", "trade.filled", "effect.reconciled"), every: 60_000 },
  costs: { on: named("cost"), every: 60_000 },
  approvals: { on: named(...DECIDED), every: 60_000 },
  agents: { on: named("SUBAGENT_STARTED", "SUBAGENT_FINISHED", "report", "cost", "RUN_STARTED", "breaker.tripped", "breaker.cleared", ...DECIDED), every: 30_000 },
  news: { on: named("world.clock", "RUN_FINISHED"), every: 60_000 },
  memory: { on: named(...REMEMBERED, "RUN_FINISHED"), every: 60_000 },
  threats: { on: named("alert.raised", "source.blocked"), every: 60_000 },
} satisfies Record<string, When>;
