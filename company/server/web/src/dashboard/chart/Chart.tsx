// A canvas and its table. The canvas is for the eye only; the table has the same rows, is always there for screen
// readers, and can be shown to everybody.

import { useEffect, useRef, useState, type RefObject } from "react";

import { Table, type Column } from "../Table";
import type { Drawing } from "./draw";
import { onTheme } from "./palette";

type Drawings = typeof import("./draw");

export interface ChartProps<T> {
  /** What the picture shows, in a sentence. */
  label: string;
  rows: T[];
  columns: Column<T>[];
  /** Show the table instead of the picture. */
  tabled: boolean;
  draw: (from: Drawings) => (box: HTMLElement) => Drawing<T>;
}

export function Chart<T extends { time: number }>({ label, rows, columns, tabled, draw }: ChartProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const fault = useDrawing(box, rows, draw);
  const newest = [...rows].reverse();
  return (
    <div className="chart">
      <div className={tabled || fault ? "canvas gone" : "canvas"} role="img" aria-label={label} ref={box} />
      {fault && (
        <p className="warn" role="status">
          The chart could not be drawn ({fault}). The table has the same figures.
        </p>
      )}
      <div className={tabled || fault ? "twin" : "twin unseen"}>
        <Table caption={`${label}, newest first`} columns={columns} rows={newest} keyOf={(row) => row.time} />
      </div>
    </div>
  );
}

/** Stands in the heading of a panel that holds a chart. */
export function TableToggle({ of, tabled, set }: { of: string; tabled: boolean; set: (tabled: boolean) => void }) {
  return (
    <button type="button" className="toggle" aria-pressed={tabled} onClick={() => set(!tabled)}>
      Table<span className="unseen"> of {of}</span>
    </button>
  );
}

/** Keep the drawing in the box in step with the rows and the theme; the answer is what went wrong. */
function useDrawing<T>(box: RefObject<HTMLDivElement | null>, rows: T[], draw: ChartProps<T>["draw"]): string {
  const [fault, setFault] = useState("");
  const drawing = useRef<Drawing<T> | null>(null);
  const latest = useRef(rows);
  latest.current = rows;

  useEffect(() => {
    let gone = false;
    const begin = async () => {
      const made = draw(await import("./draw"));
      if (gone || !box.current) return;
      drawing.current = made(box.current);
      drawing.current.show(latest.current);
    };
    begin().catch((error: unknown) => gone || setFault(error instanceof Error ? error.message : String(error)));
    const stop = onTheme(() => drawing.current?.paint());
    return () => {
      gone = true;
      stop();
      drawing.current?.remove();
      drawing.current = null;
    };
  }, [box, draw]);

  useEffect(() => drawing.current?.show(rows), [rows]);
  return fault;
}
