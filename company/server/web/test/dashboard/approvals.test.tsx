import { act } from "preact/test-utils";
import { afterEach, expect, test, vi } from "vitest";

import { exact } from "../../src/dashboard/exact";
import { Approvals, type Decide } from "../../src/dashboard/panels/Approvals";
import { ApiError, session } from "../../src/wire/client";
import { approvals, live } from "./fixtures";
import { button, press, show, words } from "./page";

afterEach(() => session.set(undefined));

const state = () => ({ ...live(approvals), refresh: vi.fn() });

test("a decision goes out with the note, is told, and the list is asked for again", async () => {
  const sent: Parameters<Decide>[] = [];
  const shown = state();
  await show(<Approvals live={shown} send={async (...decision) => void sent.push(decision)} />);
  document.querySelector("input")!.value = " within plan ";

  await press(button("Approve"));

  expect(sent).toEqual([["A2", true, "within plan"]]);
  expect(words('[role="status"]')).toBe("A2 approved.");
  expect(shown.refresh).toHaveBeenCalledOnce();
  expect(document.activeElement?.id).toBe("approvals-heading");
});

test("a rejection is sent as one", async () => {
  const send = vi.fn<Decide>().mockResolvedValue(undefined);
  await show(<Approvals live={state()} send={send} />);

  await press(button("Reject"));

  expect(send).toHaveBeenCalledWith("A2", false, "");
});

test("a call cannot be decided twice while the first answer is on its way", async () => {
  let done = () => undefined as void;
  await show(<Approvals live={state()} send={() => new Promise<void>((resolve) => (done = resolve))} />);

  await press(button("Approve"));

  expect([button("Approve").disabled, button("Reject").disabled]).toEqual([true, true]);
  await act(async () => done());
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
  const send = () => Promise.resolve();
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
