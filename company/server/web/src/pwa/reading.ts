// Read markers: tells the server how far a person has read, so that no other device shows it as new. Only what was on a
// visible page counts, and the newest message of a conversation has to be in view.

import { useEffect, type RefObject } from "react";

import { ApiError, put } from "../wire/client";

/** Milliseconds that something has to be in view. */
const SETTLED_MS = 800;

/** Sends markers, each conversation's newest once. */
export class Reader {
  readonly #send: (thread: string, seq: number) => Promise<void>;
  readonly #isVisible: () => boolean;
  readonly #seen = new Map<string, number>();
  readonly #told = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (thread: string, seq: number) => Promise<void>, isVisible: () => boolean) {
    this.#send = send;
    this.#isVisible = isVisible;
  }

  /** Note that everything up to `seq` is in view. */
  mark(thread: string, seq: number): void {
    if (!this.#isVisible() || seq <= (this.#seen.get(thread) ?? 0)) return;
    this.#seen.set(thread, seq);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(), SETTLED_MS);
  }

  async #tell(): Promise<void> {
    for (const [thread, seq] of this.#seen) {
      if (seq > (this.#told.get(thread) ?? 0)) await this.#tellOf(thread, seq);
    }
  }

  async #tellOf(thread: string, seq: number): Promise<void> {
    try {
      await this.#send(thread, seq);
      this.#told.set(thread, Math.max(seq, this.#told.get(thread) ?? 0));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#seen.delete(thread); // said again at the next look
    }
  }
}

const reader = new Reader(
  (thread, seq) => put<void>(`/threads/${encodeURIComponent(thread)}/read`, { seq }),
  () => document.visibilityState === "visible",
);

/** Note that the newest message of a conversation, event `seq`, is in view. */
export const markRead = (thread: string, seq: number): void => reader.mark(thread, seq);

/** Mark a conversation read whenever `newest`, the element of its newest message, is in view on a visible page. */
export function useReading(thread: string, seq: number, newest: RefObject<Element | null>): void {
  useEffect(() => {
    const element = newest.current;
    if (!element || !seq || !("IntersectionObserver" in window)) return;
    let inView = false;
    const look = (): void => {
      if (inView) markRead(thread, seq);
    };
    const observer = new IntersectionObserver((entries) => {
      inView = entries.at(-1)?.isIntersecting ?? false;
      look();
    });
    observer.observe(element);
    document.addEventListener("visibilitychange", look);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }, [thread, seq, newest]);
}
