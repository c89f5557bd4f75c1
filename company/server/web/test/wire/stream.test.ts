// @vitest-environment node
import { expect, test } from "vitest";

import { DEAD_MS, STALLED_MS, Stream, type Handlers, type Outside, type State } from "../../src/wire/stream";

class World implements Outside {
  now = 0;
  isOnline = true;
  /** What was opened, and the handlers of what is open. */
  urls: string[] = [];
  handlers: Handlers | null = null;
  states: [number, State][] = [];
  data: string[] = [];
  #timers = new Map<number, { at: number; act: () => void }>();
  #next = 0;

  open(url: string, handlers: Handlers): () => void {
    this.urls.push(url);
    this.handlers = handlers;
    return () => void (this.handlers === handlers && (this.handlers = null));
  }

  after(ms: number, act: () => void): () => void {
    const id = this.#next++;
    this.#timers.set(id, { at: this.now + ms, act });
    return () => void this.#timers.delete(id);
  }

  random = () => 1;
  online = () => this.isOnline;

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const [id, due] = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0] ?? [];
      if (id === undefined || !due) break;
      this.#timers.delete(id);
      this.now = due.at;
      due.act();
    }
    this.now = end;
  }

  says(text: string): void {
    this.handlers?.bytes(text);
  }

  ends(status = 0): void {
    this.handlers?.ended(status);
  }
}

function started(): [World, Stream] {
  const world = new World();
  const receiver = { frame: (frame: { data: string }) => void world.data.push(frame.data), state: (state: State) => void world.states.push([world.now, state]) };
  const stream = new Stream((cursor) => `/events?after=${cursor}`, receiver, world);
  stream.start("ab:5");
  return [world, stream];
}

const told = (world: World): State[] => world.states.map(([, state]) => state);

test("the first bytes make it live", () => {
  const [world] = started();
  world.says("id: ab:5\n\n");
  expect(told(world)).toEqual(["live"]);
});

test("a cut connection comes back after growing pauses, from the last event", () => {
  const [world] = started();
  world.says('id: ab:6\ndata: {"n":6}\n\n');
  for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const opened = world.urls.length;
    world.ends();
    world.advance(pause - 1);
    expect(world.urls).toHaveLength(opened);
    world.advance(1);
    expect(world.urls).toHaveLength(opened + 1);
  }
  expect(new Set(world.urls.slice(1))).toEqual(new Set(["/events?after=ab:6"]));
  expect(told(world)).toEqual(["live", "reconnecting"]);
});

test("bytes end the growing of the pauses", () => {
  const [world] = started();
  world.ends();
  world.advance(1_000);
  world.says(": ping\n\n");
  world.ends();
  world.advance(1_000);
  expect(world.urls).toHaveLength(3);
});

test("silence is stalled after 20 s and a new connection after 40 s", () => {
  const [world] = started();
  world.says(": ping\n\n");
  world.advance(STALLED_MS);
  expect(world.states.at(-1)).toEqual([STALLED_MS, "stalled"]);
  world.advance(DEAD_MS - STALLED_MS + 1_000);
  expect(told(world)).toEqual(["live", "stalled", "reconnecting"]);
  expect(world.urls).toHaveLength(2);
});

test("a heartbeat keeps it live", () => {
  const [world] = started();
  for (let beat = 0; beat < 8; beat += 1) {
    world.says(": ping\n\n");
    world.advance(15_000);
  }
  expect(told(world)).toEqual(["live"]);
  expect(world.urls).toHaveLength(1);
});

test("a stalled stream that speaks again is live and was not cut", () => {
  const [world] = started();
  world.advance(STALLED_MS + 5_000);
  world.says(": ping\n\n");
  expect(told(world)).toEqual(["stalled", "live"]);
  expect(world.urls).toHaveLength(1);
});

test("waking does not wait for the pause", () => {
  const [world, stream] = started();
  world.ends();
  stream.wake();
  expect(world.urls).toHaveLength(2);
});

test("waking a live stream changes nothing", () => {
  const [world, stream] = started();
  world.says(": ping\n\n");
  stream.wake();
  expect(world.urls).toHaveLength(1);
});

test("a farewell is not an alarm: it comes back quietly", () => {
  const [world] = started();
  world.says("event: farewell\ndata: {}\n\n");
  world.ends();
  world.advance(1_000);
  expect(told(world)).toEqual(["live", "farewell"]);
  world.says(": ping\n\n");
  expect(told(world)).toEqual(["live", "farewell", "live"]);
});

test("a server that stays away after its farewell is said to be away", () => {
  const [world] = started();
  world.says("event: farewell\ndata: {}\n\n");
  for (let attempt = 0; attempt < 6; attempt += 1) {
    world.ends();
    world.advance(30_000);
  }
  expect(told(world).at(-1)).toBe("reconnecting");
});

test("without a network it says offline, and tries all the same", () => {
  const [world] = started();
  world.isOnline = false;
  world.ends();
  world.advance(1_000);
  expect(told(world)).toEqual(["offline"]);
  expect(world.urls).toHaveLength(2);
});

test("a session that ended is not asked for again", () => {
  const [world, stream] = started();
  world.ends(401);
  world.advance(120_000);
  stream.wake();
  expect(told(world)).toEqual(["logged-out"]);
  expect(world.urls).toHaveLength(1);
});

test("a stopped stream is silent for good", () => {
  const [world, stream] = started();
  stream.stop();
  world.advance(120_000);
  expect(world.urls).toHaveLength(1);
  expect(world.states).toEqual([]);
});

test("50 cut connections neither lose nor double an event", () => {
  const [world] = started();
  const journal = Array.from({ length: 500 }, (_, index) => index + 6);
  let from = 0;
  for (let cut = 0; cut < 50; cut += 1) {
    const known = Number(/ab:(\d+)$/.exec(world.urls.at(-1) ?? "")?.[1]);
    from = known - 5;
    const text = journal.slice(from, from + 12).map((seq) => `id: ab:${seq}\ndata: ${seq}\n\n`).join("");
    world.says(text.slice(0, text.length - (cut % 9)));
    world.ends();
    world.advance(30_000);
  }
  expect(world.data).toEqual(journal.slice(0, world.data.length).map(String));
  expect(world.data.length).toBeGreaterThan(490);
});
