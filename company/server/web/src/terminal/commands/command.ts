import type { Scope } from "../../wire/types";
import type { Printed } from "./printed";

/** What a command may know of the screen. */
export interface Place {
  thread: string;
  /** The newest run that is under way; empty without one. */
  running: string;
}

export interface Command {
  name: string;
  /** What follows the name: `ID [note]`. */
  takes?: string;
  summary: string;
  /** Scope it needs beside `read`. */
  scope?: Scope;
  run(rest: string, place: Place): Promise<Printed[]>;
}

/** What a person typed as a command: `/why A1` is `why` and `A1`; null for words that are none. */
export function parse(text: string): { name: string; rest: string } | null {
  const match = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text.trim());
  return match ? { name: (match[1] ?? "").toLowerCase(), rest: (match[2] ?? "").trim() } : null;
}

/** Commands whose name begins with what was typed, then those that hold it anywhere. */
export function matching(commands: readonly Command[], typed: string): Command[] {
  const word = typed.replace(/^\//, "").toLowerCase();
  const begins = commands.filter(({ name }) => name.startsWith(word));
  const holds = commands.filter((command) => !begins.includes(command) && `${command.name} ${command.summary}`.toLowerCase().includes(word));
  return [...begins, ...holds];
}
