// One connection to `GET /events` that does not end: it notices silence, comes back with growing pauses, and goes on
// where it was. It knows nothing of tabs.

import { Frames, type Frame } from "./sse";

export type State = "connecting" | "live" | "reconnecting" | "stalled" | "offline" | "farewell" | "logged-out";

export const STALLED_MS = 20_000;
export const DEAD_MS = 40_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export interface Handlers {
  /** Bytes as text; also a heartbeat. */
  bytes(text: string): void;
  /** The answer's status was not 200, or the connection ended (0). */
  ended(status: number): void;
}

/** What a stream needs from the outside. */
export interface Outside {
  /** Open the address; the result closes it, after which no handler is called. */
  open(url: string, handlers: Handlers): () => void;
  after(ms: number, act: () => void): () => void;
  random(): number;
  online(): boolean;
}

export interface Receiver {
  frame(frame: Frame): void;
  state(state: State): void;
}

export class Stream {
  readonly #outside: Outside;
  readonly #receiver: Receiver;
  readonly #address: (cursor: string) => string;
  #cursor = "";
  #attempts = 0;
  #state: State = "connecting";
  #close = nothing;
  #timers: (() => void)[] = [];

  constructor(address: (cursor: string) => string, receiver: Receiver, outside: Outside) {
    this.#address = address;
    this.#receiver = receiver;
    this.#outside = outside;
  }

  get state(): State {
    return this.#state;
  }

  /** Where a reconnect goes on. */
  get cursor(): string {
    return this.#cursor;
  }

  /** Follow from `cursor`, whatever was followed before. */
  start(cursor: string): void {
    this.#cursor = cursor;
    this.#attempts = 0;
    this.#say("connecting");
    this.#connect();
  }

  stop(): void {
    this.#drop();
  }

  /** Do not wait any longer: the page is visible again, or the network is back. */
  wake(): void {
    if (this.#state === "live" || this.#state === "connecting" || this.#state === "logged-out") return;
    this.#attempts = 0;
    this.#connect();
  }

  #connect(): void {
    this.#drop();
    const frames = new Frames();
    this.#close = this.#outside.open(this.#address(this.#cursor), {
      bytes: (text) => this.#heard(frames.feed(text)),
      ended: (status) => this.#ended(status),
    });
    this.#watch();
  }

  #heard(frames: Frame[]): void {
    this.#attempts = 0;
    this.#watch();
    this.#say("live");
    for (const frame of frames) {
      if (frame.id) this.#cursor = frame.id;
      if (frame.name === "farewell") this.#say("farewell");
      else if (frame.data) this.#receiver.frame(frame);
    }
  }

  #watch(): void {
    this.#cancelTimers();
    this.#timers = [
      this.#outside.after(STALLED_MS, () => this.#say("stalled")),
      this.#outside.after(DEAD_MS, () => this.#ended(0)),
    ];
  }

  #ended(status: number): void {
    this.#drop();
    if (status === 401) return this.#say("logged-out");
    if (!this.#outside.online()) this.#say("offline");
    else if (this.#state !== "farewell" || this.#attempts > 3) this.#say("reconnecting");
    this.#timers = [this.#outside.after(this.#pause(), () => this.#connect())];
  }

  #pause(): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#attempts++);
    return longest * (0.5 + this.#outside.random() / 2);
  }

  #say(state: State): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#receiver.state(state);
  }

  #drop(): void {
    this.#close();
    this.#close = nothing;
    this.#cancelTimers();
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
  }
}

function nothing(): void {}

/** The browser's network and clock. */
export const browser: Outside = {
  open(url, handlers) {
    const abort = new AbortController();
    void follow(url, handlers, abort.signal);
    return () => abort.abort();
  },
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
  online: () => navigator.onLine,
};

async function follow(url: string, handlers: Handlers, signal: AbortSignal): Promise<void> {
  const status = await read(url, handlers, signal).catch(() => 0);
  if (!signal.aborted) handlers.ended(status);
}

async function read(url: string, handlers: Handlers, signal: AbortSignal): Promise<number> {
  const answer = await fetch(url, { signal, headers: { accept: "text/event-stream" }, cache: "no-store" });
  if (!answer.ok || !answer.body) return answer.status;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return 0;
    if (!signal.aborted) handlers.bytes(value);
  }
}
