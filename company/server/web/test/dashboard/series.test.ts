// @vitest-environment node

import { expect, test } from "vitest";

import { barsOf, marksOf, pointsOf } from "../../src/dashboard/chart/series";
import type { Candles } from "../../src/wire/types";
import { candles, equity } from "./fixtures";

const candle = (at: string): Candles["candles"][number] => ({ at, open: "1", high: "2", low: "0.5", close: "1.5", volume: "10" });
const fill = (at: string, side: "buy" | "sell", quantity = "0.10"): Candles["fills"][number] => ({ at, side, price: "1.2", quantity, order_id: at });

test("points come in order of time, one each second, the later one winning", () => {
  const points = [
    { at: "2026-01-01T00:00:02Z", equity: "3" },
    { at: "2026-01-01T00:00:01.100Z", equity: "1" },
    { at: "2026-01-01T00:00:01.900Z", equity: "2" },
  ];

  expect(pointsOf({ points }).map(({ equity: worth }) => worth)).toEqual(["2", "3"]);
});

test("every point of the curve is drawn, at its second", () => {
  const points = pointsOf(equity);

  expect(points).toHaveLength(equity.points.length);
  expect(points[0]?.time).toBe(Date.parse(equity.points[0]!.at) / 1000);
});

test("a point whose time cannot be read is not drawn", () => {
  expect(pointsOf({ points: [{ at: "never", equity: "1" }] })).toEqual([]);
});

test("a fill belongs to the candle it happened in", () => {
  const bars = barsOf({
    candles: [candle("2026-01-01T01:00:00Z"), candle("2026-01-01T00:00:00Z")],
    fills: [fill("2026-01-01T00:59:59Z", "buy"), fill("2026-01-01T01:00:00Z", "sell"), fill("2026-01-01T09:00:00Z", "sell")],
  });

  expect(bars.map(({ fills }) => fills.map(({ side }) => side))).toEqual([["buy"], ["sell", "sell"]]);
});

test("a fill before the first candle has no place on the chart", () => {
  const bars = barsOf({ candles: [candle("2026-01-01T01:00:00Z")], fills: [fill("2026-01-01T00:00:00Z", "buy")] });

  expect(marksOf(bars)).toEqual([]);
});

test("fills of one candle and side share a mark, a lone one tells its quantity", () => {
  const fills = [fill("2026-01-01T00:10:00Z", "buy"), fill("2026-01-01T00:20:00Z", "buy"), fill("2026-01-01T00:30:00Z", "sell", "100")];

  expect(marksOf(barsOf({ candles: [candle("2026-01-01T00:00:00Z")], fills })).map(({ text }) => text)).toEqual(["2 buys", "sell 100"]);
});

test("no fill within the candles is lost", () => {
  expect(barsOf(candles).flatMap(({ fills }) => fills)).toHaveLength(candles.fills.length);
});
