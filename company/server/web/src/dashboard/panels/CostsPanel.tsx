import type { Live } from "../../wire/live";
import type { CostReport, CostRow } from "../../wire/types";
import { Meter } from "../Meter";
import { count, counted, usd } from "../numbers";
import { Panel } from "../Panel";
import { Table, type Column } from "../Table";

const columns = (name: string): Column<CostRow>[] => [
  { head: name, cell: (row) => row.key },
  { head: "USD", numeric: true, cell: (row) => usd(row.usd) },
  { head: "Calls", numeric: true, cell: (row) => count(row.calls) },
  { head: "Failed", numeric: true, cell: (row) => count(row.failed) },
  { head: "Input", numeric: true, cell: (row) => count(row.input) },
  { head: "Cached", numeric: true, cell: (row) => count(row.cached) },
  { head: "Output", numeric: true, cell: (row) => count(row.output) },
];

export function CostsPanel({ live }: { live: Live<CostReport> }) {
  return (
    <Panel id="costs" title="Costs" live={live}>
      {(data) => (
        <>
          <div className="pair">
            <Meter label="Today" value={data.usd_today} limit={data.usd_day_limit} text={of(data.usd_today, data.usd_day_limit)} />
            <Meter label="This month" value={data.usd_month} limit={data.usd_month_limit} text={of(data.usd_month, data.usd_month_limit)} />
          </div>
          <p className="note">
            {counted(data.calls_today, "model call")} and {counted(data.tokens_today, "token")} today
          </p>
          <Breakdown report={data} />
        </>
      )}
    </Panel>
  );
}

const of = (spent: string, limit: string) => `${usd(spent)} of ${usd(limit)}`;

/** Departments are worth a table of their own where one has several roles. */
function Breakdown({ report: { by_department, by_role, by_model } }: { report: CostReport }) {
  if (!by_role.length) return <p className="empty">No model was asked yet. What each role and each model cost stands here.</p>;
  return (
    <div className="pair">
      {by_department.length < by_role.length && (
        <Table caption="Costs by department" columns={columns("Department")} rows={by_department} keyOf={(row) => row.key} />
      )}
      <Table caption="Costs by role" columns={columns("Role")} rows={by_role} keyOf={(row) => row.key} />
      <Table caption="Costs by model" columns={columns("Model")} rows={by_model} keyOf={(row) => row.key} />
    </div>
  );
}
