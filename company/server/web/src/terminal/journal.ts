// One conversation on the screen: its runs from the timeline, then every event as it comes, drawn once a frame.

import { Cell } from "../wire/cell";
import { ApiError, get } from "../wire/client";
import { seqOf } from "../wire/cursor";
import { follow, onReset, subscribe } from "../wire/live";
import { EMPTY, type Log } from "../wire/log";
import { newest, prepend, reduce } from "../wire/reduce";
import type { Event, Timeline } from "../wire/types";

const RUNS = 8;
/** Runs kept while the reader is at the end. */
const KEPT = 60;
/** Milliseconds until what could not be loaded is asked for again. */
const AGAIN_MS = 5_000;
/** Milliseconds between two drawings while nobody looks. */
const HIDDEN_MS = 500;

export type Loading = "loading" | "ready" | "older" | { failed: ApiError };

export class Journal {
  readonly thread: string;
  readonly log = new Cell<Log>(EMPTY);
  readonly loading = new Cell<Loading>("loading");
  /** There are older runs than those of the log. */
  readonly older = new Cell(false);

  #first = 0;
  #begun = false;
  #queue: Event[] = [];
  #drawing = false;
  #ends: (() => void)[] = [];

  constructor(thread: string) {
    this.thread = thread;
  }

  /** Load the newest runs, then follow what happens. */
  async open(): Promise<void> {
    const timer = setInterval(this.#again, AGAIN_MS);
    addEventListener("online", this.#again);
    this.#ends = [
      subscribe((event) => this.#hear(event)),
      onReset(() => void this.load()),
      () => clearInterval(timer),
      () => removeEventListener("online", this.#again),
    ];
    await this.load();
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  /** Begin again with the newest runs. */
  load(): Promise<void> {
    this.#begun = false;
    return this.#ask("loading", "", (timeline) => {
      const log = reduce(EMPTY, timeline.events);
      this.#queue = [];
      this.#begun = true;
      this.log.set({ ...log, known: Math.max(log.known, seqOf(timeline.cursor)) });
      if (this.#ends.length) follow(timeline.cursor);
    });
  }

  async loadOlder(): Promise<void> {
    if (!this.older.get() || this.loading.get() !== "ready") return;
    await this.#ask("older", `&before=${this.#first}`, (timeline) => this.log.set(prepend(this.log.get(), timeline.events)));
  }

  /** Forget what is far above the end; it can be loaded again. */
  trim(): void {
    const log = newest(this.log.get(), KEPT);
    if (log === this.log.get()) return;
    this.#first = log.runs[0]?.seq ?? 0;
    this.older.set(true);
    this.log.set(log);
  }

  async #ask(what: "loading" | "older", more: string, take: (timeline: Timeline) => void): Promise<void> {
    this.loading.set(what);
    try {
      const timeline = await get<Timeline>(`/timeline?thread=${encodeURIComponent(this.thread)}&runs=${RUNS}${more}`);
      this.#first = timeline.first;
      this.older.set(timeline.older);
      take(timeline);
      this.loading.set("ready");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.loading.set({ failed: error });
    }
  }

  #hear(event: Event): void {
    if (event.type === "CUSTOM" && event.name === "journal.erased") return void this.load(); // what is on the screen says what is gone
    const { threadId } = event.metadata;
    if (threadId !== "" && threadId !== this.thread) return;
    this.#queue.push(event);
    if (this.#drawing) return;
    this.#drawing = true;
    if (document.hidden) setTimeout(this.#draw, HIDDEN_MS);
    else requestAnimationFrame(this.#draw);
  }

  /** Load what could not be loaded because nothing answered. */
  readonly #again = (): void => {
    const loading = this.loading.get();
    if (!this.#begun && typeof loading === "object" && loading.failed.status === 0) void this.load();
  };

  readonly #draw = (): void => {
    this.#drawing = false;
    const events = this.#queue;
    this.#queue = [];
    this.log.set(reduce(this.log.get(), events));
  };
}
