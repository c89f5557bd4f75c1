// Deciding about one call.

import { ApiError, get, post } from "../wire/client";
import type { Asked } from "../wire/log";
import type { Approval, Decided } from "../wire/types";

/** An approval of the API as the journal tells of it. */
export function askedOf(approval: Approval): Asked {
  const { id, run, role, tool, rule, reason, sources, state, note } = approval;
  return { id, run, role, tool, arguments: approval.arguments, rule, reason, sources, expiresAt: approval.expires_at, state, by: approval.decided_by ?? "", note };
}

export interface Answer {
  /** How it stands now, whoever decided. */
  asked: Asked;
  /** Why this decision did not count; empty when it did. */
  fault: string;
}

/** Decide; when somebody else was first, say so and how. */
export async function decide(id: string, approved: boolean, note: string): Promise<Answer> {
  const path = `/approvals/${encodeURIComponent(id)}`;
  try {
    return { asked: askedOf((await post<Decided>(path, { approved, note })).approval), fault: "" };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    return { asked: askedOf(await get<Approval>(path)), fault: error.message };
  }
}
