import { beforeEach, expect, test } from "vitest";

import { History } from "../../src/terminal/history";

beforeEach(() => localStorage.clear());

function typed(...lines: string[]): History {
  const history = new History("ada");
  lines.forEach((line) => history.add(line));
  return history;
}

test("up goes back line by line and stops at the oldest", () => {
  const history = typed("one", "two");
  expect([history.older(""), history.older(""), history.older("")]).toEqual(["two", "one", null]);
});

test("down comes back to the draft", () => {
  const history = typed("one", "two");
  history.older("half a thou");
  history.older("two");
  expect([history.newer(), history.newer(), history.newer()]).toEqual(["two", "half a thou", null]);
});

test("the same line twice in a row is kept once", () => {
  const history = typed("one", "one");
  expect([history.older(""), history.older("")]).toEqual(["one", null]);
});

test("a reload remembers, another person does not see it", () => {
  typed("one");
  expect(new History("ada").older("")).toBe("one");
  expect(new History("eve").older("")).toBeNull();
});

test("lines of another tab are kept too", () => {
  const [one, two] = [new History("ada"), new History("ada")];
  one.add("from one");
  two.add("from two");
  expect(new History("ada").older("")).toBe("from two");
  const third = new History("ada");
  third.older("");
  expect(third.older("")).toBe("from one");
});

test("what somebody else put into the storage is no history", () => {
  localStorage.setItem("company.history.ada", "{broken");
  expect(new History("ada").older("")).toBeNull();
});

test("only the newest 200 lines are kept", () => {
  typed(...Array.from({ length: 205 }, (_, index) => `line ${index}`));
  expect(JSON.parse(localStorage.getItem("company.history.ada") ?? "[]")).toHaveLength(200);
});
