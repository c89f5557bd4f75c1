// Sends queued messages, oldest first, by one tab or the service worker at a time. Messages and nothing else: an approval,
// a stop or a cycle is a decision about now, so it is never kept for later.

import { ApiError, get, post } from "../wire/client";
import type { Session, Started } from "../wire/types";
import type { Draft, Drafts } from "./drafts";

const LOCK = "company-outbox";
const CHANNEL = "company-outbox";

/** Statuses that say "not now": nothing answered, or only something in front of the company. */
const LATER = new Set([0, 401, 408, 409, 425, 429, 500, 502, 503, 504]);

const isForLater = (error: ApiError): boolean => LATER.has(error.status);

export const say = (draft: Draft): Promise<Started> =>
  post<Started>("/messages", { text: draft.text, thread: draft.thread }, { key: draft.key });

/** Send what waits; resolves when all is sent or the first one has to wait longer. */
export async function flush(drafts: Drafts): Promise<void> {
  if (!(await drafts.all()).some(isOpen)) return;
  await alone(() => sendAll(drafts));
  announce();
}

/** Hear that the queue changed in another tab, or in the service worker. */
export function onChange(listener: () => void): void {
  if ("BroadcastChannel" in globalThis) new BroadcastChannel(CHANNEL).onmessage = listener;
}

export function announce(): void {
  if (!("BroadcastChannel" in globalThis)) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("changed");
  channel.close();
}

const isOpen = (draft: Draft): boolean => draft.fault === undefined;

async function alone(work: () => Promise<void>): Promise<void> {
  if (globalThis.navigator?.locks) await navigator.locks.request(LOCK, work);
  else await work(); // without locks two tabs may send the same message; its key lets it be said once
}

async function sendAll(drafts: Drafts): Promise<void> {
  const person = await whoIsThere();
  if (person === null) return;
  for (const draft of (await drafts.all()).filter(isOpen)) {
    if (draft.person !== "" && draft.person !== person) continue;
    if (!(await sendOne(draft, drafts))) return;
  }
}

async function whoIsThere(): Promise<string | null> {
  try {
    return (await get<Session>("/session")).person;
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** Send one; false when it and all after it have to wait. */
async function sendOne(draft: Draft, drafts: Drafts): Promise<boolean> {
  try {
    await say(draft);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (isForLater(error)) return false;
    await drafts.put({ ...draft, fault: error.message });
    return true;
  }
  await drafts.remove(draft.key);
  return true;
}
