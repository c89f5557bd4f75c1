// The two clocks of the page: the reader's, and the company's, which may be a simulated one.

import { createContext, useContext, useEffect, useState, type ReactNode } from "react";

import { fullTime, relative } from "./times";

export interface Clocks {
  /** Milliseconds since the epoch. */
  wall: number;
  /** The same in company time; undefined before anything of it is known. */
  company: number | undefined;
}

export const ClocksContext = createContext<Clocks>({ wall: 0, company: undefined });

const TICK_MS = 5_000;

/** Tells the time to what is inside; only what shows a time is drawn again when it goes on. */
export function Clock({ company, children }: { company: number | undefined; children: ReactNode }) {
  const [wall, setWall] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setWall(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return <ClocksContext.Provider value={{ wall, company }}>{children}</ClocksContext.Provider>;
}

/** The latest of company times that panels were given. */
export function latest(times: (string | undefined)[]): number | undefined {
  const known = times.map((time) => Date.parse(time ?? "")).filter((time) => !Number.isNaN(time));
  return known.length ? Math.max(...known) : undefined;
}

/** A time as "3 min ago", with the full time as its title. */
export function When({ at, clock }: { at: string; clock: keyof Clocks }) {
  const clocks = useContext(ClocksContext);
  const full = fullTime(at);
  const now = clocks[clock];
  return (
    <time dateTime={at} title={full}>
      {now === undefined ? full : relative(Date.parse(at), now)}
    </time>
  );
}
