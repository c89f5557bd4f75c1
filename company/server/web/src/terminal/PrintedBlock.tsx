import { ApprovalCard } from "./ApprovalCard";
import type { Printed } from "./commands/printed";
import { Markdown } from "./Markdown";
import { Sparkline } from "./Sparkline";

/** One thing that a command printed. */
export function PrintedBlock({ printed }: { printed: Printed }) {
  switch (printed.kind) {
    case "line":
      return <p className={`line ${printed.tone ?? "plain"}`}>{printed.text}</p>;
    case "facts":
      return <Facts {...printed} />;
    case "table":
      return <Table {...printed} />;
    case "spark":
      return <Sparkline label={printed.label} numbers={printed.numbers} />;
    case "markdown":
      return <Markdown text={printed.text} />;
    case "approval":
      return <ApprovalCard asked={printed.asked} shown={printed.shown} />;
  }
}

function Facts({ facts }: Extract<Printed, { kind: "facts" }>) {
  return (
    <dl className="facts">
      {facts.map(([name, value, tone]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={tone ?? "plain"}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Table({ title, columns, rows, empty }: Extract<Printed, { kind: "table" }>) {
  if (!rows.length) return <p className="line quiet">{empty}</p>;
  const side = (index: number) => (columns[index]?.number ? "number" : undefined);
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label={title}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={index} scope="col" className={side(index)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={place}>
              {row.map((cell, index) => (
                <td key={index} className={side(index)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
