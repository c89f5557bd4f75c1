// Who was logged in last in this browser. While the company cannot be reached the page is shown in that name, so that
// drafts can be written and seen; it opens nothing, since every request is still decided by the company.

import type { Session } from "../wire/types";

const KEY = "company.session";

/** Keep who is logged in, forget who was logged out; undefined, when it is not known yet, changes nothing. */
export function remember(session: Session | null | undefined): void {
  if (session) localStorage.setItem(KEY, JSON.stringify(session));
  else if (session === null) localStorage.removeItem(KEY);
}

export function remembered(): Session | null {
  const kept = localStorage.getItem(KEY);
  return kept === null ? null : (JSON.parse(kept) as Session);
}
