import axe from "axe-core";
import { act } from "preact/test-utils";
import { afterEach, expect, test, vi } from "vitest";

import { exact } from "../../src/dashboard/exact";
import { Approvals, type Decide } from "../../src/dashboard/panels/Approvals";
import { ApiError, session } from "../../src/wire/client";
import type { Approval, Decided } from "../../src/wire/types";
import { approvals, live } from "./fixtures";
import { button, press, show, words } from "./page";

afterEach(() => session.set(undefined));

const state = (open = approvals) => ({ ...live(open), refresh: vi.fn() });

const [first] = approvals as [Approval];
const another = (id: string, more: Partial<Approval> = {}): Approval => ({ ...first, id, ...more });

/** What the company answers: these approvals, of which the last was decided. */
const decided = (...bundle: Approval[]): Decided => ({ approval: bundle.at(-1) ?? first, run: {} as Decided["run"], bundle });
const approved = decided(another("A2", { state: "approved" }));

test("a decision goes out with the note, is told, and the list is asked for again", async () => {
  const sent: Parameters<Decide>[] = [];
  const shown = state();
  await show(<Approvals live={shown} send={async (...decision) => {
        sent.push(decision);
        return approved;
      }} />);
  document.querySelector("input")!.value = " within plan ";

  await press(button("Approve"));

  expect(sent).toEqual([["A2", true, "within plan"]]);
  expect(words('[role="status"]')).toBe("A2 approved.");
  expect(shown.refresh).toHaveBeenCalledOnce();
  expect(document.activeElement?.id).toBe("approvals-heading");
});

test("a rejection is sent as one", async () => {
  const send = vi.fn<Decide>().mockResolvedValue(decided(another("A2", { state: "rejected" })));
  await show(<Approvals live={state()} send={send} />);

  await press(button("Reject"));

  expect(send).toHaveBeenCalledWith("A2", false, "");
});

test("a call cannot be decided twice while the first answer is on its way", async () => {
  let done = (_: Decided) => undefined as void;
  await show(<Approvals live={state()} send={() => new Promise<Decided>((resolve) => (done = resolve))} />);

  await press(button("Approve"));

  expect([button("Approve").disabled, button("Reject").disabled]).toEqual([true, true]);
  await act(async () => done(approved));
});

test("a call that somebody else decided before is told and asked for again", async () => {
  const shown = state();
  const before = new ApiError(409, "decided", "A2 was approved by ada");
  await show(<Approvals live={shown} send={() => Promise.reject(before)} />);

  await press(button("Reject"));

  expect(words('[role="status"]')).toBe("Your decision did not count: A2 was approved by ada");
  expect(shown.refresh).toHaveBeenCalledOnce();
});

test("what was said stays when the last call is gone", async () => {
  const send = () => Promise.resolve(approved);
  const again = await show(<Approvals live={state()} send={send} />);
  await press(button("Approve"));

  await again(<Approvals live={live([])} send={send} />);

  expect(words(".empty")).toContain("A2 approved.");
});

test("a decision that did not get through can be made again", async () => {
  await show(<Approvals live={state()} send={() => Promise.reject(new ApiError(0, "unreachable", "the company cannot be reached"))} />);

  await press(button("Approve"));

  expect(words('[role="alert"]')).toBe("Not decided: the company cannot be reached");
  expect(button("Approve").disabled).toBe(false);
});

test("who may only read cannot decide and is told why", async () => {
  session.set({ person: "ben", scopes: ["read"] });
  await show(<Approvals live={state()} />);

  expect(button("Approve").disabled).toBe(true);
  expect(words()).toContain("takes the scope approve");
});

test("a card is shown in the conversation by an event with its id", async () => {
  const heard: unknown[] = [];
  const hear = (event: Event) => heard.push((event as CustomEvent).detail);
  window.addEventListener("company:show-approval", hear);
  await show(<Approvals live={state()} />);

  await press(button("Show in the conversation"));
  window.removeEventListener("company:show-approval", hear);

  expect(heard).toEqual([{ id: "A2" }]);
});

test("characters that hide or turn text are written out, line breaks stay", () => {
  expect(exact("pay \u202eevil\u200b\nnow")).toBe("pay \\u202eevil\\u200b\nnow");
  expect(exact({ "to\u2066": 5 })).toBe('{"to\\u2066":5}');
});

test("long values are laid out over lines", () => {
  const lines = exact({ first: "a".repeat(40), second: "b".repeat(40) }).split("\n");

  expect(lines).toHaveLength(4);
});

const bundle = [another("A2"), another("A3"), another("A5", { repeats: "A2" })];

test("calls that belong together stand together and are answered at once, exactly those that stand there", async () => {
  const send = vi.fn<Decide>().mockResolvedValue(
    decided(another("A2", { state: "approved" }), another("A3", { state: "approved" }), another("A4", { state: "open" }), another("A5")),
  );
  await show(<Approvals live={state([another("A1", { bundle: "A1" }), ...bundle])} send={send} />);
  const group = document.querySelector('[role="group"]')!;
  expect(document.querySelectorAll(".rows > li")).toHaveLength(2);
  expect(group.textContent).toContain("A2, A3, A5 belong together. A yes to all leaves open what is the same call again.");
  group.querySelector("input")!.value = "fine";

  await press(button("Approve all 3"));

  expect(send.mock.calls).toEqual([["A5", true, "fine", ["A2", "A3", "A5"]]]);
  expect(words('[role="status"]')).toBe("A2 approved. A3 approved. A5 still waits.");
});

test("all calls of a bundle are rejected at once", async () => {
  const send = vi.fn<Decide>().mockResolvedValue(decided(...bundle.map(({ id }) => another(id, { state: "rejected" }))));
  await show(<Approvals live={state(bundle)} send={send} />);

  await press(button("Reject all 3"));

  expect(send).toHaveBeenCalledWith("A5", false, "", ["A2", "A3", "A5"]);
  expect(words('[role="status"]')).toBe("A2 rejected. A3 rejected. A5 rejected.");
});

test("one call of a bundle is decided alone", async () => {
  const send = vi.fn<Decide>().mockResolvedValue(approved);
  await show(<Approvals live={state(bundle)} send={send} />);

  await press(button("Approve A2"));

  expect(send.mock.calls).toEqual([["A2", true, ""]]);
});

test("a call that stands alone has no answer for several", async () => {
  await show(<Approvals live={state()} />);

  expect(document.querySelector('[role="group"]')).toBeNull();
});

test("a card says who of several people said yes, and takes the answer of the next", async () => {
  const ada = { person: "ada", at: first.asked_at, note: "" };
  const send = vi.fn<Decide>().mockResolvedValue(decided(another("A2", { needed: 3, votes: [ada] })));
  await show(<Approvals live={state([another("A2", { needed: 3, votes: [ada] })])} send={send} />);
  expect(words()).toContain("1 of 3 said yes (ada)");

  await press(button("Approve A2"));

  expect(words('[role="status"]')).toBe("A2 still waits: 1 of 3 said yes (ada).");
  expect(button("Approve A2").disabled).toBe(false);
});

test("a card says what repeats another, what was passed on, and what happens if nobody answers", async () => {
  await show(<Approvals live={state([another("A2", { repeats: "A1", escalated_at: first.asked_at })])} />);

  expect(words()).toContain("The same call as A1.");
  expect(words()).toMatch(/Asked .+; nobody answered, so it was passed on\./);
  expect(words()).toMatch(/expires .+: refused if nobody answers/);
});

test("a bundle has no finding of axe", async () => {
  await show(<Approvals live={state(bundle)} />);

  const rules = Object.fromEntries(["color-contrast", "page-has-heading-one"].map((rule) => [rule, { enabled: false }]));
  expect((await axe.run(document.body, { rules })).violations).toEqual([]);
});
