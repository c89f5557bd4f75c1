// Messages between the prompt and the journal: shown at once, gone when the journal's own words stand in their place.

import { Cell } from "../wire/cell";
import { send as deliver } from "../pwa/outbox";

export interface Pending {
  id: number;
  thread: string;
  text: string;
  /** The run that answers; empty until the company took the message. */
  run: string;
  /** Why the company refused it. */
  fault: string;
}

export const pending = new Cell<readonly Pending[]>([]);

let last = 0;

/** Say something. What cannot be sent now is queued, and then the outbox shows it. */
export async function send(text: string, thread: string): Promise<void> {
  last += 1;
  const id = last;
  pending.set([...pending.get(), { id, thread, text, run: "", fault: "" }]);
  try {
    const sent = await deliver(text, thread);
    if (sent === "queued") drop(id);
    else change(id, { run: sent.run });
  } catch (error) {
    change(id, { fault: error instanceof Error ? error.message : String(error) });
  }
}

/** Forget the messages whose runs the journal tells of. */
export function settle(runs: ReadonlySet<string>): void {
  const left = pending.get().filter((message) => !runs.has(message.run));
  if (left.length < pending.get().length) pending.set(left);
}

export function drop(id: number): void {
  pending.set(pending.get().filter((message) => message.id !== id));
}

function change(id: number, change: Partial<Pending>): void {
  pending.set(pending.get().map((message) => (message.id === id ? { ...message, ...change } : message)));
}
