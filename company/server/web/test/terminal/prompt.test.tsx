import { beforeEach, expect, test, vi } from "vitest";

import { Prompt } from "../../src/terminal/Prompt";
import { click, press, show, type } from "./screen";

const submit = vi.fn();
const stop = vi.fn();
const input = () => document.querySelector("textarea") as HTMLTextAreaElement;
const options = () => [...document.querySelectorAll("[role=option] code")].map((option) => option.textContent?.trim().split(" ")[0]);
const active = () => document.getElementById(input().getAttribute("aria-activedescendant") ?? "")?.textContent ?? "";

beforeEach(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
  localStorage.clear();
  submit.mockReset();
  stop.mockReset();
  await show(<Prompt person="ada" submit={submit} stop={stop} />);
});

test("Enter sends and empties the prompt, which keeps the focus", async () => {
  await type("how are we doing?");
  await press("Enter");
  expect(submit).toHaveBeenCalledWith("how are we doing?");
  expect(input().value).toBe("");
  expect(document.activeElement).toBe(input());
});

test("Shift+Enter is a new line, not a message", async () => {
  await type("one");
  const event = await press("Enter", input(), { shiftKey: true });
  expect(event.defaultPrevented).toBe(false);
  expect(submit).not.toHaveBeenCalled();
});

test("nothing but blanks is not sent", async () => {
  await type("  \n ");
  await press("Enter");
  expect(submit).not.toHaveBeenCalled();
});

test("Enter that confirms a composed character sends nothing", async () => {
  await type("にほん");
  await press("Enter", input(), { isComposing: true });
  expect(submit).not.toHaveBeenCalled();
});

test("the up key brings back what was typed, the down key the draft", async () => {
  await type("first");
  await press("Enter");
  await type("draft");
  input().setSelectionRange(0, 0);
  await press("ArrowUp");
  expect(input().value).toBe("first");
  await press("ArrowDown");
  expect(input().value).toBe("draft");
});

test("the up key inside of several lines moves the caret only", async () => {
  await type("first");
  await press("Enter");
  await type("two\nlines");
  input().setSelectionRange(6, 6);
  await press("ArrowUp");
  expect(input().value).toBe("two\nlines");
});

test("/ opens all commands as a list of a combobox", async () => {
  await type("/");
  expect(options()).toEqual(
    "/status /run /stop /approve /reject /agents /portfolio /risk /cost /report /why /memory /persona /mode /help".split(" "),
  );
  expect(input().getAttribute("role")).toBe("combobox");
  expect(input().getAttribute("aria-expanded")).toBe("true");
  expect(document.getElementById(input().getAttribute("aria-controls") ?? "")?.getAttribute("role")).toBe("listbox");
});

test("typing filters, arrows move round, Enter runs", async () => {
  await type("/r");
  expect(options().slice(0, 4)).toEqual(["/run", "/reject", "/risk", "/report"]);
  await press("ArrowDown");
  await press("ArrowDown");
  expect(active()).toContain("/risk");
  await press("ArrowUp");
  await press("ArrowUp");
  await press("ArrowUp");
  await press("ArrowDown");
  expect(active()).toContain("/run");
  await press("Enter");
  expect(submit).toHaveBeenCalledWith("/run");
});

test("a command that takes something is completed first", async () => {
  await type("/why");
  await type("/wh");
  await press("Tab");
  expect(input().value).toBe("/why ");
  expect(submit).not.toHaveBeenCalled();
  await type("/why A1");
  await press("Enter");
  expect(submit).toHaveBeenCalledWith("/why A1");
});

test("a click runs a command", async () => {
  await type("/");
  (document.querySelectorAll("[role=option]")[0] as HTMLElement).click();
  expect(submit).toHaveBeenCalledWith("/status");
});

test("Ctrl+K opens the menu from anywhere", async () => {
  input().blur();
  await press("k", document.body, { ctrlKey: true });
  expect(options()).toHaveLength(15);
  expect(document.activeElement).toBe(input());
});

test("Escape closes the menu first, then stops the run", async () => {
  await type("/");
  await press("Escape");
  expect(options()).toEqual([]);
  expect(stop).not.toHaveBeenCalled();
  await press("Escape", document.body);
  expect(stop).toHaveBeenCalledOnce();
});

test("the stop button stops, and without a run there is none", async () => {
  await click("Stop");
  expect(stop).toHaveBeenCalledOnce();
  await show(<Prompt person="ada" submit={submit} stop={null} />);
  expect(document.body.textContent).not.toContain("Stop");
});
