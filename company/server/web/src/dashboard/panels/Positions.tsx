import type { Live } from "../../wire/live";
import type { Portfolio, Position } from "../../wire/types";
import { money, price, quantity } from "../numbers";
import { Panel } from "../Panel";
import { Change } from "../signs";
import { Table, type Column } from "../Table";

const COLUMNS: Column<Position>[] = [
  { head: "Symbol", cell: (row) => row.symbol },
  { head: "Quantity", numeric: true, cell: (row) => quantity(row.quantity) },
  { head: "Value", numeric: true, cell: (row) => money(row.value) },
  { head: "Unrealised", numeric: true, cell: (row) => <Change amount={row.unrealised} percent={row.unrealised_percent} /> },
  { head: "Price", numeric: true, cell: (row) => price(row.price) },
  { head: "Average cost", numeric: true, cell: (row) => price(row.average_cost) },
  { head: "Realised", numeric: true, cell: (row) => <Change amount={row.realised} /> },
  { head: "Fees", numeric: true, cell: (row) => money(row.fees) },
  { head: "Held at", cell: (row) => Object.entries(row.venues).map(([venue, held]) => `${venue} ${quantity(held)}`).join(", ") },
];

export function Positions({ live }: { live: Live<Portfolio> }) {
  return (
    <Panel id="positions" title="Positions" live={live} asOf={(data) => data.as_of} empty={nothing}>
      {(data) => (
        <Table caption={`Positions, in ${data.quote}`} columns={COLUMNS} rows={data.positions} keyOf={(row) => row.symbol} />
      )}
    </Panel>
  );
}

const nothing = (data: Portfolio) =>
  data.positions.length === 0 && "No position is held. What the trading role buys stands here with its gain or loss.";
