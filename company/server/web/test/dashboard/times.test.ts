// @vitest-environment node

import { expect, test } from "vitest";

import { latest } from "../../src/dashboard/clocks";
import { fullTime, relative, shortTime, span } from "../../src/dashboard/times";

const NOW = Date.parse("2026-11-20T14:05:00Z");

test.each([
  [0, "just now"],
  [12, "12 s ago"],
  [-12, "in 12 s"],
  [60 * 3 + 59, "3 min ago"],
  [-60 * 13, "in 13 min"],
  [3600 * 47, "47 h ago"],
  [86_400 * 3, "3 d ago"],
])("%i seconds before now is %s", (seconds, said) => {
  expect(relative(NOW - seconds * 1000, NOW)).toBe(said);
});

test("times of any zone are shown in UTC", () => {
  expect(fullTime("2026-11-20T15:05:09.5+01:00")).toBe("2026-11-20 14:05:09 UTC");
  expect(shortTime("2026-11-20T00:05:09+01:00")).toBe("19 Nov 23:05 UTC");
});

test("what is no time is shown as it came", () => {
  expect([fullTime("soon"), shortTime("soon")]).toEqual(["soon", "soon"]);
});

test("a span is never negative", () => {
  expect(span(-3)).toBe("0 s");
});

test("the company's time is the latest that is known", () => {
  expect(latest([undefined, "2026-11-20T14:00:00Z", "2026-11-20T14:05:00Z"])).toBe(NOW);
  expect(latest([undefined])).toBeUndefined();
});
