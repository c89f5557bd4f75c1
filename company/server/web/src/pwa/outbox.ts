// Says something to the CEO. What cannot be sent now is queued and sent in order, once, when the company is back.

import { Cell, useCell } from "../wire/cell";
import { ApiError, session } from "../wire/client";
import { openDrafts, type Draft, type Drafts } from "./drafts";
import { announce, flush, onChange, say } from "./flush";

/** Statuses after which a new message is queued: nothing answered, or only a proxy did. */
const UNREACHABLE = new Set([0, 502, 503, 504]);
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 60_000;

const queued = new Cell<readonly Draft[]>([]);
let opened: Drafts | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let pause = FIRST_RETRY_MS;

/**
 * Say `text` in a conversation.
 *
 * Returns the run that answers, or "queued" when the company cannot be reached, or earlier messages still wait.
 *
 * @throws ApiError The company refuses the message.
 */
export async function send(text: string, thread: string): Promise<{ run: string } | "queued"> {
  const draft: Draft = { key: newKey(), text, thread, person: session.get()?.person ?? "", at: Date.now() };
  if (queued.get().some((earlier) => earlier.fault === undefined)) return enqueue(draft);
  try {
    return { run: (await say(draft)).run };
  } catch (error) {
    if (!(error instanceof ApiError && UNREACHABLE.has(error.status))) throw error;
    return enqueue(draft);
  }
}

/** What waits to be sent, oldest first; one with a `fault` was refused and waits for `discard`. */
export const useQueued = (): readonly Draft[] => useCell(queued);

/** Throw a queued message away. */
export async function discard(key: string): Promise<void> {
  await drafts().remove(key);
  announce();
  await show();
}

/** Send what waits now, at every sign that the company is back, and again after ever longer pauses. */
export function startOutbox(): void {
  onChange(() => void show());
  window.addEventListener("online", soon);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") soon();
  });
  session.subscribe(soon);
  void work();
}

async function enqueue(draft: Draft): Promise<"queued"> {
  await drafts().put(draft);
  announce();
  await show();
  void askForSync();
  later();
  return "queued";
}

function soon(): void {
  pause = FIRST_RETRY_MS;
  void work();
}

async function work(): Promise<void> {
  await flush(drafts());
  await show();
  later();
}

function later(): void {
  clearTimeout(retry);
  if (!queued.get().some((draft) => draft.fault === undefined)) return;
  retry = setTimeout(() => void work(), pause);
  pause = Math.min(2 * pause, LAST_RETRY_MS);
}

async function show(): Promise<void> {
  queued.set(await drafts().all());
}

function drafts(): Drafts {
  opened ??= openDrafts();
  return opened;
}

/** Let the browser wake the service worker when the network is back, even if this tab is closed by then. */
async function askForSync(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const { sync } = (registration ?? {}) as { sync?: { register(tag: string): Promise<void> } };
  await sync?.register("outbox").catch(() => undefined); // refused: an open tab sends it
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing where the page is not secure
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
