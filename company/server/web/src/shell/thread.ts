// The conversation that is shown; it stands in the address, so that a reload and a link find it again.

import { Cell } from "../wire/cell";

const FIRST = "main";

export const thread = new Cell(new URLSearchParams(location.search).get("thread") || FIRST);

export function show(id: string): void {
  const url = new URL(location.href);
  if (id === FIRST) url.searchParams.delete("thread");
  else url.searchParams.set("thread", id);
  history.replaceState(null, "", url);
  thread.set(id);
}

/** Begin a conversation; it exists for the company with its first message. */
export function begin(): void {
  show(`t${Date.now().toString(36)}`);
}
