import { act } from "preact/test-utils";
import { beforeEach, expect, test, vi } from "vitest";

import { Chart } from "../../src/dashboard/chart/Chart";
import type { Drawing } from "../../src/dashboard/chart/draw";
import { barsOf, pointsOf, type Point } from "../../src/dashboard/chart/series";
import { money, price, quantity } from "../../src/dashboard/numbers";
import { Equity } from "../../src/dashboard/panels/Equity";
import { Prices, type Choice } from "../../src/dashboard/panels/Prices";
import { fullTime } from "../../src/dashboard/times";
import { candles, equity, live } from "./fixtures";
import { button, loading, press, rowsOf, show, words } from "./page";

const CHOICE: Choice = { symbol: "BTC/USDT", timeframe: "1h" };
const noChoice = () => undefined;

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => new EventTarget());
});

/** A drawing that keeps what it was told. */
class Recorder implements Drawing<Point> {
  rows: Point[][] = [];
  painted = 0;
  removed = false;
  show(rows: Point[]): void {
    this.rows.push(rows);
  }
  paint(): void {
    this.painted += 1;
  }
  remove(): void {
    this.removed = true;
  }
}

const columns = [
  { head: "Time", cell: (row: Point) => row.at },
  { head: "Equity", cell: (row: Point) => row.equity },
];

test("the table of a chart holds the rows the chart draws, newest first", async () => {
  const recorder = new Recorder();
  const rows = pointsOf(equity);

  const draw = () => () => recorder;
  await show(<Chart label="Equity" rows={rows} columns={columns} tabled={false} draw={draw} />);
  await vi.waitFor(() => expect(recorder.rows).not.toEqual([]));

  const drawn = recorder.rows.at(-1)!.map(({ at, equity: worth }) => [at, worth]);
  expect(rowsOf(document.querySelector("table"))).toEqual(drawn.reverse());
});

test("a chart follows its rows and the theme, and goes with its panel", async () => {
  const recorder = new Recorder();
  const rows = pointsOf(equity);
  const draw = () => () => recorder;
  const chart = (shown: Point[]) => <Chart label="Equity" rows={shown} columns={columns} tabled={false} draw={draw} />;
  const again = await show(chart(rows));
  await vi.waitFor(() => expect(recorder.rows).toHaveLength(1));

  await again(chart(rows.slice(0, 3)));
  document.documentElement.dataset["theme"] = "light";
  await vi.waitFor(() => expect(recorder.painted).toBe(1));
  await again(<p>nothing</p>);

  expect(recorder.rows.at(-1)).toEqual(rows.slice(0, 3));
  expect(recorder.removed).toBe(true);
});

test("a chart that cannot be drawn says so and shows its table", async () => {
  await show(<Equity live={live(equity)} />);
  await vi.waitFor(() => expect(words()).toContain("The chart could not be drawn"));

  expect(document.querySelector(".twin")?.classList).not.toContain("unseen");
});

test("the table of the equity curve has every point", async () => {
  await show(<Equity live={live(equity)} />);

  const expected = pointsOf(equity).map((point) => [fullTime(point.at), money(point.equity)]);
  expect(rowsOf(document.querySelector("table"))).toEqual(expected.reverse());
});

test("the table of the candles has every candle and the company's fills", async () => {
  await show(<Prices live={live(candles)} symbols={["BTC/USDT"]} choice={CHOICE} choose={noChoice} />);

  const rows = rowsOf(document.querySelector("table")).reverse();
  const bars = barsOf(candles);
  expect(rows.map((row) => row.slice(1, 6))).toEqual(
    bars.map((bar) => [...[bar.open, bar.high, bar.low, bar.close].map(price), quantity(bar.volume)]),
  );
  expect(rows.filter((row) => row[6]).map((row) => row[6])).toEqual([
    "buy 0.20000000 at 67\u202f010.00",
    "buy 0.15000000 at 67\u202f402.10, buy 0.15000000 at 67\u202f404.00",
    "sell 0.05000000 at 69\u202f900.00",
  ]);
});

test("the table is there for screen readers before it is shown to all", async () => {
  await show(<Chart label="Equity" rows={pointsOf(equity)} columns={columns} tabled={false} draw={() => () => new Recorder()} />);

  expect(document.querySelector(".twin.unseen table")).not.toBeNull();
  expect(document.querySelector('[role="img"]')?.getAttribute("aria-label")).toBe("Equity");
});

test("the button Table swaps the picture for the table", async () => {
  await show(<Equity live={live(equity)} />);

  await press(button("Table"));

  expect(button("Table").getAttribute("aria-pressed")).toBe("true");
  expect(document.querySelector(".canvas")?.classList).toContain("gone");
});

test("another symbol and another timeframe are chosen at the heading, also while candles load", async () => {
  const chosen: Choice[] = [];
  await show(<Prices live={loading} symbols={["BTC/USDT", "ETH/USDT"]} choice={CHOICE} choose={(choice) => chosen.push(choice)} />);

  await press(button("4h"));
  const select = document.querySelector("select")!;
  select.value = "ETH/USDT";
  await act(() => void select.dispatchEvent(new Event("change", { bubbles: true })));

  expect(chosen).toEqual([
    { symbol: "BTC/USDT", timeframe: "4h" },
    { symbol: "ETH/USDT", timeframe: "1h" },
  ]);
});
