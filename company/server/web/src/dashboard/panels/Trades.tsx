import type { Live } from "../../wire/live";
import type { Orders, Trade } from "../../wire/types";
import { When } from "../clocks";
import { money, price, quantity } from "../numbers";
import { Panel } from "../Panel";
import { Side } from "../signs";
import { Table, type Column } from "../Table";

const COLUMNS: Column<Trade>[] = [
  { head: "When", cell: (row) => <When at={row.at} clock="company" /> },
  { head: "Symbol", cell: (row) => row.symbol },
  { head: "Side", cell: (row) => <Side side={row.side} /> },
  { head: "Quantity", numeric: true, cell: (row) => quantity(row.quantity) },
  { head: "Price", numeric: true, cell: (row) => price(row.price) },
  { head: "Notional", numeric: true, cell: (row) => money(row.notional) },
  { head: "Fee", numeric: true, cell: (row) => (row.fee === null ? "unknown" : money(row.fee)) },
  { head: "Venue", cell: (row) => row.venue },
  { head: "Why", cell: (row) => <span className="why">{row.reason}</span> },
];

export function Trades({ live }: { live: Live<Orders> }) {
  return (
    <Panel id="trades" title="Recent trades" live={live} empty={nothing}>
      {(data) => <Table caption="Recent trades, newest first" columns={COLUMNS} rows={data.trades} keyOf={(row) => row.seq} />}
    </Panel>
  );
}

const nothing = (data: Orders) => data.trades.length === 0 && "No trade yet. Fills stand here as soon as a cycle or a chat trades.";
