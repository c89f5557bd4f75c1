import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Reader } from "../../src/pwa/reading";
import { ApiError } from "../../src/wire/client";

let visible = true;
let told: [string, number][] = [];
let offline = false;

const reader = () =>
  new Reader(
    async (thread, seq) => {
      if (offline) throw new ApiError(0, "unreachable", "the company cannot be reached");
      told.push([thread, seq]);
    },
    () => visible,
  );

beforeEach(() => {
  vi.useFakeTimers();
  visible = true;
  offline = false;
  told = [];
});

afterEach(() => vi.useRealTimers());

describe("read markers", () => {
  it("tell the newest message once it was in view for a moment", async () => {
    reader().mark("main", 7);
    await vi.advanceTimersByTimeAsync(700);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(told).toEqual([["main", 7]]);
  });

  it("are told once for many messages that come one after another", async () => {
    const one = reader();
    for (let seq = 1; seq <= 50; seq += 1) {
      one.mark("main", seq);
      await vi.advanceTimersByTimeAsync(20);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([["main", 50]]);
  });

  it("are not told while nobody looks", async () => {
    visible = false;
    reader().mark("main", 7);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(told).toEqual([]);
  });

  it("never go back", async () => {
    const one = reader();
    one.mark("main", 7);
    await vi.advanceTimersByTimeAsync(1_000);
    one.mark("main", 5);
    one.mark("main", 7);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([["main", 7]]);
  });

  it("are kept for each conversation", async () => {
    const one = reader();
    one.mark("main", 7);
    one.mark("other", 3);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([
      ["main", 7],
      ["other", 3],
    ]);
  });

  it("are told at the next look when the company could not be reached", async () => {
    const one = reader();
    offline = true;
    one.mark("main", 7);
    await vi.advanceTimersByTimeAsync(1_000);
    offline = false;
    one.mark("main", 7);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([["main", 7]]);
  });
});
