import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { concerning } from "../../src/dashboard/concerns";
import Dashboard, { symbolsOf } from "../../src/dashboard/Dashboard";
import type { Event } from "../../src/wire/types";
import { agents, approvals, candles, costs, equity, market, memories, news, orders, portfolio, risk, threats } from "./fixtures";
import { show, words } from "./page";

const ANSWERS: Record<string, unknown> = {
  "/portfolio": portfolio,
  "/portfolio/equity": equity,
  "/risk": risk,
  "/orders": orders,
  "/market": market,
  "/market/candles": candles,
  "/agents": agents,
  "/approvals": approvals,
  "/news": news,
  "/costs": costs,
  "/threats": threats,
  "/memory": memories,
};

const asked: string[] = [];

/** The company's API, in which one path fails. */
function answer(url: string, broken: string): Response {
  const path = url.replace("/api/v1", "");
  asked.push(path);
  const name = path.replace(/\?.*/, "");
  if (name === broken) return Response.json({ error: { message: "the books are closed", code: "busy" } }, { status: 503 });
  return Response.json(ANSWERS[name]);
}

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => new EventTarget());
  vi.stubGlobal("fetch", async (url: string) => answer(url, "/risk"));
});
afterEach(() => vi.unstubAllGlobals());

test("a panel that fails leaves the others alone, and what was traded last is charted first", async () => {
  await show(<Dashboard />);
  await vi.waitFor(() => expect(document.querySelectorAll(".skeleton, .bone")).toHaveLength(0));

  expect(words("#risk .failed")).toContain("the books are closed");
  expect(document.querySelectorAll(".failed")).toHaveLength(1);
  expect(asked).toContain("/market/candles?symbol=BTC%2FUSDT&timeframe=1h&limit=200");
  expect([...document.querySelectorAll("h2")].map((heading) => heading.textContent)).toHaveLength(15);
  expect(document.querySelector(".attribution a")?.getAttribute("href")).toBe("https://www.tradingview.com/");
});

test("no markup carries a style of its own", async () => {
  await show(<Dashboard />);
  await vi.waitFor(() => expect(document.querySelectorAll(".skeleton, .bone")).toHaveLength(0));

  expect(document.querySelectorAll("[style]")).toHaveLength(0);
});

test("symbols last traded come before those held and those of the market, each once", () => {
  const held = { ...portfolio, positions: portfolio.positions.slice(2) };

  expect(symbolsOf(orders, held, market)).toEqual(["BTC/USDT", "DOGE/USDT", "ETH/USDT"]);
  expect(symbolsOf()).toEqual([]);
});

const event = (type: string, name?: string) => ({ type, name }) as unknown as Event;

test("events concern the panels that show what they changed", () => {
  expect(concerning.money.on(event("CUSTOM", "trade.filled"))).toBe(true);
  expect(concerning.approvals.on(event("CUSTOM", "approval.decided"))).toBe(true);
  expect(concerning.agents.on(event("SUBAGENT_STARTED"))).toBe(true);
  expect(concerning.threats.on(event("CUSTOM", "cost"))).toBe(false);
  expect(concerning.costs.on(event("TEXT_MESSAGE_CONTENT"))).toBe(false);
});
