// Candles of one symbol with the company's own fills on them.

import { memo, useMemo, useState } from "react";

import type { Live } from "../../wire/live";
import type { Candles } from "../../wire/types";
import { Chart, TableToggle, type ChartProps } from "../chart/Chart";
import { barsOf, type Bar } from "../chart/series";
import { counted, price, quantity } from "../numbers";
import { Panel } from "../Panel";
import type { Column } from "../Table";
import { fullTime } from "../times";

export const TIMEFRAMES = ["15m", "1h", "4h", "1d"] as const;
export type Timeframe = (typeof TIMEFRAMES)[number];

export interface Choice {
  symbol: string;
  timeframe: Timeframe;
}

export interface PricesProps {
  live: Live<Candles>;
  symbols: string[];
  choice: Choice;
  choose: (choice: Choice) => void;
}

export function Prices({ live, symbols, choice, choose }: PricesProps) {
  const [tabled, setTabled] = useState(false);
  const tools = (
    <>
      <Choosers {...{ symbols, choice, choose }} />
      <TableToggle of="prices and fills" tabled={tabled} set={setTabled} />
    </>
  );
  return (
    <Panel id="prices" title="Prices and fills" live={live} empty={nothing} tools={tools}>
      {(data) => <CandleChart key={`${data.symbol} ${data.timeframe}`} candles={data} tabled={tabled} />}
    </Panel>
  );
}

const nothing = ({ candles, symbol }: Candles) => candles.length === 0 && `No candle of ${symbol || "any symbol"} yet. They stand here as soon as a venue gives some.`;

function Choosers({ symbols, choice, choose }: Omit<PricesProps, "live">) {
  return (
    <>
      <select aria-label="Symbol" value={choice.symbol} onChange={(event) => choose({ ...choice, symbol: event.currentTarget.value })}>
        {symbols.map((symbol) => (
          <option key={symbol} value={symbol}>
            {symbol}
          </option>
        ))}
      </select>
      <div role="group" aria-label="Timeframe" className="segments">
        {TIMEFRAMES.map((timeframe) => (
          <button key={timeframe} type="button" aria-pressed={timeframe === choice.timeframe} onClick={() => choose({ ...choice, timeframe })}>
            {timeframe}
          </button>
        ))}
      </div>
    </>
  );
}

const draw: ChartProps<Bar>["draw"] = (from) => from.drawCandles;

const COLUMNS: Column<Bar>[] = [
  { head: "From", cell: (row) => fullTime(row.at) },
  { head: "Open", numeric: true, cell: (row) => price(row.open) },
  { head: "High", numeric: true, cell: (row) => price(row.high) },
  { head: "Low", numeric: true, cell: (row) => price(row.low) },
  { head: "Close", numeric: true, cell: (row) => price(row.close) },
  { head: "Volume", numeric: true, cell: (row) => quantity(row.volume) },
  { head: "Own fills", cell: (row) => row.fills.map((fill) => `${fill.side} ${quantity(fill.quantity)} at ${price(fill.price)}`).join(", ") },
];

const CandleChart = memo(function CandleChart({ candles, tabled }: { candles: Candles; tabled: boolean }) {
  const rows = useMemo(() => barsOf(candles), [candles]);
  return <Chart label={sentence(candles, rows)} rows={rows} columns={COLUMNS} tabled={tabled} draw={draw} />;
});

function sentence({ symbol, timeframe }: Candles, rows: Bar[]): string {
  const fills = rows.reduce((sum, row) => sum + row.fills.length, 0);
  const last = rows.at(-1);
  return `${symbol}, ${counted(rows.length, "candle")} of ${timeframe}, last at ${price(last?.close ?? "")}, ${counted(fills, "own fill")}`;
}
