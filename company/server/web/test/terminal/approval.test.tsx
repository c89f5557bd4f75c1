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
};

const decided = (state: string, by = "ada") => ({
  id: "A1", run: "R1", role: "trading", tool: "transfer_everything", arguments: ASKED.arguments, reason: "", rule: "", sources: [],
  state, asked_at: "", expires_at: ASKED.expiresAt, decided_by: by, note: "", result: null,
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
