// @vitest-environment node
import { expect, test } from "vitest";

import { EMPTY, type Entry, type Log, type RunLog } from "../../src/wire/log";
import { newest, prepend, reduce } from "../../src/wire/reduce";
import { Writer } from "./journal";

const cycle = () =>
  new Writer("R1", "")
    .begin()
    .plan("trading", "content")
    .calls("trading", "t1", "place_order", { symbol: "BTC/USDT" })
    .custom("trade.filled", { side: "buy", quantity: "0.05", symbol: "BTC/USDT", price: "65000", venue: "paper-a", fee: "3", orderId: "O1" }, "ceo/trading")
    .gets("trading", "t1", { status: "ok", value: { order_id: "O1" }, receipt: "abc" })
    .reports("trading", "ok", "1 order.")
    .asksFor("A1", "publish_post", { draft_id: "D1" })
    .reports("content", "waiting", "A draft waits.")
    .says("Cycle 1 is done.")
    .finishes("interrupt", { waiting: ["A1"] });

const only = (log: Log): RunLog => log.runs[0] as RunLog;
const kinds = (run: RunLog): string[] => run.entries.map((entry) => entry.kind);
const words = (run: RunLog): string[] => run.entries.flatMap((entry: Entry) => (entry.kind === "message" ? [entry.text] : []));

test("a cycle becomes plan, lanes, notes, approval and answer in the order they happened", () => {
  const run = only(reduce(EMPTY, cycle().events));
  expect(kinds(run)).toEqual(["plan", "lane", "lane", "note", "approval", "message"]);
  expect(run).toMatchObject({ state: "waiting", now: "2026-01-31T00:00:00+00:00", cost: { usd: 0.5, tokens: 1234 } });
});

test("a lane holds its calls with arguments, verdict and result", () => {
  const { lanes } = only(reduce(EMPTY, cycle().events));
  expect(lanes["ceo/trading"]).toMatchObject({ role: "trading", task: "do trading", state: "ok", summary: "1 order." });
  expect(lanes["ceo/trading"]?.items[0]).toMatchObject({
    tool: "place_order",
    arguments: '{"symbol":"BTC/USDT"}',
    verdict: { decision: "allow", rule: "effect.read" },
    result: { status: "ok", receipt: "abc" },
  });
  expect(lanes["ceo/content"]?.state).toBe("waiting");
});

test("a second assignment of a role has a lane of its own", () => {
  const events = new Writer().begin().plan("trading").add("SUBAGENT_STARTED", { name: "trading", description: "again" }, "ceo/trading~2").events;
  const { lanes } = only(reduce(EMPTY, events));
  expect(Object.keys(lanes)).toEqual(["ceo/trading", "ceo/trading~2"]);
  expect(lanes["ceo/trading~2"]).toMatchObject({ role: "trading", task: "again" });
});

test("events that were taken already change nothing, not even the object", () => {
  const { events } = cycle();
  const log = reduce(EMPTY, events);
  expect(reduce(log, events)).toBe(log);
});

test("any cut of the events into batches gives the same log", () => {
  const { events } = cycle();
  const whole = reduce(EMPTY, events);
  for (let cut = 0; cut <= events.length; cut += 1) {
    expect(reduce(reduce(EMPTY, events.slice(0, cut)), events.slice(Math.max(0, cut - 3)))).toEqual(whole);
  }
});

test("runs that an event does not concern stay the same object", () => {
  const first = reduce(EMPTY, cycle().events);
  const second = reduce(first, new Writer("R2", "main", first.known).begin().asks("hello").events);
  expect(second.runs[0]).toBe(first.runs[0]);
  expect(second.runs[1]?.thread).toBe("main");
});

test("words that were withdrawn are gone, the next try stays", () => {
  const writer = new Writer().begin().says("I will", "R1/ceo/plan/1.1").custom("message.withdrawn", { messageId: "R1/ceo/plan/1.1", reason: "no plan" });
  const run = only(reduce(EMPTY, writer.says("Done.", "R1/ceo/plan/1.2").events));
  expect(words(run)).toEqual(["Done."]);
});

test("a crash loses half a message, and the second attempt says it once", () => {
  const writer = new Writer().begin();
  writer.add("TEXT_MESSAGE_START", { messageId: "R1/ceo/answer1/1.1", role: "assistant" });
  writer.add("TEXT_MESSAGE_CONTENT", { messageId: "R1/ceo/answer1/1.1", delta: "All is w" });
  const cut = only(reduce(EMPTY, writer.events));
  expect(cut.entries.at(-1)).toMatchObject({ open: true, text: "All is w" });
  writer.custom("run.resumed", { attempt: 2 }).says("All is well.", "R1/ceo/answer1/2.1").finishes();
  expect(words(only(reduce(EMPTY, writer.events)))).toEqual(["All is well."]);
});

test("a message that was complete before the crash is replaced by its second attempt", () => {
  const writer = new Writer().begin().says("All is well.", "R1/ceo/answer1/1.1").custom("run.resumed", { attempt: 2 });
  expect(words(only(reduce(EMPTY, writer.says("All is well!", "R1/ceo/answer1/2.1").events)))).toEqual(["All is well!"]);
});

test("a call repeated after a crash replaces the first one in its place", () => {
  const writer = new Writer().begin().plan("trading").calls("trading", "t1", "ticker", { symbol: "BTC/USDT" }).calls("trading", "t2", "positions", {});
  writer.custom("run.resumed", { attempt: 2 }).calls("trading", "t1", "ticker", { symbol: "BTC/USDT" }).gets("trading", "t1", { status: "ok" });
  const items = only(reduce(EMPTY, writer.events)).lanes["ceo/trading"]?.items ?? [];
  expect(items).toHaveLength(2);
  expect(items[0]).toMatchObject({ id: "t1", arguments: '{"symbol":"BTC/USDT"}', result: { status: "ok" } });
});

test("a decision changes the approval and sets the run to work", () => {
  const writer = cycle().custom("approval.decided", { approval: "A1", state: "approved", by: "ada", note: "fine" });
  const log = reduce(EMPTY, writer.events);
  expect(log.asked["A1"]).toMatchObject({ state: "approved", by: "ada", note: "fine", tool: "publish_post", role: "content" });
  expect(only(log).state).toBe("running");
  expect(only(reduce(log, writer.finishes().events)).state).toBe("done");
});

test("votes and escalation change the approval, and who voted decided", () => {
  const writer = cycle()
    .custom("approval.voted", { approval: "A1", by: "ada", votes: 1, needed: 2, note: "" })
    .custom("approval.escalated", { approval: "A1", to: ["grace"], waitsSince: "2026-01-31T12:00:00+00:00" });
  expect(reduce(EMPTY, writer.events).asked["A1"]).toMatchObject({ state: "open", votes: ["ada"], escalated: true, bundle: "A1", needed: 1 });
  expect(only(reduce(EMPTY, writer.events)).state).toBe("waiting");
  writer.custom("approval.voted", { approval: "A1", by: "ben", votes: 2, needed: 2, note: "" });
  writer.custom("approval.decided", { approval: "A1", state: "approved", by: "ben", note: "" });
  expect(reduce(EMPTY, writer.events).asked["A1"]).toMatchObject({ state: "approved", votes: ["ada", "ben"], by: "ada, ben" });
});

test.each([
  ["cancelled", "stopped"],
  ["success", "done"],
] as const)("a run that ends %s leaves nothing at work", (outcome, state) => {
  const events = new Writer().begin().plan("trading").finishes(outcome, { reason: "stopped by ada" }).events;
  const run = only(reduce(EMPTY, events));
  expect(run.state).toBe(state);
  expect(run.lanes["ceo/trading"]?.state).toBe(state === "stopped" ? "stopped" : "ok");
});

test("a failed run says why", () => {
  const run = only(reduce(EMPTY, new Writer().begin().add("RUN_ERROR", { message: "no such model", code: "UsageError" }).events));
  expect(run).toMatchObject({ state: "failed", error: "no such model" });
});

test("a degraded run keeps what stood in", () => {
  const run = only(reduce(EMPTY, new Writer().begin().finishes("success", { degraded: ["autopilot stood in"] }).events));
  expect(run).toMatchObject({ state: "degraded", degraded: ["autopilot stood in"] });
});

test("what is for debugging is not shown, but what it cost is counted", () => {
  const writer = new Writer().begin().plan("trading");
  writer.add("TEXT_MESSAGE_START", { messageId: "x", role: "assistant" }, "ceo/trading", "debug");
  writer.custom("cost", { inputTokens: 100, outputTokens: 20, usd: "0.25" }, "ceo/trading", "debug");
  const run = only(reduce(EMPTY, writer.events));
  expect(words(run)).toEqual([]);
  expect(run.lanes["ceo/trading"]?.cost).toEqual({ usd: 0.25, tokens: 120 });
  expect(run.cost.tokens).toBe(120);
});

test("a stop of the company stands between the runs", () => {
  const company = new Writer("", "", 500).custom("run.stopped", { reason: "by ada" }, "person");
  const log = reduce(reduce(EMPTY, cycle().events), company.custom("run.resumed", { reason: "by ada" }, "person").events);
  expect(log.runs.map((run) => run.id)).toEqual(["R1", "", ""]);
  expect(log.runs[1]?.entries[0]).toMatchObject({ kind: "note", tone: "bad" });
});

test("who was woken is said in the run, and that nobody is stands between the runs", () => {
  const roles = { trading: ["BTC/USDT moved +2.3 % since 12:00", "1 new letter"], security: ["xss in the web traffic"] };
  const run = only(reduce(EMPTY, new Writer().begin().custom("roles.woken", { roles }).events));
  const text = "trading woken: BTC/USDT moved +2.3 % since 12:00; 1 new letter · security woken: xss in the web traffic";
  expect(run.entries[0]).toMatchObject({ kind: "note", text });
  const idle = new Writer("", "", 500).custom("company.idle", { since: "2026-01-31T02:00:00+00:00", reason: "nothing new" });
  const log = reduce(reduce(EMPTY, cycle().events), idle.events);
  expect(log.runs[1]?.entries[0]).toMatchObject({ kind: "note", tone: "quiet", text: "asleep since 2026-01-31 02:00: nothing new" });
});

test("a fault of low severity stays in its lane, a severe one is said in the run", () => {
  const alert = (severity: string) => ({ alertId: "S1", kind: "xss", severity, source: "1.2.3.4", count: 3 });
  const writer = new Writer().begin().plan("security").custom("alert.raised", alert("low"), "ceo/security").custom("alert.raised", alert("critical"), "ceo/security");
  const run = only(reduce(EMPTY, writer.events));
  expect(run.entries.filter((entry) => entry.kind === "note")).toHaveLength(1);
  expect(run.lanes["ceo/security"]?.items).toHaveLength(2);
});

test("a result that is no JSON is shown as it is", () => {
  const writer = new Writer().begin().plan("trading").calls("trading", "t1", "ticker", {});
  writer.add("TOOL_CALL_RESULT", { toolCallId: "t1", content: "{half" }, "ceo/trading");
  expect(only(reduce(EMPTY, writer.events)).lanes["ceo/trading"]?.items[0]).toMatchObject({ result: { status: "ok", value: "{half" } });
});

test("older runs are put before the newer ones, whole", () => {
  const old = cycle();
  const late = old.events.length + 10;
  const log = reduce(EMPTY, new Writer("R2", "main", late).begin().asks("hello").events);
  const after = reduce(log, new Writer("R1", "", late + 50).custom("approval.decided", { approval: "A1", state: "rejected", by: "ada", note: "" }).events);
  const both = prepend(after, old.events);
  expect(both.runs.map((run) => run.id)).toEqual(["R1", "R2"]);
  expect(both.known).toBe(after.known);
});

test("only the newest runs are kept when asked", () => {
  const log = reduce(reduce(EMPTY, cycle().events), new Writer("R2", "main", 500).begin().events);
  expect(newest(log, 1).runs.map((run) => run.id)).toEqual(["R2"]);
  expect(newest(log, 2)).toBe(log);
});

test("40,000 characters in 5,000 deltas are taken in far less than a second", () => {
  const writer = new Writer().begin();
  writer.add("TEXT_MESSAGE_START", { messageId: "m", role: "assistant" });
  for (let count = 0; count < 5_000; count += 1) writer.add("TEXT_MESSAGE_CONTENT", { messageId: "m", delta: "words 12" });
  const began = performance.now();
  const run = only(reduce(EMPTY, writer.events));
  expect(performance.now() - began).toBeLessThan(500);
  expect(words(run)[0]).toHaveLength(40_000);
});

test.each([
  ["order.abandoned", { venue: "paper-a", symbol: "BTC/USDT", side: "buy", quantity: "0.05", clientOrderId: "c1", by: "ada", reason: "nobody knows" }, "the order to buy 0.05 BTC/USDT on paper-a is closed, says ada: nobody knows"],
  ["persona.changed", { role: "ceo", before: "a".repeat(64), after: "b".repeat(64), author: "ada", reason: "too shy", how: "set" }, `ceo has persona ${"b".repeat(12)} from its next turn on (set), says ada: too shy`],
  ["persona.experiment", { experiment: "E1", role: "ceo", state: "rolled_back", base: "a", candidate: "b", by: "guardrail", reason: "a probe failed" }, "experiment E1 with ceo rolled back, says guardrail: a probe failed"],
  ["persona.decided", { proposal: "P1", role: "ceo", state: "rejected", by: "ada", note: "" }, "persona P1 of ceo rejected by ada"],
  ["memory.forgotten", { erasure: "F1", by: "ada", reason: "asked for", memories: 3 }, "ada had 3 memories forgotten (F1): asked for"],
  ["memory.decided", { memory: "m7", accepted: false, by: "ada" }, "ada refused memory m7"],
  ["memory.rolled_back", { rollback: "B1", to: "2026-03-02T09:00:00+00:00", role: "", by: "ada" }, "ada put the memory of all roles back to 2026-03-02T09:00:00+00:00 (B1)"],
])("%s is a line of the company", (name, value, line) => {
  const { runs } = reduce(EMPTY, new Writer("", "").custom(name, value, "person").events);
  expect(runs[0]?.entries).toMatchObject([{ kind: "note", text: line, loud: true }]);
});
