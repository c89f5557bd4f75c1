import type { Live } from "../../wire/live";
import type { Order, Orders } from "../../wire/types";
import { When } from "../clocks";
import { price, quantity } from "../numbers";
import { Panel } from "../Panel";
import { Side } from "../signs";
import { Table, type Column } from "../Table";

const COLUMNS: Column<Order>[] = [
  { head: "Symbol", cell: (row) => row.symbol },
  { head: "Side", cell: (row) => <Side side={row.side} /> },
  { head: "Type", cell: (row) => row.type },
  { head: "Quantity", numeric: true, cell: (row) => quantity(row.quantity) },
  { head: "Filled", numeric: true, cell: (row) => quantity(row.filled) },
  { head: "Price", numeric: true, cell: (row) => (row.price === null ? "market" : price(row.price)) },
  { head: "Status", cell: (row) => row.status },
  { head: "Venue", cell: (row) => row.venue },
  { head: "Placed", cell: (row) => <When at={row.at} clock="company" /> },
  { head: "Why", cell: (row) => <span className="why">{row.reason}</span> },
];

export function OpenOrders({ live }: { live: Live<Orders> }) {
  return (
    <Panel id="orders" title="Open orders" live={live} empty={nothing}>
      {(data) => <Table caption="Open orders" columns={COLUMNS} rows={data.open} keyOf={(row) => `${row.venue} ${row.order_id}`} />}
    </Panel>
  );
}

const nothing = (data: Orders) => data.open.length === 0 && "No order is in a book. A limit order stands here until it fills or is cancelled.";
