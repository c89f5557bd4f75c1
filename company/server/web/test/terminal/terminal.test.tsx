// The terminal over a server that this test plays: its timeline, its stream, its commands.

import { act } from "preact/test-utils";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";

import { locals } from "../../src/terminal/locals";
import { pending } from "../../src/terminal/sending";
import { Terminal } from "../../src/terminal/Terminal";
import { session } from "../../src/wire/client";
import type { Event } from "../../src/wire/types";
import { Writer } from "../wire/journal";
import { click, press, show, type } from "./screen";

let timeline: Event[] = [];
let older: Event[] = [];
let said: unknown[] = [];
let streams: { after: string; send: (text: string) => void }[] = [];
let thread = 0;
/** Newest event of the journal. */
let newest = 0;

const frames = (events: Event[]) => events.map((event) => `id: ab:${event.metadata.seq}\ndata: ${JSON.stringify(event)}\n\n`).join("");

function follow(url: string): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => controller.enqueue(new TextEncoder().encode(text));
      streams.push({ after: decodeURIComponent(url.split("after=")[1] ?? ""), send });
      send("id: ab:0\n\n");
    },
  });
  return new Response(body);
}

async function answer(url: string, init: RequestInit = {}): Promise<Response> {
  const path = url.replace("/api/v1", "");
  if (path.startsWith("/events")) return follow(path);
  if (path.includes("&before=")) return Response.json({ events: older, first: older[0]?.metadata.seq ?? 0, cursor: "ab:0", older: false });
  if (path.startsWith("/timeline")) {
    const [first, last] = [timeline[0]?.metadata.seq ?? 0, timeline.at(-1)?.metadata.seq ?? newest];
    return Response.json({ events: timeline, first, cursor: `ab:${last}`, older: older.length > 0 });
  }
  if (path === "/messages") {
    said.push(JSON.parse(init.body as string));
    return Response.json({ run: "R7", thread: `t${thread}` }, { status: 202 });
  }
  return Response.json({ error: { message: `nothing at ${path}`, code: "not_found" } }, { status: 404 });
}

/** The company writes: events arrive over the stream. */
async function writes(events: Event[]): Promise<void> {
  await act(async () => {
    newest = events.at(-1)?.metadata.seq ?? newest;
    streams.at(-1)?.send(frames(events));
    await new Promise((done) => setTimeout(done, 60));
  });
}

const text = () => document.querySelector("[role=log]")?.textContent ?? "";
const writer = (run: string, after: number) => new Writer(run, `t${thread}`, after);

async function open(): Promise<void> {
  await show(<Terminal thread={`t${thread}`} person="ada" />);
  await expect.poll(() => text()).not.toContain("loading the journal");
}

beforeAll(() => {
  vi.stubGlobal("ResizeObserver", class { observe() {} disconnect() {} });
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
  vi.stubGlobal("fetch", answer);
});

beforeEach(() => {
  [timeline, older, said] = [[], [], []];
  thread += 1;
  session.set({ person: "ada", scopes: ["read", "chat", "approve"] });
  locals.set([]);
  pending.set([]);
});

test("the timeline is shown, then what the stream brings, and nothing twice", async () => {
  timeline = writer("R1", 0).begin().asks("how are we doing?").says("Fine.").finishes().events;
  const last = timeline.at(-1)?.metadata.seq ?? 0;
  await open();
  await expect.poll(text).toContain("Fine.");
  const next = writer("R2", last).begin().asks("and now?").says("Still fine.").finishes().events;
  await writes([...timeline, ...next]);
  await expect.poll(text).toContain("Still fine.");
  await writes(next);
  expect(text().match(/Still fine\./g)).toHaveLength(1);
  expect(text().match(/how are we doing/g)).toHaveLength(1);
});

test("words of another conversation do not appear, a cycle does", async () => {
  await open();
  await writes([...new Writer("R1", "other", 1_000).begin().asks("secret").events, ...new Writer("R2", "", 2_000).begin().says("Cycle done.").events]);
  await expect.poll(text).toContain("Cycle done.");
  expect(text()).not.toContain("secret");
});

test("words stream in and stay when the message ends", async () => {
  await open();
  const events = writer("R1", 5_000).begin().asks("go").says("# Title\n\nOne **two** three.").events;
  const half = events.length - 3;
  await writes(events.slice(0, half));
  await expect.poll(() => document.querySelector(".answer.streaming h1")?.textContent).toBe("Title");
  await writes(events.slice(half));
  await expect.poll(() => document.querySelector(".answer strong")?.textContent).toBe("two");
  expect(document.querySelector(".streaming")).toBeNull();
});

test("only the finished answer is announced", async () => {
  await open();
  const live = () => document.querySelector("[aria-live=polite]")?.textContent;
  const events = writer("R1", 6_000).begin().asks("go").says("All is well.").events;
  await writes(events.slice(0, -1));
  expect(live()).toBe("");
  await writes(events.slice(-1));
  await expect.poll(live).toBe("All is well.");
});

test("a report that claims what no receipt shows carries the reason where it is folded and where it is open", async () => {
  const missing = "says “Bought 2 BTC.”; there is no receipt of place_order";
  await open();
  const events = writer("R1", 6_500).begin().plan("trading", "security");
  await writes(events.reports("trading", "ok", "Bought 2 BTC.", { unproven: [missing] }).reports("security", "ok", "All quiet.").events);

  await expect.poll(() => document.querySelectorAll(".lane").length).toBe(2);
  const [lying, honest] = document.querySelectorAll(".lane");
  expect(lying?.querySelector(".chip.warn")?.getAttribute("title")).toBe(missing);
  expect(honest?.textContent).not.toContain("claimed");
  await act(async () => lying?.querySelector("summary")?.click());
  await expect.poll(() => lying?.querySelector(".work")?.textContent).toContain(`claimed, no receipt: ${missing}`);
});

test("a message is shown at once and replaced by the journal's", async () => {
  await open();
  await type("buy 0.05 btc");
  await press("Enter");
  await expect.poll(() => document.querySelector(".pending")?.textContent).toContain("buy 0.05 btc");
  expect(said).toEqual([{ text: "buy 0.05 btc", thread: `t${thread}` }]);
  await writes(writer("R7", 7_000).begin().asks("buy 0.05 btc").events);
  await expect.poll(() => document.querySelector(".pending")).toBeNull();
  expect(text().match(/buy 0\.05 btc/g)).toHaveLength(1);
});

test("an approval decided elsewhere changes here", async () => {
  timeline = writer("R1", 8_000).begin().plan("content").asksFor("A1", "publish_post", { draft_id: "D1" }).finishes("interrupt").events;
  await open();
  await expect.poll(text).toContain("waits for you");
  await writes(writer("R1", 8_100).custom("approval.decided", { approval: "A1", state: "rejected", by: "eve", note: "" }).events);
  await expect.poll(text).toContain("rejected by eve");
  expect(document.querySelector(".approval button")).toBeNull();
});

test("a lane opens to its calls, and a call to arguments, verdict and result", async () => {
  timeline = writer("R1", 9_000).begin().plan("trading").calls("trading", "t1", "ticker", { symbol: "BTC/USDT" }).gets("trading", "t1", { status: "ok", value: { price: "65000" } }).reports("trading", "ok", "One price.").events;
  await open();
  await expect.poll(text).toContain("One price.");
  await unfold(".lane");
  expect(text()).toContain("symbol BTC/USDT");
  await unfold(".call");
  for (const part of ["allow by effect.read: reading", '"price": "65000"']) expect(text()).toContain(part);
});

async function unfold(selector: string): Promise<void> {
  const details = document.querySelector(selector) as HTMLDetailsElement;
  await act(async () => {
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
  });
}

test("a command prints between the runs, only here", async () => {
  timeline = writer("R1", 10_000).begin().asks("first").finishes().events;
  await open();
  await type("/help");
  await press("Enter");
  await expect.poll(text).toContain("the trail of an approval");
  await writes(writer("R2", 10_500).begin().asks("second").events);
  await expect.poll(text).toContain("second");
  expect(text().indexOf("first")).toBeLessThan(text().indexOf("/portfolio"));
  expect(text().indexOf("/portfolio")).toBeLessThan(text().indexOf("second"));
  expect(said).toEqual([]);
});

test("older runs are loaded when asked for, and stand above", async () => {
  older = writer("R1", 11_000).begin().asks("long ago").finishes().events;
  timeline = writer("R2", 11_500).begin().asks("lately").finishes().events;
  await open();
  await expect.poll(text).toContain("lately");
  await click("older");
  await expect.poll(text).toContain("long ago");
  expect(text().indexOf("long ago")).toBeLessThan(text().indexOf("lately"));
});

test("another journal is loaded from its timeline", async () => {
  timeline = writer("R1", 12_000).begin().asks("old world").events;
  await open();
  await expect.poll(text).toContain("old world");
  timeline = writer("R1", 0).begin().asks("new world").events;
  await act(async () => streams.at(-1)?.send("event: reset\ndata: {}\n\n"));
  await expect.poll(text).toContain("new world");
  expect(text()).not.toContain("old world");
});

test("what a person had erased goes from the screen when the journal says so", async () => {
  timeline = writer("R1", 13_000).begin().asks("my secret").finishes().events;
  await open();
  await expect.poll(text).toContain("my secret");
  const erased = new Writer("", "", 13_500).custom("journal.erased", { erasure: "F1", by: "ada", reason: "asked for", rows: [] }, "person").events;
  timeline = [...writer("R1", 13_000).begin().asks("[erased]").finishes().events, ...erased];
  await writes(erased);
  await expect.poll(text).toContain("[erased]");
  expect(text()).not.toContain("my secret");
  expect(text()).toContain("ada had words taken out of 0 events (F1)");
});
