// What a command prints, as data.

import type { Asked } from "../../wire/log";
import type { Tone } from "../../wire/notes";

export type Printed =
  | { kind: "line"; text: string; tone?: Tone }
  | { kind: "facts"; facts: [name: string, value: string, tone?: Tone][] }
  | { kind: "table"; title: string; columns: Column[]; rows: string[][]; empty: string }
  | { kind: "spark"; label: string; numbers: number[] }
  | { kind: "markdown"; text: string }
  | { kind: "approval"; asked: Asked; shown: Asked[] };

export interface Column {
  title: string;
  /** Numbers stand right. */
  number?: boolean;
}

export const line = (text: string, tone: Tone = "plain"): Printed => ({ kind: "line", text, tone });
export const facts = (...rows: [string, string, Tone?][]): Printed => ({ kind: "facts", facts: rows });

/** A table; a column's title that begins with `#` holds numbers. */
export function table(title: string, columns: string, rows: string[][], empty: string): Printed {
  const named = columns.split("|").map((column) => {
    const number = column.startsWith("#");
    return { title: number ? column.slice(1) : column, number };
  });
  return { kind: "table", title, columns: named, rows, empty };
}
