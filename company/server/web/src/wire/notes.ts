// What a company event is in one line, and how loud it is.

import type { Json } from "./types";

export type Tone = "plain" | "good" | "bad" | "warn" | "quiet";

export interface Note {
  seq: number;
  /** Who it happened to: `ceo/trading`, `person`. */
  agent: string;
  tone: Tone;
  text: string;
  /** Said in the run itself, not only inside the lane. */
  loud: boolean;
}

type Value = { [name: string]: Json };
type Line = [Tone, string, loud: boolean] | null;

const LINES: { [name: string]: (value: Value) => Line } = {
  "trade.filled": (v) => ["good", `${deal(v)} filled, fee ${word(v.fee)}, order ${word(v.orderId)}`, true],
  // An order that fills at once is told by its trade.
  "order.placed": (v) => (v.status === "closed" ? null : ["plain", `${deal(v)} ${word(v.status)}, order ${word(v.orderId)}`, true]),
  "order.abandoned": (v) => ["warn", `the order to ${word(v.side)} ${word(v.quantity)} ${word(v.symbol)} on ${word(v.venue)} is closed, says ${word(v.by)}: ${word(v.reason)}`, true],
  "order.cancelled": (v) => ["plain", `order ${word(v.orderId)} cancelled`, true],
  "alert.raised": (v) => [severe(v) ? "bad" : "warn", alert(v), severe(v)],
  "source.blocked": (v) => ["warn", `blocked ${word(v.address)}: ${word(v.reason)}`, true],
  "post.published": (v) => ["good", `published ${word(v.draftId)} on ${word(v.channel)}`, true],
  "post.scheduled": (v) => ["plain", `scheduled ${word(v.draftId)} for ${word(v.publishAt)}`, true],
  "breaker.tripped": (v) => ["bad", `${word(v.role)} is held: ${word(v.reason)}`, true],
  "breaker.cleared": (v) => ["plain", `${word(v.role)} may go on, says ${word(v.by)}: ${word(v.reason)}`, true],
  "budget.tripped": (v) => ["bad", `budget: ${word(v.reason)}`, true],
  "model.fallback": (v) => ["warn", `${word(v.model)} could not be used, ${word(v.next)} is asked: ${word(v.reason)}`, true],
  "model.retried": (v) => ["quiet", `${word(v.model)} is asked again: ${word(v.reason)}`, false],
  "context.compacted": (v) => ["quiet", `too long for ${word(v.model)}: cut from ${word(v.before)} to ${word(v.after)} tokens`, false],
  "desk.reconciled": (v) => ["warn", reconciled(v), true],
  "effect.reconciled": (v) => ["plain", `looked up ${word(v.tool)}: ${v.found ? "it had happened" : "nothing had happened"}`, true],
  "effect.settled": (v) => ["plain", `${word(v.tool)} is ${word(v.state)}, says ${word(v.by)}: ${word(v.reason)}`, true],
  "ensemble.weights": (v) => ["quiet", `closed trades moved what the temperaments count: ${weights(v)}`, false],
  "live.enabled": (v) => ["bad", `${word(v.by)} enabled live trading on ${word(v.venue)}: orders there are real money now`, true],
  "live.disabled": (v) => ["plain", `${word(v.by)} disabled live trading on ${word(v.venue)}: ${word(v.reason)}`, true],
  "live.sent": (v) => ["warn", `to ${word(v.venue)} with real money: ${word(v.what)}`, true],
  "mandate.added": (v) => ["warn", `mandate ${word(v.mandate)} given by ${word(v.by)}`, true],
  "mandate.restored": (v) => ["warn", `mandate ${word(v.mandate)} restored by ${word(v.by)}: ${word(v.reason)}`, true],
  "mandate.revoked": (v) => ["plain", `mandate ${word(v.mandate)} revoked by ${word(v.by)}: ${word(v.reason)}`, true],
  "journal.erased": (v) => ["warn", `${word(v.by)} had words taken out of ${listed(v.rows).length} events (${word(v.erasure)}): ${word(v.reason)}`, true],
  "memory.decided": (v) => ["plain", `${word(v.by)} ${v.accepted ? "accepted" : "refused"} memory ${word(v.memory)}`, true],
  "memory.forgotten": (v) => ["warn", `${word(v.by)} had ${word(v.memories)} memories forgotten (${word(v.erasure)}): ${word(v.reason)}`, true],
  "memory.imported": (v) => ["plain", `${word(v.by)} brought in ${word(v.added)} memories, ${word(v.proposed)} of them proposed; ${word(v.known)} were known, ${word(v.covered)} are to stay forgotten`, true],
  "memory.retained": (v) => ["plain", `${word(v.by)} had old memories put away: ${word(v.archived)} archived, ${word(v.removed)} removed`, true],
  "memory.rolled_back": (v) => ["warn", `${word(v.by)} put the memory of ${v.role ? word(v.role) : "all roles"} back to ${word(v.to)} (${word(v.rollback)})`, true],
  "memory.shared": (v) => ["plain", `${word(v.by)} gave memory ${word(v.memory)} to all roles, as ${word(v.shared)}`, true],
  "persona.changed": (v) => ["warn", `${word(v.role)} has persona ${word(v.after).slice(0, 12)} from its next turn on (${word(v.how)}), says ${word(v.author)}: ${word(v.reason)}`, true],
  "persona.decided": (v) => ["plain", `persona ${word(v.proposal)} of ${word(v.role)} ${word(v.state)} by ${word(v.by)}${v.note ? `: ${word(v.note)}` : ""}`, true],
  "persona.experiment": (v) => ["warn", `experiment ${word(v.experiment)} with ${word(v.role)} ${word(v.state).replace("_", " ")}, says ${word(v.by)}: ${word(v.reason)}`, true],
  "persona.proposed": (v) => ["warn", `${word(v.by)} proposes another persona for ${word(v.role)}, ${word(v.proposal)}: ${word(v.reason)}`, true],
  "tool.changed": (v) => ["warn", `${word(v.tool)} is not called any more: ${word(v.change)}; look at it again: company plugins confirm ${word(v.server)}`, true],
  "tool.denied": (v) => ["bad", `${word(v.tool)} was stopped: it does not declare the ${word(v.capability)} ${word(v.what)}`, true],
  "tool.failed": (v) => ["bad", `${word(v.tool)} ${word(v.fault)}: ${word(v.error)}`, true],
  "company.idle": (v) => ["quiet", `asleep since ${word(v.since).slice(0, 16).replace("T", " ")}: ${word(v.reason)}`, true],
  "roles.woken": (v) => ["plain", called(v.roles), true],
  "risk.clamped": (v) => [v.approved ? "quiet" : "warn", `risk ${v.approved ? "cut" : "refused"} ${word(v.side)} ${word(v.symbol)}: ${word(v.rule)}, ${word(v.value)} against ${word(v.limit)}`, !v.approved],
  "risk.paused": (v) => ["warn", `nothing of ${word(v.symbol)} is bought any more, says ${word(v.by)}: ${word(v.reason)}`, true],
  "risk.rearmed": (v) => ["warn", `the desk is armed again at an equity of ${word(v.equity)}, says ${word(v.by)}: ${word(v.reason)}`, true],
  "risk.resumed": (v) => ["plain", `${word(v.symbol)} may be bought again, says ${word(v.by)}: ${word(v.reason)}`, true],
  "run.resumed": (v) => ["plain", v.reason === undefined ? "resumed where it was left" : `the company goes on: ${word(v.reason)}`, true],
  "company.stopped": (v) => [listed(v.failures).length ? "bad" : "warn", ended(v), true],
  "run.stopped": (v) => ["bad", `the company was stopped: ${word(v.reason)}`, true],
};

/** Names of events that become a line. */
export const NOTED: ReadonlySet<string> = new Set(Object.keys(LINES));

/** The line of an event, or null if there is nothing to say. */
export function noteOf(name: string, value: Value, agent: string, seq: number): Note | null {
  const line = LINES[name]?.(value);
  return line ? { seq, agent, tone: line[0], text: line[1], loud: line[2] } : null;
}

const word = (value: Json | undefined): string => (typeof value === "string" ? value : JSON.stringify(value ?? "?"));

const weights = (v: Value): string =>
  Object.entries((v.after ?? {}) as { [name: string]: Json })
    .map(([name, weight]) => `${name} ${word(weight)}`)
    .join(", ");

const listed = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

const ended = (v: Value): string =>
  `the stop ended ${listed(v.runs).length} runs, ${listed(v.orders).length} orders and ${listed(v.processes).length} processes` +
  (listed(v.failures).length ? `; not done: ${listed(v.failures).map(word).join("; ")}` : "");

const reconciled = (v: Value): string => {
  const counts: [string, Json | undefined][] = [
    ["orders of unknown outcome", v.doubtful],
    ["open orders that are not ours", v.foreign],
    ["balances that no trade explains", v.differences],
    ["failures", v.failures],
  ];
  const named = counts.filter(([, found]) => listed(found).length).map(([name, found]) => `${name}: ${listed(found).length}`);
  return named.length ? `books and venues do not agree: ${named.join(", ")}` : "books and venues agree again";
};

const called = (roles: Json | undefined): string =>
  Object.entries((roles ?? {}) as Value)
    .map(([role, why]) => `${role} woken: ${listed(why).map(word).join("; ")}`)
    .join(" · ");

const deal = (v: Value): string => `${word(v.side).toUpperCase()} ${word(v.quantity)} ${word(v.symbol)} @ ${word(v.price)} on ${word(v.venue)}`;

const severe = (v: Value): boolean => v.severity === "high" || v.severity === "critical";

const alert = (v: Value): string =>
  `${word(v.severity)} alert ${word(v.alertId)}: ${word(v.kind).replaceAll("_", " ")} from ${word(v.source)}, ${word(v.count)} requests`;
