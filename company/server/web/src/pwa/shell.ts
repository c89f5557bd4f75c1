// What the service worker does with a request. It keeps one build's files and nothing else; the company's data is only
// ever fetched.

export interface Build {
  /** Hash of everything in the build. */
  version: string;
  /** Paths of its files, `/` for the shell. */
  files: string[];
}

/** `network`: not ours, the browser goes on alone. `kept`: a file of the build. `shell`: a page is opened. */
export type Way = "network" | "kept" | "shell";

const PREFIX = "company-build-";

export const cacheName = (build: Build): string => PREFIX + build.version;

/** Tell what to do with a request. */
export function wayOf(request: { method: string; mode: string; url: string }, origin: string, build: Build): Way {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin || url.pathname.startsWith("/api/")) return "network";
  if (request.mode === "navigate") return "shell";
  return build.files.includes(url.pathname) && url.search === "" ? "kept" : "network";
}

/** Which caches of `names` are of earlier builds. */
export const outdated = (names: readonly string[], build: Build): string[] =>
  names.filter((name) => name.startsWith(PREFIX) && name !== cacheName(build));

export interface Notice {
  title: string;
  options: { body: string; tag: string; icon: string };
}

/** What a push message shows: the sentence the server sent, which is a count and nothing else. */
export function noticeOf(text: string | undefined): Notice {
  const body = text?.slice(0, 100) || "something waits for you";
  return { title: "The AI company", options: { body, tag: "approvals", icon: "/icons/icon-192.png" } };
}
