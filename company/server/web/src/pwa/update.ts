// A new version waits until a person takes it: no page is replaced under anybody's hands.

import { Cell, useCell } from "../wire/cell";

const waiting = new Cell<ServiceWorker | null>(null);
const AN_HOUR_MS = 3_600_000;

/** A function that loads the new version, when there is one. */
export function useUpdate(): (() => void) | null {
  const worker = useCell(waiting);
  return worker && (() => take(worker));
}

/** Notice new versions of a registered service worker; looked for when the page comes back into view, once an hour. */
export function watchUpdates(registration: ServiceWorkerRegistration, now: () => number = Date.now): void {
  offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed") offer(worker);
    });
  });
  let looked = now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || now() - looked < AN_HOUR_MS) return;
    looked = now();
    registration.update().catch(() => undefined); // offline: the next look finds it
  });
}

/** The very first service worker is no news; one that waits behind another is. */
function offer(worker: ServiceWorker | null): void {
  if (worker && navigator.serviceWorker.controller) waiting.set(worker);
}

function take(worker: ServiceWorker): void {
  if (worker.state !== "installed") return location.reload(); // another tab took it already
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  worker.postMessage("take-over");
}
