// Messages between the prompt and the journal: shown at once, gone when the journal's own words stand in their place.

import { Cell } from "../wire/cell";
import { send as deliver } from "../pwa/outbox";
import type { Entry, RunLog } from "../wire/log";

export interface Pending {
  id: number;
  thread: string;
  text: string;
  /** Number of the newest event when it was sent. */
  after: number;
  /** The run that answers; empty until the company took the message. */
  run: string;
  /** Why the company refused it. */
  fault: string;
}

export const pending = new Cell<readonly Pending[]>([]);

let last = 0;

/** Say something. What cannot be sent now is queued, and then the outbox shows it. */
export async function send(text: string, thread: string, after: number): Promise<void> {
  last += 1;
  const id = last;
  pending.set([...pending.get(), { id, thread, text, after, run: "", fault: "" }]);
  try {
    const sent = await deliver(text, thread);
    if (sent === "queued") drop(id);
    else change(id, { run: sent.run });
  } catch (error) {
    change(id, { fault: error instanceof Error ? error.message : String(error) });
  }
}

/** The journal tells of the message: of its run, or of its words, which may come before the company's answer to it. */
export function isTold({ run, text, after }: Pending, runs: readonly RunLog[]): boolean {
  const says = (entry: Entry) => entry.kind === "message" && entry.from === "person" && (run !== "" || entry.text === text);
  return runs.some((one) => (run ? one.id === run : one.seq > after) && one.entries.some(says));
}

/** Forget the messages of a conversation that its journal tells of. */
export function settle(thread: string, runs: readonly RunLog[]): void {
  const left = pending.get().filter((message) => message.thread !== thread || !isTold(message, runs));
  if (left.length < pending.get().length) pending.set(left);
}

export function drop(id: number): void {
  pending.set(pending.get().filter((message) => message.id !== id));
}

function change(id: number, change: Partial<Pending>): void {
  pending.set(pending.get().map((message) => (message.id === id ? { ...message, ...change } : message)));
}
