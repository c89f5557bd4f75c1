// The journal as a person reads it: runs, and in each run the request, the plan, a lane per assignment, what happened,
// and the answer. `reduce.ts` makes it from events.

import type { Note } from "./notes";
import type { Json, Time } from "./types";

export type RunState = "running" | "waiting" | "done" | "degraded" | "failed" | "stopped";
export type LaneState = "working" | "ok" | "waiting" | "degraded" | "failed" | "stopped";

export interface Log {
  /** Number of the last event taken. */
  known: number;
  runs: readonly RunLog[];
  asked: { readonly [id: string]: Asked };
  /** By run, also of runs that are not at hand. */
  feedback: { readonly [run: string]: Opinions };
}

export interface RunLog {
  /** Empty for an event of the company itself. */
  id: string;
  thread: string;
  /** Number of its first event. */
  seq: number;
  begun: Time;
  /** Company time; empty before it is known. */
  now: Time;
  state: RunState;
  entries: readonly Entry[];
  lanes: { readonly [path: string]: Lane };
  cost: Cost;
  ended: Time | null;
  /** Why it failed or was stopped. */
  error: string;
  /** What stood in for what, or went wrong, in words. */
  degraded: readonly string[];
}

/** What people thought of an answer, by name. */
export type Opinions = { readonly [person: string]: Thumb };
export interface Thumb {
  value: "up" | "down";
  note: string;
}

/** For the eye; the ledger of `/costs` is exact. */
export interface Cost {
  usd: number;
  tokens: number;
}

export type Entry =
  | ({ kind: "message" } & Said)
  | { kind: "plan"; id: string; steps: readonly Step[] }
  | { kind: "lane"; path: string }
  | { kind: "approval"; id: string }
  | ({ kind: "note" } & Note);

export interface Said {
  id: string;
  from: "person" | "ceo";
  text: string;
  /** Still being written. */
  open: boolean;
  at: Time;
  seq: number;
}

export interface Step {
  path: string;
  role: string;
  task: string;
  expects: string;
}

export interface Lane {
  path: string;
  role: string;
  task: string;
  state: LaneState;
  begun: Time;
  ended: Time | null;
  items: readonly (({ kind: "call" } & Call) | ({ kind: "note" } & Note))[];
  summary: string;
  /** It read text of strangers. */
  tainted: boolean;
  /** What it claims and no receipt shows, with what is missing. */
  unproven: readonly string[];
  failures: readonly string[];
  notices: readonly string[];
  cost: Cost;
}

export interface Call {
  id: string;
  tool: string;
  /** JSON text. */
  arguments: string;
  begun: Time;
  ended: Time | null;
  verdict: Verdict | null;
  result: Result | null;
}

export interface Verdict {
  decision: string;
  rule: string;
  reason: string;
  mandate: string;
  sources: readonly string[];
}

export interface Result {
  status: string;
  value?: Json;
  error?: string;
  approval?: string;
  receipt?: string;
  untrusted?: Json;
}

/** An approval as the journal tells of it. */
export interface Asked {
  id: string;
  run: string;
  role: string;
  tool: string;
  arguments: { [name: string]: Json };
  rule: string;
  reason: string;
  sources: readonly string[];
  expiresAt: Time;
  state: string;
  by: string;
  note: string;
  /** Id of the first of those that may be answered as one. */
  bundle: string;
  /** Id of an earlier one of them about the same call; empty when there is none. */
  repeats: string;
  /** How many people have to say yes, and who of several did. */
  needed: number;
  votes: readonly string[];
  /** Nobody answered for a while, so it was passed on. */
  escalated: boolean;
}

export const EMPTY: Log = { known: 0, runs: [], asked: {}, feedback: {} };
export const FREE: Cost = { usd: 0, tokens: 0 };

/** What makes an entry the same as another one of its run; a component's key, too. */
export function nameOf(entry: Entry): string {
  if (entry.kind === "lane") return `lane ${entry.path}`;
  return `${entry.kind} ${entry.kind === "note" ? entry.seq : entry.id}`;
}

/** `trading` of `ceo/trading~2`. */
export function roleOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/~\d+$/, "");
}
