// A table that scrolls inside its own box, never the page.

import { useRef, type ReactNode } from "react";

import { useScrolling } from "./scrolling";

export interface Column<R> {
  head: string;
  cell: (row: R) => ReactNode;
  /** Right-aligned, in figures of one width. */
  numeric?: boolean;
}

export interface TableProps<R> {
  /** Read to screen readers; the panel's heading is what is seen. */
  caption: string;
  /** The first one heads its row. */
  columns: Column<R>[];
  rows: R[];
  keyOf: (row: R) => string | number;
}

export function Table<R>({ caption, columns, rows, keyOf }: TableProps<R>) {
  const box = useRef<HTMLDivElement>(null);
  return (
    <div className="scroll" ref={box} {...useScrolling(box, caption)}>
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, numeric }) => (
              <th key={head} scope="col" className={numeric ? "number" : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>{columns.map((column, place) => cellOf(column, row, place))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cellOf<R>({ head, cell, numeric }: Column<R>, row: R, place: number) {
  const kind = numeric ? "number" : undefined;
  if (place > 0) return <td key={head} className={kind} children={cell(row)} />;
  return <th key={head} scope="row" className={kind} children={cell(row)} />;
}
