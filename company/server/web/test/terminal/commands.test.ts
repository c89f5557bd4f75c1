import { beforeEach, expect, test } from "vitest";

import { matching, parse } from "../../src/terminal/commands/command";
import { COMMANDS } from "../../src/terminal/commands/commands";
import { locals, perform } from "../../src/terminal/locals";
import { serve } from "./screen";

const PLACE = { thread: "main", running: "" };

beforeEach(() => locals.set([]));

async function printed(command: string, place = PLACE): Promise<string> {
  await perform(command, place, 7);
  return JSON.stringify(locals.get().at(-1)?.printed);
}

test.each([
  ["/why A1", { name: "why", rest: "A1" }],
  ["  /RUN ", { name: "run", rest: "" }],
  ["/approve A1 fine\nby me", { name: "approve", rest: "A1 fine\nby me" }],
  ["how /why", null],
  ["/ x", null],
])("%j is read as a command", (text, command) => expect(parse(text)).toEqual(command));

test("what begins with the word comes before what holds it", () => {
  expect(matching(COMMANDS, "/co").map(({ name }) => name).slice(0, 1)).toEqual(["cost"]);
  expect(matching(COMMANDS, "/budget").map(({ name }) => name)).toEqual(["cost"]);
});

test("a command's print stands after the event that was the newest", async () => {
  serve({});
  await perform("/help", PLACE, 7);
  expect(locals.get()[0]).toMatchObject({ after: 7, command: "/help", thread: "main" });
});

test("an unknown command says so and where to look", async () => {
  expect(await printed("/reboot now")).toContain("there is no command /reboot; /help lists them");
});

test("the words of a refusal are printed", async () => {
  serve({ "GET /risk": [403, { error: { message: "this token may not read", code: "forbidden" } }] });
  expect(await printed("/risk")).toContain("this token may not read");
});

test("/stop stops the run that is under way, and says when there is none", async () => {
  const asked = serve({ "POST /runs/R9/cancel": [200, {}] });
  expect(await printed("/stop")).toContain("nothing is running");
  expect(await printed("/stop", { thread: "main", running: "R9" })).toContain("R9 is asked to stop");
  expect(asked.map(({ path }) => path)).toEqual(["POST /runs/R9/cancel"]);
});

test("/run starts one cycle under a key of its own", async () => {
  const asked = serve({ "POST /cycles": [202, { run: "R5", thread: "" }] });
  expect(await printed("/run")).toContain("R5");
  await printed("/run");
  expect(new Set(asked.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(2);
});

test("/approve names one call and keeps the note", async () => {
  const asked = serve({ "POST /approvals/A1": [200, { approval: { id: "A1", state: "approved", tool: "publish_post" }, run: {} }] });
  expect(await printed("/approve a1 looks fine")).toContain("A1 approved: publish_post");
  expect(asked[0]?.body).toEqual({ approved: true, note: "looks fine" });
});

test("/approve all names the last one that was seen and tells what became of each", async () => {
  const one = (id: string, state: string, more = {}) => ({ id, state, tool: "publish_post", needed: 1, votes: [], ...more });
  const bundle = [one("A1", "approved"), one("A2", "open", { needed: 2, votes: [{ person: "ada", at: "", note: "" }] }), one("A3", "open")];
  const asked = serve({ "POST /approvals/A2": [200, { approval: bundle[1], run: {}, bundle }] });
  const text = await printed("/approve all a2 fine");
  expect(asked[0]?.body).toEqual({ approved: true, note: "fine", bundle: true });
  for (const part of ["A1 approved: publish_post", "A2 still waits: publish_post, 1 of 2 said yes: ada", "A3 still waits: publish_post"]) {
    expect(text).toContain(part);
  }
});

test("/approve without an id decides nothing and shows what waits", async () => {
  const asked = serve({ "GET /approvals": [200, []] });
  expect(await printed("/approve")).toContain("nothing waits");
  expect(asked.map(({ path }) => path)).toEqual(["GET /approvals"]);
});

test("/portfolio draws the equity curve and lists positions", async () => {
  const book = { quote: "USDT", equity: "1000.5", day: "-2", day_percent: "-0.2", net: "5", since: "2026-01-31T00:00:00Z", fees: "1", cash: "10", drawdown_percent: "0", win_rate_percent: null, closed_trades: 0, positions: [], calibration: { trades: 3, unstated: 0, earned: 2, brier: "0.1", base: "0.2222", buckets: [{ low: "0.6", high: "0.7", trades: 3, earned: 2, stated: "0.66", result: "12.5" }] } };
  serve({ "GET /portfolio": [200, book], "GET /portfolio/equity?points=60": [200, { quote: "USDT", points: [{ equity: "1" }, { equity: "2.5" }] }] });
  const text = await printed("/portfolio");
  expect(text).toContain('"kind":"spark","label":"equity USDT","numbers":[1,2.5]');
  expect(text).toContain("no positions");
  expect(text).toContain("2 of 3 stated trades earned, Brier score 0.1");
  expect(text).toContain('["0.6 to 0.7","3","0.66","0.67","12.5"]');
});

test("/report marks what a role claims without a receipt, and says what is missing", async () => {
  const report = { role: "trading", status: "ok", summary: "Bought 2 BTC.", tainted: false, unproven: [] };
  const lying = { ...report, completion: "claimed", unproven: ["says “Bought 2 BTC.”; there is no receipt of place_order"] };
  const honest = { ...report, role: "operations", completion: "done" };
  const run = { id: "R3", cycle: 3, status: "degraded", as_of: "2026-01-31T00:00:00Z" };
  serve({ "GET /report": [200, { run, answer: "Done.", reports: [lying, honest] }] });

  const text = await printed("/report");

  expect(text).toContain('["trading","ok, claimed"');
  expect(text).toContain('["operations","ok"');
  expect(text).toContain("claimed, no receipt: trading says “Bought 2 BTC.”; there is no receipt of place_order");
});

test("/mode says with which money and which mind, and how to change it", async () => {
  serve({ "GET /status": [200, { mode: "paper", mind: "autopilot", offline: true }] });
  const text = await printed("/mode");
  for (const part of ["paper", "autopilot", "company key set"]) expect(text).toContain(part);
});

test("/why lists what roles were reminded of, with origin and score", async () => {
  const item = { id: "m17", kind: "semantic", source: "operator", date: "2026-03-02T09:00:00+00:00", tainted: false, score: 0.834, parts: {} };
  const step = { seq: 4, at: "2026-03-02T09:00:00Z", agent: "ceo/trading", text: "was reminded of m17, m18" };
  const steps = [{ ...step, kind: "recalled", detail: { role: "trading", items: [{ ...item, text: "The fee is 0.10 %." }, { ...item, id: "m18", tainted: true, text: "" }] } }];
  serve({ "GET /why/R3": [200, { subject: "R3", what: "cycle 1", run: "R3", steps }] });

  const text = await printed("/why R3");

  expect(text).toContain('["ceo/trading","m17","semantic","operator","2026-03-02","0.83","The fee is 0.10 %.",""]');
  expect(text).toContain('"m18","semantic","operator","2026-03-02","0.83","not for you, or forgotten","untrusted"]');
});

test("/memory says what is worse than it could be", async () => {
  const state = { state: "degraded: lexical", items: 2, embedder: "", degraded: "install the weights", unembedded: 0 };
  serve({ "GET /memory?limit=20": [200, { status: state, items: [] }] });
  expect(await printed("/memory")).toContain("2 memories, degraded: lexical, install the weights");
});

test("/persona shows a version with what it changed, and every version", async () => {
  const version = { version: "0f1e2d3c4b5a", number: 2, parent: "aaaaaaaaaaaa", author: "ada", reason: "too shy", at: "2026-03-02T09:00:00Z", stable: true };
  const trial = { id: "E1", candidate: "bbbbbbbbbbbb", percent: 20, needed: 356, started_at: "2026-03-03T09:00:00Z", started_by: "ada" };
  const shown = { role: "ceo", title: "Chief", text: "You lead.", version: "0f1e2d3c4b5a", diff: "-shy\n+bold ```", log: [version], trial };
  serve({ "GET /personas/ceo?version=2": [200, shown], "GET /personas": [200, [{ role: "ceo", title: "Chief", version, versions: 2, trial: null }]] });

  const text = await printed("/persona ceo 2");

  for (const part of ["Chief (ceo), version 0f1e2d3c4b5a", "You lead.", '"in force","ada","2026-03-02","too shy"', "in 20 % of the conversations", "````diff"]) expect(text).toContain(part);
  expect(await printed("/persona")).toContain('["ceo","Chief","2","0f1e2d3c4b5a","ada","2026-03-02","2"]');
});

test("/help names every command", async () => {
  const text = await printed("/help");
  for (const { name } of COMMANDS) expect(text).toContain(`/${name}`);
});
