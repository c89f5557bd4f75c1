// One box of the dashboard: its heading, how fresh it is, and one of four states: loading, failed, empty, full.

import { useContext, useRef, type ReactNode } from "react";

import type { Live } from "../wire/live";
import { Boundary } from "./Boundary";
import { ClocksContext } from "./clocks";
import { useScrolling } from "./scrolling";
import { fullTime, relative, shortTime } from "./times";

export interface PanelProps<T> {
  /** Also the anchor of the panel. */
  id: string;
  title: string;
  live: Live<T>;
  /** Company time of what is shown. */
  asOf?: (data: T) => string;
  /** What will appear here and how, when there is nothing yet. */
  empty?: (data: T) => ReactNode;
  /** Stands beside the heading, whatever the state. */
  tools?: ReactNode;
  children: (data: T) => ReactNode;
}

export function Panel<T>({ id, title, live, asOf, empty, tools, children }: PanelProps<T>) {
  const heading = `${id}-heading`;
  const box = useRef<HTMLDivElement>(null);
  return (
    <section className="panel" id={id} aria-labelledby={heading} aria-busy={live.data === undefined && !live.error}>
      <header>
        <h2 id={heading} tabIndex={-1}>
          {title}
        </h2>
        {tools && <div className="tools">{tools}</div>}
        <Freshness live={live} asOf={asOf} />
      </header>
      <div className="body" ref={box} {...useScrolling(box, title)}>
        <Boundary title={title}>
          <Body title={title} live={live} empty={empty} children={children} />
        </Boundary>
      </div>
    </section>
  );
}

interface BodyProps<T> {
  title: string;
  live: Live<T>;
  empty: ((data: T) => ReactNode) | undefined;
  children: (data: T) => ReactNode;
}

function Body<T>({ title, live, empty, children }: BodyProps<T>) {
  if (live.data === undefined) return live.error ? <Failed title={title} live={live} /> : <Skeleton title={title} />;
  const nothing = empty?.(live.data);
  return (
    <>
      {live.error && <Failed title={title} live={live} />}
      {nothing ? <div className="empty">{nothing}</div> : children(live.data)}
    </>
  );
}

/** Says what failed and asks again on request; old figures stay below it. */
function Failed({ title, live }: { title: string; live: Live<unknown> }) {
  const old = live.data !== undefined;
  return (
    <div className={old ? "failed old" : "failed"} role="status">
      <p>
        <strong>{old ? "Not up to date." : `${title} could not be loaded.`}</strong> {live.error?.message}
      </p>
      <button type="button" onClick={live.refresh}>
        Try again<span className="unseen"> to load {title}</span>
      </button>
    </div>
  );
}

export function Skeleton({ title }: { title: string }) {
  return (
    <div className="skeleton">
      <p className="unseen">Loading {title}</p>
      {[0, 1, 2, 3, 4].map((row) => (
        <i key={row} aria-hidden="true" />
      ))}
    </div>
  );
}

/** "as of 20 Nov 14:05 UTC, 12 s ago": company time of the figures, and when they came. */
function Freshness<T>({ live, asOf }: { live: Live<T>; asOf: ((data: T) => string) | undefined }) {
  const { wall } = useContext(ClocksContext);
  const kind = asOf ? "freshness dated" : "freshness";
  if (live.data === undefined || live.at === undefined) return <p className={kind}>&nbsp;</p>;
  const time = asOf?.(live.data);
  return (
    <p className={kind}>
      {time && (
        <time dateTime={time} title={`Company time ${fullTime(time)}`}>
          as of {shortTime(time)},{" "}
        </time>
      )}
      <time dateTime={new Date(live.at).toISOString()} title={`Loaded ${fullTime(new Date(live.at).toISOString())}`}>
        {relative(live.at, Math.max(wall, live.at))}
      </time>
    </p>
  );
}
