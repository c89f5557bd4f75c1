import type { Live } from "../../wire/live";
import type { Portfolio } from "../../wire/types";
import { money, quantity } from "../numbers";
import { Panel } from "../Panel";
import { Table, type Column } from "../Table";

type Balance = Portfolio["balances"][number];

const columns = (quote: string): Column<Balance>[] => [
  { head: "Venue", cell: (row) => row.venue },
  { head: "Currency", cell: (row) => row.currency },
  { head: "Free", numeric: true, cell: (row) => quantity(row.free) },
  { head: "Total", numeric: true, cell: (row) => quantity(row.total) },
  { head: `Value ${quote}`, numeric: true, cell: (row) => (row.value === null ? "no price" : money(row.value)) },
];

export function Balances({ live }: { live: Live<Portfolio> }) {
  return (
    <Panel id="balances" title="Balances by venue" live={live} asOf={(data) => data.as_of} empty={nothing}>
      {(data) => (
        <Table
          caption="Balances by venue and currency"
          columns={columns(data.quote)}
          rows={data.balances}
          keyOf={(row) => `${row.venue} ${row.currency}`}
        />
      )}
    </Panel>
  );
}

const nothing = (data: Portfolio) => data.balances.length === 0 && "No venue has reported a balance yet. Each one that answers stands here.";
