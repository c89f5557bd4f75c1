// Commands that change something.

import { ApiError, get, post } from "../../wire/client";
import type { Approval, Decided, Run, Started } from "../../wire/types";
import { askedOf, shownWith, tally } from "../approvals";
import type { Command } from "./command";
import { line, type Printed } from "./printed";

export const run: Command = {
  name: "run",
  summary: "run one cycle of the company now",
  scope: "chat",
  async run() {
    const started = await post<Started>("/cycles", undefined, { key: crypto.randomUUID() });
    return [line(`cycle ${started.run} begins`, "quiet")];
  },
};

export const stop: Command = {
  name: "stop",
  takes: "[run]",
  summary: "stop the run that is under way; Esc does it too",
  scope: "chat",
  async run(rest, { running }) {
    const id = rest || running;
    if (!id) return [line("nothing is running", "quiet")];
    await cancel(id);
    return [line(`${id} is asked to stop; what it did is kept`, "warn")];
  },
};

/** Stop one run. A run that has ended meanwhile is no fault. */
export async function cancel(id: string): Promise<void> {
  try {
    await post<Run>(`/runs/${encodeURIComponent(id)}/cancel`);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
  }
}

export const approve = deciding("approve", true);
export const reject = deciding("reject", false);

function deciding(name: string, approved: boolean): Command {
  return {
    name,
    takes: "[all] [id] [note]",
    summary: `${name} one call that waits, or all of its bundle up to it; without an id: show what waits`,
    scope: "approve",
    async run(rest) {
      const [first, more] = split(rest);
      const bundle = first.toLowerCase() === "all";
      const [id, note] = bundle ? split(more) : [first, more];
      if (!id) return waiting();
      const asked = { approved, note, ...(bundle && { bundle }) };
      const decided = await post<Decided>(`/approvals/${encodeURIComponent(id.toUpperCase())}`, asked);
      return (bundle ? decided.bundle : [decided.approval]).map((approval) => stands(approval, approved));
    },
  };
}

function stands(approval: Approval, approved: boolean): Printed {
  const { id, tool } = approval;
  if (approval.state !== "open") return line(`${id} ${approval.state}: ${tool}`, approved ? "good" : "warn");
  return line(`${id} still waits: ${tool}${approval.needed > 1 ? `, ${tally(askedOf(approval))}` : ""}`, "warn");
}

async function waiting(): Promise<Printed[]> {
  const open = await get<Approval[]>("/approvals");
  if (!open.length) return [line("nothing waits for a person", "quiet")];
  const all = open.map(askedOf);
  return all.map((asked) => ({ kind: "approval", asked, shown: shownWith(asked, all) }));
}

function split(rest: string): [id: string, note: string] {
  const space = rest.search(/\s/);
  return space < 0 ? [rest, ""] : [rest.slice(0, space), rest.slice(space).trim()];
}
