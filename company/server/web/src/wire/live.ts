// What happens, while it happens: events for whoever listens, and resources that are asked for again when an event
// concerns them.

import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";

import { Cell, useCell } from "./cell";
import { session, type ApiError } from "./client";
import { moved, seqOf } from "./cursor";
import type { FromHub } from "./hub";
import { connect, type Link } from "./link";
import { resourceOf } from "./resource";
import type { State } from "./stream";
import type { Event } from "./types";

export interface Connection {
  state: State;
  /** Milliseconds since the epoch. */
  since: number;
}

export type Listener = (event: Event) => void;

const connection = new Cell<Connection>({ state: navigator.onLine ? "connecting" : "offline", since: Date.now() });
const listeners = new Set<Listener>();
const resets = new Set<() => void>();

let link: Link | undefined;
let cursor = "";
let known = 0;
/** Counts what was asked of the hub; events before its answer follow another cursor and are not taken. */
let asked = 0;
let following = -1;

/** Hear every event of the company once, in the journal's order, from where `follow` began. */
export function subscribe(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Hear that what is known is of another journal: load the timeline again, then `follow` its cursor. */
export function onReset(listener: () => void): () => void {
  resets.add(listener);
  return () => void resets.delete(listener);
}

/** Follow the journal after `from`, a cursor of the timeline. */
export function follow(from: string): void {
  cursor = from;
  known = seqOf(from);
  link ??= join();
  ask(link);
}

function ask(hub: Link): void {
  asked += 1;
  hub.send({ kind: "follow", cursor, token: asked });
}

export function useConnection(): Connection {
  return useCell(connection);
}

export interface Live<T> {
  data: T | undefined;
  error: ApiError | undefined;
  /** When `data` came, milliseconds since the epoch. */
  at: number | undefined;
  refresh(): void;
}

export interface When {
  /** Ask again soon after an event of which this is true. */
  on?: (event: Event) => boolean;
  /** Ask again each so many milliseconds, while the page is visible. */
  every?: number;
}

/** GET `path` and keep it fresh; components that ask for the same path share one request. null asks nothing. */
export function useLive<T>(path: string | null, when: When = {}): Live<T> {
  const resource = useMemo(() => resourceOf<T>(path), [path]);
  const latest = useRef(when);
  latest.current = when;
  useEffect(() => {
    const concerns = (event: Event) => latest.current.on?.(event) ?? false;
    return subscribe((event) => void (concerns(event) && resource.soon()));
  }, [resource]);
  useEffect(() => {
    if (!when.every) return undefined;
    const timer = setInterval(() => document.hidden || resource.refresh(), when.every);
    return () => clearInterval(timer);
  }, [resource, when.every]);
  return useSyncExternalStore(resource.subscribe, resource.get);
}

function join(): Link {
  const made = connect(receive);
  const wake = () => document.hidden || made.send({ kind: "wake" });
  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  window.addEventListener("pageshow", (event) => event.persisted && ask(made));
  addEventListener("pagehide", () => made.send({ kind: "leave" }));
  return made;
}

function receive(message: FromHub): void {
  if (message.kind === "following") following = message.token;
  else if (message.kind === "events") following === asked && message.events.forEach(pass);
  else if (message.kind === "state") changed(message.state, message.since);
  else if (message.kind === "welcome") link && ask(link);
  else for (const listener of [...resets]) listener();
}

function pass(event: Event): void {
  const { seq } = event.metadata;
  if (seq <= known) return;
  known = seq;
  cursor = moved(cursor, seq);
  for (const listener of [...listeners]) listener(event);
}

function changed(state: State, since: number): void {
  connection.set({ state, since });
  if (state === "logged-out") session.set(null);
}
