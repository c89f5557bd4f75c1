// The `/` menu.

import { approve, reject, run, stop } from "./acting";
import { agents, cost, memory, mode, persona, portfolio, report, risk, status, why } from "./asking";
import type { Command } from "./command";
import { line, table } from "./printed";

const help: Command = {
  name: "help",
  summary: "commands and keys",
  run: async () => [
    table("Commands", "command|what it does", COMMANDS.map(({ name, takes, summary }) => [`/${name}${takes ? ` ${takes}` : ""}`, summary]), ""),
    table("Keys", "key|what it does", KEYS, ""),
    line("Everything else is said to the CEO.", "quiet"),
  ],
};

export const COMMANDS: readonly Command[] = [
  status, run, stop, approve, reject, agents, portfolio, risk, cost, report, why, memory, persona, mode, help,
];

const KEYS = [
  ["Enter", "send"],
  ["Shift+Enter", "new line"],
  ["↑ ↓", "what you typed before"],
  ["/ or Ctrl+K", "commands"],
  ["Esc", "close the menu, else stop the run that is under way"],
  ["a, r", "approve, reject the card that has the focus"],
  ["A, R", "approve, reject all of its bundle that stand above it too"],
];
