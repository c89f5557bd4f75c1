import { beforeEach, expect, test } from "vitest";

import { ApprovalCard } from "../../src/terminal/ApprovalCard";
import { session } from "../../src/wire/client";
import type { Asked } from "../../src/wire/log";
import { click, press, serve, show, type } from "./screen";

const ASKED: Asked = {
  id: "A1",
  run: "R1",
  role: "trading",
  tool: "transfer_everything",
  arguments: { to: "cold wallet", parts: [{ amount: "1.5" }], force: false },
  rule: "mandate.none",
  reason: "no mandate covers it\nsecond line",
  sources: ["inbox", "news"],
  expiresAt: "2090-01-01T00:00:00Z",
  state: "open",
  by: "",
  note: "",
  bundle: "A1",
  repeats: "",
  needed: 1,
  votes: [],
  escalated: false,
};

const decided = (state: string, by = "ada") => ({
  id: "A1", run: "R1", role: "trading", tool: "transfer_everything", arguments: ASKED.arguments, reason: "", rule: "", sources: [],
  state, bundle: "A1", repeats: "", needed: 1, votes: [], asked_at: "", expires_at: ASKED.expiresAt, escalated_at: null,
  decided_by: by, note: "", result: null,
});

const card = () => document.querySelector("[role=group]") as HTMLElement;

beforeEach(() => session.set({ person: "ada", scopes: ["read", "chat", "approve"] }));

test("a card shows the exact arguments, why it asks, the rule, and what was read", async () => {
  await show(<ApprovalCard asked={ASKED} />);
  const text = card().textContent ?? "";
  for (const part of ["transfer_everything", "cold wallet", '"amount": "1.5"', "false", "no mandate covers it", "mandate.none", "inbox, news"]) {
    expect(text).toContain(part);
  }
});

test("approving sends exactly this decision with the note, and the card says so", async () => {
  const asked = serve({ "POST /approvals/A1": [200, { approval: decided("approved"), run: {} }] });
  await show(<ApprovalCard asked={ASKED} />);
  await type("agreed by phone", "input");
  await click("Approve");
  await expect.poll(() => card().textContent).toContain("approved by ada");
  expect(asked).toMatchObject([{ path: "POST /approvals/A1", body: { approved: true, note: "agreed by phone" } }]);
  expect(document.querySelector("button")).toBeNull();
});

test.each([
  ["a", true],
  ["r", false],
])("the key %s decides while the card has the focus", async (key, approved) => {
  const asked = serve({ "POST /approvals/A1": [200, { approval: decided(approved ? "approved" : "rejected"), run: {} }] });
  await show(<ApprovalCard asked={ASKED} />);
  card().focus();
  await press(key, card());
  expect(asked[0]?.body).toEqual({ approved, note: "" });
});

test("the same keys in the note are only letters", async () => {
  const asked = serve({});
  await show(<ApprovalCard asked={ASKED} />);
  await press("a", document.querySelector("input"));
  await press("r", document.querySelector("button"));
  await press("a", card(), { ctrlKey: true });
  expect(asked).toEqual([]);
});

test("somebody else was first: the card says what counts, and that this decision did not", async () => {
  serve({
    "POST /approvals/A1": [409, { error: { message: "A1 was rejected by eve at 12:00", code: "conflict" } }],
    "GET /approvals/A1": [200, decided("rejected", "eve")],
  });
  await show(<ApprovalCard asked={ASKED} />);
  await click("Approve");
  await expect.poll(() => card().textContent).toContain("rejected by eve");
  expect(document.querySelector("[role=alert]")?.textContent).toBe("A1 was rejected by eve at 12:00");
  expect(document.querySelector("button")).toBeNull();
});

test("a decision that did not get through can be repeated", async () => {
  serve({ "POST /approvals/A1": [503, { error: { message: "the server is ending", code: "unavailable" } }] });
  await show(<ApprovalCard asked={ASKED} />);
  await click("Reject");
  await expect.poll(() => document.querySelector("[role=alert]")?.textContent).toBe("the server is ending");
  expect([...document.querySelectorAll("button")].every((button) => !button.disabled)).toBe(true);
});

test("what the journal says of a decision elsewhere takes the buttons away", async () => {
  await show(<ApprovalCard asked={{ ...ASKED, state: "approved", by: "eve", note: "fine" }} />);
  expect(document.querySelector("button")).toBeNull();
  expect(card().textContent).toContain("approved by eve");
  expect(card().textContent).toContain("note: fine");
});

test("after its time a card takes no decision", async () => {
  const asked = serve({});
  await show(<ApprovalCard asked={{ ...ASKED, expiresAt: "2020-01-01T00:00:00Z" }} />);
  await press("a", card());
  expect(document.querySelector("button")).toBeNull();
  expect(card().textContent).toContain("expired");
  expect(asked).toEqual([]);
});

test("a session that may not approve cannot press anything", async () => {
  session.set({ person: "bob", scopes: ["read", "chat"] });
  const asked = serve({});
  await show(<ApprovalCard asked={ASKED} />);
  await press("a", card());
  expect([...document.querySelectorAll("button")].every((button) => button.disabled)).toBe(true);
  expect(asked).toEqual([]);
});

const OTHER = { ...ASKED, id: "A0" };

test("calls of its bundle that stand above it are answered with it, exactly those that were shown", async () => {
  const asked = serve({ "POST /approvals/A1": [200, { approval: decided("approved"), run: {}, bundle: [] }] });
  await show(<ApprovalCard asked={ASKED} shown={[OTHER, ASKED]} />);
  expect(card().textContent).toContain("A0, A1 belong together");
  await click("Approve all 2");
  expect(asked[0]?.body).toEqual({ approved: true, note: "", bundle: true, shown: ["A0", "A1"] });
});

test.each([
  ["A", true, true],
  ["R", false, true],
  ["A", true, false],
])("the key %s answers all only with the Shift key, not under Caps Lock", async (key, approved, shiftKey) => {
  const asked = serve({ "POST /approvals/A1": [200, { approval: decided("approved"), run: {}, bundle: [] }] });
  await show(<ApprovalCard asked={ASKED} shown={[OTHER, ASKED]} />);
  card().focus();
  await press(key, card(), { shiftKey });
  const all = shiftKey ? { bundle: true, shown: ["A0", "A1"] } : {};
  expect(asked[0]?.body).toEqual({ approved, note: "", ...all });
});

test("a card that stands alone has no answer for several, and Shift does nothing", async () => {
  const asked = serve({});
  await show(<ApprovalCard asked={ASKED} shown={[ASKED]} />);
  await press("A", card(), { shiftKey: true });
  expect(asked).toEqual([]);
  expect(card().textContent).not.toContain("belong together");
});

test("the first yes of two is told and the card goes on waiting", async () => {
  const half = { ...decided("open"), needed: 2, votes: [{ person: "ada", at: "", note: "" }], decided_by: null };
  serve({ "POST /approvals/A1": [200, { approval: half, run: {}, bundle: [half] }] });
  await show(<ApprovalCard asked={{ ...ASKED, needed: 2 }} />);
  expect(card().textContent).toContain("0 of 2 said yes");
  await click("Approve");
  await expect.poll(() => card().textContent).toContain("1 of 2 said yes: ada");
  expect([...document.querySelectorAll("button")].every((button) => !button.disabled)).toBe(true);
});

test("a card says what repeats another, what was passed on, and what silence means", async () => {
  await show(<ApprovalCard asked={{ ...ASKED, repeats: "A0", escalated: true }} />);
  for (const part of ["The same call as A0.", "it was passed on", ": refused if nobody answers"]) expect(card().textContent).toContain(part);
});

test("what hides or turns text in an argument is written out", async () => {
  await show(<ApprovalCard asked={{ ...ASKED, arguments: { to: "cold\u202e wallet", list: ["a\u200bb"] } }} />);
  expect(card().textContent).toContain("cold\\u202e wallet");
  expect(card().textContent).toContain("a\\u200bb");
});
