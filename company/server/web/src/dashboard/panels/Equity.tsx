import { memo, useMemo, useState } from "react";

import type { Live } from "../../wire/live";
import type { EquityCurve } from "../../wire/types";
import { Chart, TableToggle, type ChartProps } from "../chart/Chart";
import { pointsOf, type Point } from "../chart/series";
import { counted, money } from "../numbers";
import { Panel } from "../Panel";
import type { Column } from "../Table";
import { fullTime, shortTime } from "../times";

export function Equity({ live }: { live: Live<EquityCurve> }) {
  const [tabled, setTabled] = useState(false);
  const toggle = <TableToggle of="equity" tabled={tabled} set={setTabled} />;
  return (
    <Panel id="equity" title="Equity" live={live} asOf={(data) => data.points.at(-1)?.at ?? ""} empty={nothing} tools={toggle}>
      {(data) => <Curve curve={data} tabled={tabled} />}
    </Panel>
  );
}

const nothing = ({ points }: EquityCurve) =>
  points.length < 2 && "The curve begins with the second valuation. Each cycle adds to it: run one with /run in the conversation.";

const draw: ChartProps<Point>["draw"] = (from) => from.drawEquity;

const Curve = memo(function Curve({ curve, tabled }: { curve: EquityCurve; tabled: boolean }) {
  const rows = useMemo(() => pointsOf(curve), [curve]);
  const columns: Column<Point>[] = [
    { head: "Company time", cell: (row) => fullTime(row.at) },
    { head: `Equity ${curve.quote}`, numeric: true, cell: (row) => money(row.equity) },
  ];
  return <Chart label={sentence(rows, curve.quote)} rows={rows} columns={columns} tabled={tabled} draw={draw} />;
});

function sentence(rows: Point[], quote: string): string {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return "Equity";
  const range = `from ${money(first.equity)} on ${shortTime(first.at)} to ${money(last.equity)} ${quote} on ${shortTime(last.at)}`;
  return `Equity ${range}, ${counted(rows.length, "point")}`;
}
