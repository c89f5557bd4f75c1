// What the charts draw and their tables list: one mapping feeds both, so they cannot differ.

import type { Candles, EquityCurve } from "../../wire/types";

export type Fill = Candles["fills"][number];

/** One moment of the equity curve; `time` is in seconds since the epoch. */
export interface Point {
  time: number;
  at: string;
  equity: string;
}

/** One candle, and the company's own trades while it lasted. */
export interface Bar {
  time: number;
  at: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  fills: Fill[];
}

/** What is drawn at a candle for trades of one side. */
export interface Mark {
  time: number;
  side: Fill["side"];
  text: string;
}

/** Candles that the words at a mark take. */
const ROOM = 12;

const seconds = (at: string) => Math.floor(Date.parse(at) / 1000);

/** In order of time, one of each second: the last one given. */
function once<T extends { time: number }>(rows: T[]): T[] {
  const byTime = new Map(rows.filter(({ time }) => !Number.isNaN(time)).map((row) => [row.time, row]));
  return [...byTime.values()].sort((one, other) => one.time - other.time);
}

export function pointsOf({ points }: Pick<EquityCurve, "points">): Point[] {
  return once(points.map(({ at, equity }) => ({ time: seconds(at), at, equity })));
}

/** Candles with their fills; a fill before the first candle has no place on the chart and is left out. */
export function barsOf({ candles, fills }: Pick<Candles, "candles" | "fills">): Bar[] {
  const bars = once(candles.map((candle) => ({ time: seconds(candle.at), ...candle, fills: [] as Fill[] })));
  for (const fill of fills) lastAtOrBefore(bars, seconds(fill.at))?.fills.push(fill);
  return bars;
}

function lastAtOrBefore(bars: Bar[], time: number): Bar | undefined {
  return bars.findLast((bar) => bar.time <= time);
}

/** At most one mark a candle and side; where no other is near, with the quantity or the number of trades. */
export function marksOf(bars: Bar[]): Mark[] {
  const traded = bars.flatMap(({ fills }, place) => (fills.length ? [place] : []));
  return bars.flatMap(({ time, fills }, place) => {
    const crowded = traded.some((other) => other !== place && Math.abs(other - place) < ROOM);
    return (["buy", "sell"] as const).flatMap((side) => {
      const mine = fills.filter((fill) => fill.side === side);
      return mine.length ? [{ time, side, text: crowded ? "" : wordsOf(mine) }] : [];
    });
  });
}

function wordsOf(fills: Fill[]): string {
  const [first] = fills;
  if (!first) return "";
  return fills.length === 1 ? `${first.side} ${trimmed(first.quantity)}` : `${fills.length} ${first.side}s`;
}

/** Without the zeros at its end, for which the picture has no room. */
const trimmed = (quantity: string) => (/^[^e]*\.\d+$/i.test(quantity) ? quantity.replace(/\.?0+$/, "") : quantity);
