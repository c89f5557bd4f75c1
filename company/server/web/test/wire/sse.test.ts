// @vitest-environment node
import { expect, test } from "vitest";

import { Frames } from "../../src/wire/sse";

const STREAM = 'retry: 1000\nid: ab:7\n\n: ping\n\nid: ab:8\ndata: {"type":"RUN_STARTED"}\n\nevent: farewell\ndata: {}\n\n';

test("a stream becomes frames with the last id", () => {
  expect(new Frames().feed(STREAM)).toEqual([
    { name: "message", id: "ab:7", data: "" },
    { name: "message", id: "ab:8", data: '{"type":"RUN_STARTED"}' },
    { name: "farewell", id: "ab:8", data: "{}" },
  ]);
});

test("it does not matter where the network cuts", () => {
  const whole = new Frames().feed(STREAM);
  for (let cut = 1; cut < STREAM.length; cut += 1) {
    const frames = new Frames();
    expect([...frames.feed(STREAM.slice(0, cut)), ...frames.feed(STREAM.slice(cut))]).toEqual(whole);
  }
});

test("a heartbeat is no frame", () => {
  expect(new Frames().feed(": ping 2026\n\n")).toEqual([]);
});
