// The line at the top: what it says of the roles' memory.

import { beforeEach, expect, test, vi } from "vitest";

import { Header } from "../../src/shell/Header";
import { session } from "../../src/wire/client";
import { resourceOf } from "../../src/wire/resource";
import type { MemoryState } from "../../src/wire/types";
import { serve, show } from "../terminal/screen";

const WELL: MemoryState = { state: "ok", items: 40, embedder: "minilm", degraded: "", unembedded: 0 };

let shown = 0;

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => Object.assign(new EventTarget(), { matches: false }));
  session.set({ person: "ada", scopes: ["read"] });
});

async function pills(memory: MemoryState): Promise<string> {
  const costs = { usd_today: "0", usd_day_limit: "5", usd_month: "0", usd_month_limit: "50", tokens_today: 0, calls_today: 0 };
  const company = `Acme ${(shown += 1)}`;
  const status = { company, mode: "paper", mind: "autopilot", stopped: "", counts: { approvals_open: 0 }, costs, memory };
  serve({ "GET /status": [200, status], "GET /threads": [200, []] });
  await show(<Header toApprovals={() => undefined} />);
  resourceOf("/status").refresh();
  await expect.poll(() => document.querySelector("h1")?.textContent).toBe(company);
  return document.querySelector(".pills")?.textContent ?? "";
}

test("a memory that works is not mentioned, nor one that is switched off", async () => {
  expect(await pills(WELL)).not.toContain("memory");
  expect(await pills({ ...WELL, state: "off", items: 0, degraded: "switched off" })).not.toContain("memory");
});

test("a memory without embedder says so, and what to do", async () => {
  expect(await pills({ ...WELL, state: "degraded: lexical", degraded: "install the weights" })).toContain("memory degraded: lexical");
  expect(document.querySelector(".pill.warn")?.getAttribute("title")).toBe("install the weights");
});

test("a new embedder says how far it has read", async () => {
  expect(await pills({ ...WELL, unembedded: 30 })).toContain("memory: embedding 25 %");
});
