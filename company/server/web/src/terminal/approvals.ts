// Deciding about one call, or about all of its bundle that is shown.

import { ApiError, get, post } from "../wire/client";
import type { Asked } from "../wire/log";
import type { Approval, Decided } from "../wire/types";

/** An approval of the API as the journal tells of it. */
export function askedOf(approval: Approval): Asked {
  const { id, run, role, tool, rule, reason, sources, state, note, bundle, repeats, needed } = approval;
  const told = { id, run, role, tool, rule, reason, sources, state, note, bundle, repeats, needed };
  const votes = approval.votes.map(({ person }) => person);
  return {
    ...told,
    arguments: approval.arguments,
    expiresAt: approval.expires_at,
    by: approval.decided_by ?? "",
    votes,
    escalated: approval.escalated_at !== null,
  };
}

export interface Answer {
  /** How it stands now, whoever decided. */
  asked: Asked;
  /** Why this decision did not count; empty when it did. */
  fault: string;
}

/** Decide; when somebody else was first, say so and how. With `shown`, decide all of these, of which it is the last. */
export async function decide(id: string, approved: boolean, note: string, shown: readonly string[] = []): Promise<Answer> {
  const path = `/approvals/${encodeURIComponent(id)}`;
  const bundle = shown.length ? { bundle: true, shown } : {};
  try {
    return { asked: askedOf((await post<Decided>(path, { approved, note, ...bundle })).approval), fault: "" };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    return { asked: askedOf(await get<Approval>(path)), fault: error.message };
  }
}

/** What of a bundle is open up to one of it, that one last: what a person has been shown with it. */
export function shownWith(asked: Asked, all: readonly Asked[]): Asked[] {
  const place = all.findIndex(({ id }) => id === asked.id);
  return all.slice(0, place + 1).filter(({ bundle, state }) => bundle === asked.bundle && state === "open");
}

/** `1 of 2 said yes: ada`; empty where one person is enough. */
export function tally({ needed, votes }: { needed: number; votes: readonly string[] }): string {
  return needed > 1 ? `${votes.length} of ${needed} said yes${votes.length ? `: ${votes.join(", ")}` : ""}` : "";
}
