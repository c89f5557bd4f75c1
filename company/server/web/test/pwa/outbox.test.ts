import { act } from "preact/test-utils";
import { createElement, render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Draft } from "../../src/pwa/drafts";
import { Server } from "./server";

type Outbox = typeof import("../../src/pwa/outbox");
type Client = typeof import("../../src/wire/client");

let server: Server;

/** Load the page again: modules forget, the browser's storage does not. */
async function openPage(): Promise<{ outbox: Outbox; client: Client }> {
  vi.resetModules();
  const outbox = await import("../../src/pwa/outbox");
  const client = await import("../../src/wire/client");
  client.session.set({ person: "Ada", scopes: ["chat"] });
  return { outbox, client };
}

/** What a component that shows the queue is given. */
async function queue(outbox: Outbox): Promise<readonly Draft[]> {
  let shown: readonly Draft[] = [];
  const Shown = () => {
    shown = outbox.useQueued();
    return null;
  };
  await act(() => render(createElement(Shown, null), document.body));
  return shown;
}

const texts = (drafts: readonly Draft[]): string[] => drafts.map((draft) => draft.text);
const comeOnline = () => window.dispatchEvent(new Event("online"));

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  localStorage.clear();
  server = new Server();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("send", () => {
  it("says something and returns the run that answers", async () => {
    const { outbox } = await openPage();
    expect(await outbox.send("hello", "main")).toEqual({ run: "R1" });
    expect(server.posted()[0]).toMatchObject({ path: "/api/v1/messages", body: { text: "hello", thread: "main" } });
    expect(server.posted()[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(await queue(outbox)).toEqual([]);
  });

  it("queues what cannot be sent, and shows it with its thread and time", async () => {
    const { outbox } = await openPage();
    server.away = true;
    expect(await outbox.send("hello", "other")).toBe("queued");
    expect(await queue(outbox)).toMatchObject([{ text: "hello", thread: "other", at: expect.any(Number) as number }]);
  });

  it.each([502, 503, 504])("queues when only a proxy answers (%i)", async (status) => {
    const { outbox } = await openPage();
    server.refuses = { words: "hello", status };
    expect(await outbox.send("hello", "main")).toBe("queued");
  });

  it.each([401, 403, 409, 422, 429])("tells the writer at once what the company refuses (%i)", async (status) => {
    const { outbox } = await openPage();
    server.refuses = { words: "hello", status };
    await expect(outbox.send("hello", "main")).rejects.toMatchObject({ status, message: `refused with ${status}` });
    expect(await queue(outbox)).toEqual([]);
  });

  it("does not overtake what waits", async () => {
    const { outbox } = await openPage();
    server.away = true;
    await outbox.send("one", "main");
    server.away = false;
    expect(await outbox.send("two", "main")).toBe("queued");
    outbox.startOutbox();
    await vi.waitFor(() => expect(server.said.map(({ text }) => text)).toEqual(["one", "two"]));
  });
});

describe("the queue", () => {
  it("is sent in order when the network is back", async () => {
    const { outbox } = await openPage();
    outbox.startOutbox();
    server.away = true;
    for (const text of ["one", "two", "three"]) {
      await outbox.send(text, "main");
      await vi.advanceTimersByTimeAsync(5);
    }
    server.away = false;
    comeOnline();
    await vi.waitFor(() => expect(server.said.map(({ text }) => text)).toEqual(["one", "two", "three"]));
    await vi.waitFor(async () => expect(await queue(outbox)).toEqual([]));
  });

  it("survives that the page is loaded again", async () => {
    server.away = true;
    await (await openPage()).outbox.send("hello", "main");
    server.away = false;
    const { outbox } = await openPage();
    outbox.startOutbox();
    await vi.waitFor(() => expect(server.said).toHaveLength(1));
  });

  it("is tried again by itself, after ever longer pauses", async () => {
    const { outbox } = await openPage();
    server.away = true;
    await outbox.send("hello", "main");
    await vi.advanceTimersByTimeAsync(2_500);
    server.away = false;
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.waitFor(() => expect(server.said).toHaveLength(1));
  });

  it("says a message once though its first answer was lost", async () => {
    const { outbox } = await openPage();
    server.deaf = true;
    expect(await outbox.send("buy the newspaper", "main")).toBe("queued");
    server.deaf = false;
    outbox.startOutbox();
    await vi.waitFor(async () => expect(await queue(outbox)).toEqual([]));
    expect(server.posted()).toHaveLength(2);
    expect(new Set(server.posted().map(({ key }) => key)).size).toBe(1);
    expect(server.said).toHaveLength(1);
  });

  it("waits while nobody is logged in, and is sent in its writer's name only", async () => {
    const { outbox, client } = await openPage();
    server.away = true;
    await outbox.send("from Ada", "main");
    server.away = false;
    server.person = null;
    outbox.startOutbox();
    await vi.waitFor(() => expect(server.asked).not.toHaveLength(0));
    server.person = "Bob";
    client.session.set({ person: "Bob", scopes: ["chat"] });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server.said).toEqual([]);
    server.person = "Ada";
    client.session.set({ person: "Ada", scopes: ["chat"] });
    await vi.waitFor(() => expect(server.said).toEqual([{ text: "from Ada", person: "Ada" }]));
  });

  it("keeps what is refused for its writer, lets the next one pass, and can throw it away", async () => {
    const { outbox } = await openPage();
    server.away = true;
    await outbox.send("far too long", "main");
    await vi.advanceTimersByTimeAsync(5);
    await outbox.send("fine", "main");
    server.away = false;
    server.refuses = { words: "too long", status: 422 };
    outbox.startOutbox();
    await vi.waitFor(() => expect(server.said.map(({ text }) => text)).toEqual(["fine"]));
    await vi.waitFor(async () => expect(await queue(outbox)).toHaveLength(1));
    const [refused] = await queue(outbox);
    expect(refused?.fault).toBe("refused with 422");
    await outbox.discard(refused?.key ?? "");
    expect(await queue(outbox)).toEqual([]);
  });

  it("stops at the first message that has to wait, so that none overtakes it", async () => {
    const { outbox } = await openPage();
    server.away = true;
    await outbox.send("one", "main");
    await vi.advanceTimersByTimeAsync(5);
    await outbox.send("two", "main");
    server.away = false;
    server.refuses = { words: "one", status: 429 };
    outbox.startOutbox();
    await vi.waitFor(() => expect(server.posted()).not.toHaveLength(0));
    expect(texts(await queue(outbox))).toEqual(["one", "two"]);
    expect(server.said).toEqual([]);
  });

  it("asks one tab at a time to send", async () => {
    const held: string[] = [];
    const locks = { request: (name: string, work: () => Promise<void>) => (held.push(name), work()) };
    vi.stubGlobal("navigator", { ...navigator, locks });
    const { outbox } = await openPage();
    server.away = true;
    await outbox.send("hello", "main");
    server.away = false;
    outbox.startOutbox();
    await vi.waitFor(() => expect(server.said).toHaveLength(1));
    expect(new Set(held)).toEqual(new Set(["company-outbox"]));
  });

  it("posts messages and nothing else: no approval, stop or cycle is ever kept for later", async () => {
    const { outbox, client } = await openPage();
    outbox.startOutbox();
    server.away = true;
    await outbox.send("hello", "main");
    for (const path of ["/approvals/A1", "/runs/R1/cancel", "/cycles", "/stop"]) {
      await expect(client.post(path, {})).rejects.toMatchObject({ message: "the company cannot be reached" });
    }
    server.away = false;
    comeOnline();
    await vi.waitFor(() => expect(server.said).toHaveLength(1));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(new Set(server.posted().map(({ path }) => path))).toEqual(new Set(["/api/v1/messages"]));
  });
});
