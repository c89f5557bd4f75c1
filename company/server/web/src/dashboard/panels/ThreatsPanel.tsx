import type { Live } from "../../wire/live";
import type { Threats } from "../../wire/types";
import { When } from "../clocks";
import { count } from "../numbers";
import { Panel } from "../Panel";
import { Badge, type Tone } from "../signs";
import { Table, type Column } from "../Table";

type Alert = Threats["alerts"][number];

const SEVERITIES: Record<Alert["severity"], { tone: Tone; glyph: string }> = {
  low: { tone: "plain", glyph: "○" },
  medium: { tone: "warn", glyph: "◐" },
  high: { tone: "bad", glyph: "▲" },
  critical: { tone: "bad", glyph: "■" },
};

const columns = (blocked: Set<string>): Column<Alert>[] => [
  { head: "Severity", cell: ({ severity }) => <Badge {...SEVERITIES[severity]}>{severity}</Badge> },
  { head: "Kind", cell: (row) => <span title={`${row.rule} ${row.owasp}`}>{row.kind}</span> },
  { head: "Source", cell: (row) => <code>{row.source}</code> },
  { head: "Blocked", cell: (row) => (blocked.has(row.source) ? "blocked" : "not blocked") },
  { head: "Count", numeric: true, cell: (row) => count(row.count) },
  { head: "Last seen", cell: (row) => <When at={row.last_at} clock="company" /> },
  { head: "Sample", cell: (row) => <code className="why">{row.sample}</code> },
];

export function ThreatsPanel({ live }: { live: Live<Threats> }) {
  return (
    <Panel id="threats" title="Threats" live={live} empty={nothing}>
      {({ alerts, blocks }) => (
        <>
          {alerts.length > 0 && (
            <Table
              caption="Threats, with their sources"
              columns={columns(new Set(blocks.map(({ address }) => address)))}
              rows={alerts}
              keyOf={(row) => row.id}
            />
          )}
          {blocks.length > 0 && <Blocks blocks={blocks} />}
        </>
      )}
    </Panel>
  );
}

const nothing = ({ alerts, blocks }: Threats) =>
  alerts.length + blocks.length === 0 && "No attack was found. The security role reads the traffic each cycle and lists here what it finds.";

function Blocks({ blocks }: { blocks: Threats["blocks"] }) {
  return (
    <>
      <h3>Blocked addresses</h3>
      <ul className="rows">
        {blocks.map(({ address, reason, at }) => (
          <li key={`${address} ${at}`}>
            <code>{address}</code> {reason} <span className="second">since <When at={at} clock="company" /></span>
          </li>
        ))}
      </ul>
    </>
  );
}
