// The memory panel: what is asked for, what a memory's history tells, and a person's word on what is proposed.

import { act } from "preact/test-utils";
import { beforeEach, expect, test, vi } from "vitest";

import { Filters, MemoryList, partsOf, pathOf, TrailView, type Wanted } from "../../src/dashboard/panels/MemoryPanel";
import { session } from "../../src/wire/client";
import { failed, show, words } from "./page";
import { live, memories, trail } from "./fixtures";

const EVERYTHING: Wanted = { query: "", role: "", kind: "", status: "active" };
const field = (label: string) => document.querySelector(`[aria-label="${label}"]`) as HTMLInputElement;
const named = (name: string) => [...document.querySelectorAll("button")].find((one) => one.textContent === name) as HTMLButtonElement;

async function enter(label: string, value: string, event: string): Promise<void> {
  await act(() => {
    field(label).value = value;
    field(label).dispatchEvent(new Event(event, { bubbles: true }));
  });
}

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => new EventTarget());
  session.set({ person: "ada", scopes: ["read", "approve"] });
});

test("only what is chosen is asked for", () => {
  expect(pathOf(EVERYTHING)).toBe("/memory?limit=30");
  expect(pathOf({ query: "fee & co", role: "ceo", kind: "semantic", status: "proposed" })).toBe("/memory?query=fee+%26+co&role=ceo&kind=semantic&status=proposed&limit=30");
});

test("words are looked for when typing pauses, a choice at once", async () => {
  vi.useFakeTimers();
  const want = vi.fn();
  await show(<Filters roles={["ceo", "trading"]} wanted={EVERYTHING} want={want} />);
  await enter("Search memories", " fee ", "input");
  expect(want).not.toHaveBeenCalled();
  await act(() => void vi.advanceTimersByTime(400));
  expect(want).toHaveBeenLastCalledWith({ ...EVERYTHING, query: "fee" });
  await enter("Role of memories", "trading", "change");
  expect(want).toHaveBeenLastCalledWith({ ...EVERYTHING, role: "trading" });
  await enter("Status of memories", "proposed", "change");
  expect(want).toHaveBeenLastCalledWith({ ...EVERYTHING, status: "proposed" });
  vi.useRealTimers();
});

test("a memory's history shows each value with its time, and what it was concluded from", async () => {
  await show(<TrailView live={live(trail)} />);
  expect(words()).toContain("learned in R4 (main), remembered again 1 time");
  expect([...document.querySelectorAll("ol li")].map((one) => one.textContent?.slice(0, 9))).toEqual(["m3 0.20 %", "m17 0.10 "]);
  expect(words("ol li")).toContain("until");
  expect(words()).toContain("Concluded from");
});

test("a history that cannot be loaded can be asked for again", async () => {
  const refresh = vi.fn();
  await show(<TrailView live={failed(refresh)} />);
  await act(async () => named("Try again").click());
  expect(refresh).toHaveBeenCalledOnce();
});

test("a score tells what it is made of", () => {
  expect(partsOf({ parts: { text: 0.25, meaning: 0.5 } })).toBe("text 0.25, meaning 0.50");
});

test("a person accepts or rejects what is proposed, and nothing else", async () => {
  const asked: [string, unknown][] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push([url, JSON.parse(init.body as string)]);
    return asked.length === 1 ? Response.json({ error: { message: "it was decided before", code: "conflict" } }, { status: 409 }) : Response.json({});
  });
  const refresh = vi.fn();
  await show(<MemoryList live={{ ...live(memories), refresh }} wanted={EVERYTHING} />);
  expect(document.querySelectorAll("[role=group] .yes")).toHaveLength(1);
  await act(async () => named("Reject m21").click());
  await expect.poll(() => words("[role=alert]")).toContain("it was decided before");
  expect(refresh).not.toHaveBeenCalled();
  await act(async () => named("Accept m21").click());
  await expect.poll(() => refresh.mock.calls.length).toBe(1);
  expect(asked).toEqual([
    ["/api/v1/memory/m21/decision", { accept: false }],
    ["/api/v1/memory/m21/decision", { accept: true }],
  ]);
});

test("who may not approve sees what waits, and cannot decide it", async () => {
  session.set({ person: "bob", scopes: ["read"] });
  await show(<MemoryList live={live(memories)} wanted={EVERYTHING} />);
  expect(named("Accept m21").disabled).toBe(true);
  expect(words()).toContain("takes the scope approve");
});
