// @vitest-environment node
import { expect, test } from "vitest";

import { Hub, type FromHub } from "../../src/wire/hub";
import type { Handlers, Outside } from "../../src/wire/stream";
import { Writer } from "./journal";

class Server implements Outside {
  urls: string[] = [];
  handlers: Handlers | null = null;

  open(url: string, handlers: Handlers): () => void {
    this.urls.push(decodeURIComponent(url.split("after=")[1] ?? ""));
    this.handlers = handlers;
    return () => undefined;
  }

  after = () => () => undefined;
  random = () => 1;
  online = () => true;

  async writes(...seqs: number[]): Promise<void> {
    for (const seq of seqs) this.handlers?.bytes(`id: ab:${seq}\ndata: ${JSON.stringify(new Writer("R1", "main", seq - 1).add("X").events[0])}\n\n`);
    await Promise.resolve();
  }
}

class Tab {
  heard: FromHub[] = [];
  send = (message: FromHub) => void this.heard.push(message);

  follows(hub: Hub, cursor: string, token = 1): this {
    hub.hear({ kind: "follow", cursor, token }, this.send);
    return this;
  }

  get seqs(): number[] {
    return this.heard.flatMap((message) => (message.kind === "events" ? message.events.map((event) => event.metadata.seq) : []));
  }

  get kinds(): string[] {
    return this.heard.map((message) => message.kind);
  }
}

test("two tabs share one connection and hear the same", async () => {
  const server = new Server();
  const hub = new Hub(server);
  const [one, two] = [new Tab().follows(hub, "ab:5"), new Tab().follows(hub, "ab:5")];
  await server.writes(6, 7);
  expect(server.urls).toEqual(["ab:5"]);
  expect([one.seqs, two.seqs]).toEqual([[6, 7], [6, 7]]);
});

test("a late tab gets what happened after its timeline, and nothing twice", async () => {
  const server = new Server();
  const hub = new Hub(server);
  new Tab().follows(hub, "ab:5");
  await server.writes(6, 7, 8);
  const late = new Tab().follows(hub, "ab:6");
  await server.writes(9);
  expect(late.seqs).toEqual([7, 8, 9]);
  expect(server.urls).toHaveLength(1);
});

test("a tab gets no event before the answer to what it asked", async () => {
  const server = new Server();
  const hub = new Hub(server);
  new Tab().follows(hub, "ab:5");
  server.handlers?.bytes(`id: ab:6\ndata: ${JSON.stringify(new Writer("R1", "main", 5).add("X").events[0])}\n\n`);
  const late = new Tab().follows(hub, "ab:5", 7);
  await Promise.resolve();
  expect(late.heard[0]).toEqual({ kind: "following", token: 7 });
  expect(late.seqs).toEqual([6]);
});

test("a tab that knows less than the ring holds is followed up from where it is", async () => {
  const server = new Server();
  const hub = new Hub(server);
  new Tab().follows(hub, "ab:50");
  const behind = new Tab().follows(hub, "ab:20");
  await server.writes(21, 22);
  expect(server.urls).toEqual(["ab:50", "ab:20"]);
  expect(behind.seqs).toEqual([21, 22]);
});

test("a reset of the server is passed on, and the next follow begins anew", async () => {
  const server = new Server();
  const hub = new Hub(server);
  const tab = new Tab().follows(hub, "ab:5");
  server.handlers?.bytes("event: reset\ndata: {}\n\n");
  expect(tab.kinds).toContain("reset");
  tab.follows(hub, "cd:3");
  expect(server.urls).toEqual(["ab:5", "cd:3"]);
});

test("a tab of another journal resets the others", () => {
  const server = new Server();
  const hub = new Hub(server);
  const old = new Tab().follows(hub, "ab:5");
  const fresh = new Tab().follows(hub, "cd:1");
  expect(old.kinds).toContain("reset");
  expect(fresh.kinds).not.toContain("reset");
});

test("after a log-in the stream begins again", () => {
  const server = new Server();
  const hub = new Hub(server);
  const tab = new Tab().follows(hub, "ab:5");
  server.handlers?.ended(401);
  tab.follows(hub, "ab:5");
  expect(server.urls).toEqual(["ab:5", "ab:5"]);
});

test("a tab that left hears nothing more", async () => {
  const server = new Server();
  const hub = new Hub(server);
  const tab = new Tab().follows(hub, "ab:5");
  hub.hear({ kind: "leave" }, tab.send);
  await server.writes(6);
  expect(tab.seqs).toEqual([]);
});

test("a ring that is full still serves every tab without a gap", async () => {
  const server = new Server();
  const hub = new Hub(server);
  new Tab().follows(hub, "ab:0");
  await server.writes(...Array.from({ length: 8_500 }, (_, index) => index + 1));
  const recent = new Tab().follows(hub, "ab:8000");
  expect(recent.seqs).toEqual(Array.from({ length: 500 }, (_, index) => index + 8_001));
  new Tab().follows(hub, "ab:10");
  expect(server.urls).toEqual(["ab:0", "ab:10"]);
});
