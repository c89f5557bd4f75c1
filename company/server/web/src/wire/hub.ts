// One stream for all tabs of a browser. A tab says up to where it knows; the hub gives it what follows, from its ring
// or, when the ring begins later, by following the journal again from there. Tabs drop what they know already.

import { API } from "./api";
import { epochOf, moved, seqOf } from "./cursor";
import { Stream, type Outside, type State } from "./stream";
import type { Event } from "./types";

/** Events kept for tabs that come late. */
const RING = 4_000;

export type ToHub = { kind: "follow"; cursor: string; token: number } | { kind: "wake" } | { kind: "leave" };
export type FromHub =
  /** The answer to `follow`: whatever comes from here on follows its cursor without a gap. */
  | { kind: "following"; token: number }
  | { kind: "events"; events: Event[] }
  | { kind: "state"; state: State; since: number }
  /** What this tab knows is of another journal, or too old: load the timeline, then follow again. */
  | { kind: "reset" }
  /** A new hub: say again what you follow. */
  | { kind: "welcome" };

export type Send = (message: FromHub) => void;

export class Hub {
  readonly #tabs = new Set<Send>();
  readonly #stream: Stream;
  readonly #now: () => number;
  #ring: Event[] = [];
  /** The ring holds everything after this cursor; empty: nothing is followed. */
  #from = "";
  #state: FromHub;
  #batch: Event[] = [];

  constructor(outside: Outside, now: () => number = Date.now) {
    this.#now = now;
    this.#state = { kind: "state", state: "connecting", since: now() };
    const frame = (frame: { name: string; data: string }) => this.#frame(frame.name, frame.data);
    this.#stream = new Stream(address, { frame, state: (state) => this.#changed(state) }, outside);
  }

  /** Take a tab's message; `send` reaches that tab and stands for it. */
  hear(message: ToHub, send: Send): void {
    if (message.kind === "follow") this.#follow(message.cursor, message.token, send);
    else if (message.kind === "leave") this.#tabs.delete(send);
    else this.#stream.wake();
  }

  #follow(cursor: string, token: number, send: Send): void {
    this.#flush();
    this.#tabs.add(send);
    send({ kind: "following", token });
    const epochs = epochOf(this.#from) !== epochOf(cursor);
    if (!this.#from || epochs || seqOf(cursor) < seqOf(this.#from) || this.#stream.state === "logged-out") {
      if (this.#from && epochs) this.#tell({ kind: "reset" }, send);
      this.#begin(cursor);
    } else {
      const missed = this.#ring.filter((event) => event.metadata.seq > seqOf(cursor));
      if (missed.length) send({ kind: "events", events: missed });
    }
    send(this.#state);
  }

  #begin(cursor: string): void {
    this.#ring = [];
    this.#from = cursor;
    this.#stream.start(cursor);
  }

  #frame(name: string, data: string): void {
    if (name === "reset") this.#reset();
    else if (name === "message") this.#keep(JSON.parse(data) as Event);
  }

  #reset(): void {
    this.#stream.stop();
    this.#ring = [];
    this.#from = "";
    this.#tell({ kind: "reset" });
  }

  #keep(event: Event): void {
    this.#ring.push(event);
    if (this.#ring.length > 2 * RING) {
      const dropped = this.#ring.splice(0, RING).at(-1) as Event;
      this.#from = moved(this.#from, dropped.metadata.seq);
    }
    if (this.#batch.push(event) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const events = this.#batch;
    this.#batch = [];
    if (events.length) this.#tell({ kind: "events", events });
  }

  #changed(state: State): void {
    this.#state = { kind: "state", state, since: this.#now() };
    this.#tell(this.#state);
  }

  #tell(message: FromHub, except?: Send): void {
    for (const send of this.#tabs) if (send !== except) send(message);
  }
}

const address = (cursor: string): string => `${API}/events?after=${encodeURIComponent(cursor)}`;
