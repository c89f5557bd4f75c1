// Starts what makes the page an application: the outbox, the service worker, and the look-out for new versions.

import { session } from "../wire/client";
import { startOutbox } from "./outbox";
import { renewPush } from "./push";
import { watchUpdates } from "./update";

/** Call once, when the page starts. Without a service worker (an insecure address, `npx vite`) the rest still works. */
export function startPwa(): void {
  startOutbox();
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  if (document.readyState === "complete") void register();
  else window.addEventListener("load", () => void register(), { once: true });
}

async function register(): Promise<void> {
  const registration = await registered();
  if (!registration) return;
  watchUpdates(registration);
  onLogin(() => void renewPush());
}

/** The registration; offline the one of an earlier visit. */
async function registered(): Promise<ServiceWorkerRegistration | undefined> {
  try {
    return await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  } catch (error) {
    const known = await navigator.serviceWorker.getRegistration();
    if (!known) console.warn("the service worker was not registered; the page works without it", error);
    return known;
  }
}

function onLogin(then: () => void): void {
  if (session.get()) return then();
  const stop = session.subscribe(() => {
    if (!session.get()) return;
    stop();
    then();
  });
}
