// The service worker, `/sw.js`: the shell of one build, kept for when there is no network; queued messages, sent when it
// is back; and "1 approval waits". A new one waits until a person says so, or until every tab is closed.

import { openDrafts } from "./drafts";
import { flush } from "./flush";
import { cacheName, noticeOf, outdated, wayOf, type Build } from "./shell";

declare const self: ServiceWorkerGlobalScope;
declare const __BUILD__: Build;

/** Milliseconds that a page may take before the kept shell is shown. */
const PATIENCE_MS = 5_000;
const build = __BUILD__;

interface Sync extends ExtendableEvent {
  readonly tag: string;
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("message", (event) => {
  if (event.data === "take-over") void self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const way = wayOf(event.request, self.location.origin, build);
  if (way === "kept") event.respondWith(kept(event.request));
  else if (way === "shell") event.respondWith(page(event.request));
});
self.addEventListener("sync" as "message", (event) => {
  const sync = event as unknown as Sync;
  if (sync.tag === "outbox") sync.waitUntil(flush(openDrafts()));
});
self.addEventListener("push", (event) => {
  const { title, options } = noticeOf(event.data?.text());
  event.waitUntil(self.registration.showNotification(title, options));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openTerminal());
});

async function keep(): Promise<void> {
  const cache = await caches.open(cacheName(build));
  await cache.addAll(build.files.map((file) => new Request(file, { cache: "no-cache" })));
}

async function takeOver(): Promise<void> {
  await Promise.all(outdated(await caches.keys(), build).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName(build));
  return (await cache.match(request)) ?? fetch(request);
}

async function page(request: Request): Promise<Response> {
  const late = new Promise<never>((_, reject) => setTimeout(reject, PATIENCE_MS, new Error("late")));
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    const cache = await caches.open(cacheName(build));
    return (await cache.match("/")) ?? Response.error();
  }
}

async function openTerminal(): Promise<void> {
  const [first] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (first) await first.focus();
  else await self.clients.openWindow("/");
}
