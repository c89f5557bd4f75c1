// Events become the log. A pure function: the same events in the same order always make the same log, and whatever is
// not touched by an event stays the same object, so that it is not drawn again.

import { EMPTY, FREE, nameOf, roleOf } from "./log";
import type { Asked, Call, Cost, Entry, Lane, LaneState, Log, Result, RunLog, RunState, Said, Thumb } from "./log";
import { NOTED, noteOf } from "./notes";
import type { Event, Json, Time } from "./types";

type Fields = { [name: string]: Json };
type Take = (run: RunLog, event: Event) => RunLog;

/** Take events in the journal's order; those already taken change nothing. */
export function reduce(log: Log, events: readonly Event[]): Log {
  return events.reduce(take, log);
}

/** Put older runs, loaded later, before the ones at hand. */
export function prepend(log: Log, events: readonly Event[]): Log {
  const older = reduce(EMPTY, events);
  const whole = new Set(older.runs.filter((run) => run.id).map((run) => run.id));
  const runs = [...older.runs, ...log.runs.filter((run) => !whole.has(run.id))];
  return { known: log.known, runs, asked: { ...older.asked, ...log.asked }, feedback: { ...older.feedback, ...log.feedback } };
}

/** Forget all but the newest `count` runs. */
export function newest(log: Log, count: number): Log {
  return log.runs.length > count ? { ...log, runs: log.runs.slice(-count) } : log;
}

function take(log: Log, event: Event): Log {
  const { seq } = event.metadata;
  if (seq <= log.known) return log;
  const next = { ...log, known: seq, feedback: feedbackAfter(log.feedback, event) };
  const act = actOf(event);
  if (!act) return next;
  const place = event.metadata.runId ? log.runs.findLastIndex((run) => run.id === event.metadata.runId) : -1;
  const before = log.runs[place] ?? begin(event);
  const after = act(before, event);
  if (after !== before) next.runs = place < 0 ? [...log.runs, after] : log.runs.with(place, after);
  next.asked = askedAfter(log.asked, event);
  return next;
}

function actOf(event: Event): Take | undefined {
  if (event.type === "CUSTOM") {
    const name = String(event.name);
    if (name === "cost") return cost;
    if (event.metadata.visibility === "debug") return undefined;
    return CUSTOM[name] ?? (NOTED.has(name) ? note : undefined);
  }
  return event.metadata.visibility === "debug" ? undefined : TYPES[event.type];
}

function begin({ metadata }: Event): RunLog {
  const { runId: id, threadId: thread, seq, at: begun } = metadata;
  const state: RunState = id ? "running" : "done";
  return { id, thread, seq, begun, now: "", state, entries: [], lanes: {}, cost: FREE, ended: null, error: "", degraded: [] };
}

const TYPES: { [type: string]: Take } = {
  RUN_STARTED: (run) => ({ ...run, state: "running" }),
  RUN_FINISHED: finish,
  RUN_ERROR: (run, event) => close({ ...run, error: text(event.message) }, "failed", event),
  ACTIVITY_SNAPSHOT: plan,
  SUBAGENT_STARTED: startLane,
  SUBAGENT_FINISHED: (run, event) => inLane(run, event, (lane) => endLane(lane, event.metadata.at, "ok")),
  TEXT_MESSAGE_START: startMessage,
  TEXT_MESSAGE_CONTENT: (run, event) => inMessage(run, event, (said) => ({ ...said, text: said.text + text(event.delta) })),
  TEXT_MESSAGE_END: (run, event) => inMessage(run, event, (said) => ({ ...said, open: false })),
  TOOL_CALL_START: startCall,
  TOOL_CALL_ARGS: (run, event) => inCall(run, event, (call) => ({ ...call, arguments: call.arguments + text(event.delta) })),
  TOOL_CALL_RESULT: (run, event) => inCall(run, event, (call) => ({ ...call, result: resultOf(event), ended: event.metadata.at })),
};

const CUSTOM: { [name: string]: Take } = {
  "world.clock": (run, event) => ({ ...run, now: text(fields(event.value).now) }),
  "message.withdrawn": (run, event) => without(run, text(fields(event.value).messageId)),
  "approval.asked": ask,
  "approval.decided": (run) => (run.state === "waiting" ? { ...run, state: "running", ended: null } : run),
  "approval.escalated": (run) => run,
  "approval.voted": (run) => run,
  "run.resumed": (run, event) => note(resume(run), event),
  report,
  verdict,
};

function finish(run: RunLog, event: Event): RunLog {
  const result = fields(event.result);
  const outcome = text(fields(event.outcome).type);
  if (outcome === "cancelled") return close({ ...run, error: text(result.reason) }, "stopped", event);
  const degraded = strings(result.degraded);
  const cost = { usd: Number(result.usd ?? 0), tokens: Number(result.tokens ?? 0) };
  const state = outcome === "interrupt" ? "waiting" : degraded.length ? "degraded" : "done";
  return close({ ...run, degraded, cost }, state, event);
}

function close(run: RunLog, state: RunState, event: Event): RunLog {
  const left: LaneState = state === "failed" || state === "stopped" ? state : "ok";
  const lanes = Object.entries(run.lanes).map(([path, lane]) => [path, endLane(lane, event.metadata.at, left)]);
  const entries = run.entries.map((entry) => (entry.kind === "message" && entry.open ? { ...entry, open: false } : entry));
  return { ...run, state, ended: event.metadata.at, entries, lanes: Object.fromEntries(lanes) };
}

/** Words that a crash cut off are said again under another id. */
function resume(run: RunLog): RunLog {
  const entries = run.entries.filter((entry) => !(entry.kind === "message" && entry.open));
  return run.id ? { ...run, state: "running", ended: null, entries } : run;
}

function plan(run: RunLog, event: Event): RunLog {
  if (event.activityType !== "PLAN") return run;
  const steps = list(fields(event.content).steps).map(fields).map((step) => ({
    path: text(step.path),
    role: text(step.role),
    task: text(step.task),
    expects: text(step.expects),
  }));
  return put(run, { kind: "plan", id: text(event.messageId), steps });
}

function startLane(run: RunLog, event: Event): RunLog {
  const path = event.metadata.agent;
  const started = { ...laneOf(run, event), role: text(event.name), task: text(event.description), state: "working" as const };
  return put(withLane(run, { ...started, ended: null }), { kind: "lane", path });
}

function report(run: RunLog, event: Event): RunLog {
  const value = fields(event.value);
  const state = text(value.status) as LaneState;
  return inLane(run, event, (lane) => ({
    ...endLane(lane, event.metadata.at, state),
    state,
    summary: text(value.summary),
    tainted: value.tainted === true,
    unproven: strings(value.unproven),
    failures: strings(value.failures),
    notices: strings(value.notices),
  }));
}

function endLane(lane: Lane, at: Time, state: LaneState): Lane {
  return lane.state === "working" ? { ...lane, state, ended: at } : lane;
}

function startMessage(run: RunLog, event: Event): RunLog {
  const id = text(event.messageId);
  const from = event.role === "user" ? "person" : "ceo";
  const { at, seq } = event.metadata;
  const repeated = (entry: Entry) => entry.kind === "message" && entry.id !== id && sameStep(entry.id, id);
  const entries = from === "ceo" ? run.entries.filter((entry) => !repeated(entry)) : run.entries;
  return put({ ...run, entries }, { kind: "message", id, from, text: "", open: true, at, seq });
}

/** `R4/ceo/answer1/2.1` is what attempt 2 says in the step in which attempt 1 said `R4/ceo/answer1/1.1`. */
function sameStep(one: string, other: string): boolean {
  const [step, attempt] = attemptOf(one);
  const [otherStep, otherAttempt] = attemptOf(other);
  return step === otherStep && attempt !== otherAttempt;
}

function attemptOf(id: string): [step: string, attempt: number] {
  const slash = id.lastIndexOf("/");
  return [id.slice(0, slash), Number.parseInt(id.slice(slash + 1), 10)];
}

function inMessage(run: RunLog, event: Event, change: (said: Said) => Said): RunLog {
  const place = run.entries.findLastIndex((entry) => entry.kind === "message" && entry.id === event.messageId);
  const entry = run.entries[place];
  if (entry?.kind !== "message") return run;
  return { ...run, entries: run.entries.with(place, { kind: "message", ...change(entry) }) };
}

function without(run: RunLog, id: string): RunLog {
  return { ...run, entries: run.entries.filter((entry) => !(entry.kind === "message" && entry.id === id)) };
}

function startCall(run: RunLog, event: Event): RunLog {
  const call: Call = {
    id: text(event.toolCallId),
    tool: text(event.toolCallName),
    arguments: "",
    begun: event.metadata.at,
    ended: null,
    verdict: null,
    result: null,
  };
  return inLane(run, event, (lane) => {
    const place = lane.items.findLastIndex((item) => item.kind === "call" && item.id === call.id);
    const item = { kind: "call" as const, ...call };
    return { ...lane, items: place < 0 ? [...lane.items, item] : lane.items.with(place, item) };
  });
}

function verdict(run: RunLog, event: Event): RunLog {
  const { toolCallId, decision, rule, reason, mandate, sources } = fields(event.value);
  const given = { decision: text(decision), rule: text(rule), reason: text(reason), mandate: text(mandate), sources: strings(sources) };
  return inCall(run, event, (call) => ({ ...call, verdict: given }), toolCallId);
}

function inCall(run: RunLog, event: Event, change: (call: Call) => Call, id = event.toolCallId): RunLog {
  return inLane(run, event, (lane) => {
    const place = lane.items.findLastIndex((item) => item.kind === "call" && item.id === id);
    const item = lane.items[place];
    if (item?.kind !== "call") return lane;
    return { ...lane, items: lane.items.with(place, { kind: "call", ...change(item) }) };
  });
}

function resultOf(event: Event): Result {
  try {
    return JSON.parse(text(event.content)) as Result;
  } catch {
    return { status: "ok", value: text(event.content) };
  }
}

function note(run: RunLog, event: Event): RunLog {
  const { agent, seq } = event.metadata;
  const made = noteOf(text(event.name), fields(event.value), agent, seq);
  if (!made) return run;
  const kept = run.lanes[agent] ? inLane(run, event, (lane) => ({ ...lane, items: [...lane.items, { kind: "note", ...made }] })) : run;
  return made.loud || kept === run ? put(kept, { kind: "note", ...made }) : kept;
}

function ask(run: RunLog, event: Event): RunLog {
  return put(run, { kind: "approval", id: text(fields(event.value).approval) });
}

/** An opinion counts until its person gives another one or takes it back. */
function feedbackAfter(feedback: Log["feedback"], event: Event): Log["feedback"] {
  if (event.type !== "CUSTOM" || event.name !== "feedback.given") return feedback;
  const { run, by, verdict, note: words } = fields(event.value);
  const { [text(by)]: _, ...others } = feedback[text(run)] ?? {};
  const given: { [person: string]: Thumb } = verdict === "up" || verdict === "down" ? { [text(by)]: { value: verdict, note: text(words) } } : {};
  return { ...feedback, [text(run)]: { ...others, ...given } };
}

function askedAfter(asked: Log["asked"], event: Event): Log["asked"] {
  if (event.type !== "CUSTOM") return asked;
  const value = fields(event.value);
  const id = text(value.approval);
  const known = asked[id];
  if (event.name === "approval.asked" && known?.state !== "approved") return { ...asked, [id]: askedOf(event, value, id) };
  const change = known && CHANGES[String(event.name)];
  return change ? { ...asked, [id]: { ...known, ...change(value, known) } } : asked;
}

/** What became of a question. Where several people had to say yes, all of them decided. */
const CHANGES: { [name: string]: (value: Fields, known: Asked) => Partial<Asked> } = {
  "approval.decided": ({ state, by, note }, { votes }) => ({
    state: text(state),
    by: text(state) === "approved" && votes.length ? votes.join(", ") : text(by),
    note: text(note),
  }),
  "approval.voted": ({ by }, { votes }) => ({ votes: [...new Set([...votes, text(by)])] }),
  "approval.escalated": () => ({ escalated: true }),
};

function askedOf({ metadata }: Event, value: Fields, id: string): Asked {
  return {
    id,
    run: metadata.runId,
    role: roleOf(metadata.agent),
    tool: text(value.tool),
    arguments: fields(value.arguments),
    rule: text(value.rule),
    reason: text(value.reason),
    sources: strings(value.sources),
    expiresAt: text(value.expiresAt),
    state: "open",
    by: "",
    note: "",
    bundle: text(value.bundle) || id,
    repeats: text(value.repeats),
    needed: Number(value.needed ?? 1),
    votes: [],
    escalated: false,
  };
}

function cost(run: RunLog, event: Event): RunLog {
  const value = fields(event.value);
  const tokens = Number(value.inputTokens) + Number(value.outputTokens);
  const add = (sum: Cost): Cost => ({ usd: sum.usd + Number(value.usd), tokens: sum.tokens + tokens });
  const counted = { ...run, cost: add(run.cost) };
  return counted.lanes[event.metadata.agent] ? inLane(counted, event, (lane) => ({ ...lane, cost: add(lane.cost) })) : counted;
}

function inLane(run: RunLog, event: Event, change: (lane: Lane) => Lane): RunLog {
  const path = event.metadata.agent;
  const known = run.lanes[path] !== undefined;
  const changed = withLane(run, change(laneOf(run, event)));
  return known ? changed : put(changed, { kind: "lane", path });
}

function laneOf(run: RunLog, event: Event): Lane {
  const { agent: path, at: begun } = event.metadata;
  const fresh: Lane = {
    path,
    role: roleOf(path),
    task: "",
    state: "working",
    begun,
    ended: null,
    items: [],
    summary: "",
    tainted: false,
    unproven: [],
    failures: [],
    notices: [],
    cost: FREE,
  };
  return run.lanes[path] ?? fresh;
}

const withLane = (run: RunLog, lane: Lane): RunLog => ({ ...run, lanes: { ...run.lanes, [lane.path]: lane } });

/** Add an entry, or replace the one it repeats. */
function put(run: RunLog, entry: Entry): RunLog {
  const place = run.entries.findLastIndex((known) => nameOf(known) === nameOf(entry));
  return { ...run, entries: place < 0 ? [...run.entries, entry] : run.entries.with(place, entry) };
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const strings = (value: Json | undefined): string[] => list(value).map(text);

function fields(value: Json | undefined): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}
