// What commands printed on this screen. It is not in the journal and ends with the page.

import { Cell } from "../wire/cell";
import type { Place } from "./commands/command";
import { parse } from "./commands/command";
import { COMMANDS } from "./commands/commands";
import { line, type Printed } from "./commands/printed";

export interface Local {
  id: number;
  /** As typed. */
  command: string;
  thread: string;
  /** Number of the event after which it stands. */
  after: number;
  /** null while it is at work. */
  printed: readonly Printed[] | null;
}

export const locals = new Cell<readonly Local[]>([]);

let last = 0;

/** Do what was typed as a command, and print what came out or what is wrong. */
export async function perform(command: string, place: Place, after: number): Promise<void> {
  last += 1;
  const id = last;
  locals.set([...locals.get(), { id, command, thread: place.thread, after, printed: null }]);
  const printed = await print(command, place);
  locals.set(locals.get().map((local) => (local.id === id ? { ...local, printed } : local)));
}

async function print(typed: string, place: Place): Promise<Printed[]> {
  const asked = parse(typed);
  const command = COMMANDS.find(({ name }) => name === asked?.name);
  if (!asked || !command) return [line(`there is no command ${typed.split(/\s/)[0]}; /help lists them`, "warn")];
  try {
    return await command.run(asked.rest, place);
  } catch (error) {
    return [line(error instanceof Error ? error.message : String(error), "bad")];
  }
}
