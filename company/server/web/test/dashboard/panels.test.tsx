import axe from "axe-core";
import type { ReactElement } from "react";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { Agents, TaskList } from "../../src/dashboard/panels/Agents";
import { Approvals } from "../../src/dashboard/panels/Approvals";
import { Balances } from "../../src/dashboard/panels/Balances";
import { CostsPanel } from "../../src/dashboard/panels/CostsPanel";
import { Equity } from "../../src/dashboard/panels/Equity";
import { MarketPanel } from "../../src/dashboard/panels/MarketPanel";
import { MemoryList } from "../../src/dashboard/panels/MemoryPanel";
import { NewsPanel } from "../../src/dashboard/panels/NewsPanel";
import { OpenOrders } from "../../src/dashboard/panels/OpenOrders";
import { Positions } from "../../src/dashboard/panels/Positions";
import { Prices } from "../../src/dashboard/panels/Prices";
import { RiskPanel } from "../../src/dashboard/panels/RiskPanel";
import { Summary } from "../../src/dashboard/panels/Summary";
import { ThreatsPanel } from "../../src/dashboard/panels/ThreatsPanel";
import { Trades } from "../../src/dashboard/panels/Trades";
import type { Live } from "../../src/wire/live";
import { agents, approvals, candles, costs, equity, live, market, memories, news, orders, portfolio, risk, tasks, threats } from "./fixtures";
import { button, failed, loading, press, rowsOf, show, words } from "./page";

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => new EventTarget());
});

/** A panel, its heading, what it shows when full, its data without anything in it, and what it then says. */
interface Case {
  title: string;
  panel: (state: Live<never>) => ReactElement;
  full: unknown;
  shows: string[];
  bare: unknown;
  says: string;
}

const CASES: Case[] = [
  {
    title: "Positions",
    panel: (state) => <Positions live={state} />,
    full: portfolio,
    shows: ["BTC/USDT", "▲ +1 035.83", "▼ −380.00 −3.81 %", "paper-a 0.30000000, paper-b 0.15000000"],
    bare: { ...portfolio, positions: [] },
    says: "No position is held",
  },
  {
    title: "Balances by venue",
    panel: (state) => <Balances live={state} />,
    full: portfolio,
    shows: ["paper-b", "41 250.10", "no price"],
    bare: { ...portfolio, balances: [] },
    says: "No venue has reported a balance yet",
  },
  {
    title: "Open orders",
    panel: (state) => <OpenOrders live={state} />,
    full: orders,
    shows: ["limit", "3 180.00", "42 min ago", "Take a third"],
    bare: { ...orders, open: [] },
    says: "No order is in a book",
  },
  {
    title: "Recent trades",
    panel: (state) => <Trades live={state} />,
    full: orders,
    shows: ["3 min ago", "3 475.62", "unknown", "approved as A1"],
    bare: { ...orders, trades: [] },
    says: "No trade yet",
  },
  {
    title: "Agents",
    panel: (state) => <Agents live={state} />,
    full: agents,
    shows: ["waits for a person", "draft_post made the same change 6 times", "$0.0312 6 calls today", "has read untrusted text", "claimed, no receipt: says “Bought 0.05 BTC on trend”", "1 failure", "No task yet"],
    bare: [],
    says: "No role is defined",
  },
  {
    title: "Approvals",
    panel: (state) => <Approvals live={state} />,
    full: approvals,
    shows: ["1 open", "A2: trading asks for place_order", "quantity0.05", '["trend","4h"]', "expires in 13 min", "had read news:coindaily"],
    bare: [],
    says: "Nothing waits for you",
  },
  {
    title: "News",
    panel: (state) => <NewsPanel live={state} />,
    full: news,
    shows: ["▲ +0.62 positive", "▼ −0.90 negative", "✓ corroborated", "! suspicious", "tells its reader what to do", "48 min ago", "cautiously positive"],
    bare: { ...news, items: [] },
    says: "No news in the last day",
  },
  {
    title: "Threats",
    panel: (state) => <ThreatsPanel live={state} />,
    full: threats,
    shows: ["critical", "1 284", "not blocked", "Blocked addresses"],
    bare: { alerts: [], blocks: [] },
    says: "No attack was found",
  },
  {
    title: "Market and venues",
    panel: (state) => <MarketPanel live={state} />,
    full: market,
    shows: ["paper-b ◐ stale 5 min old", "paper-c ■ down no data yet, no answer within 5 s", "▲ +1.82 %", "↘ bear"],
    bare: { ...market, rows: [], venues: [] },
    says: "No venue is configured",
  },
  {
    title: "Memory",
    panel: (state) => <MemoryList live={state} wanted={{ query: "", role: "", kind: "", status: "active" }} />,
    full: memories,
    shows: ["41 memories", "degraded: lexical: the weights are not installed", "m17", "0.83", "trust 3 (the operator's word)", "about binance: fee", "all roles, procedural", "waits for a person", "words of strangers"],
    bare: { ...memories, items: [] },
    says: "Nothing is remembered yet",
  },
  {
    title: "Costs",
    panel: (state) => <CostsPanel live={state} />,
    full: costs,
    shows: ["$0.4562 of $0.50", "21 model calls and 72 208 tokens today", "office$0.4250", "claude-sonnet"],
    bare: { ...costs, by_role: [], by_model: [] },
    says: "No model was asked yet",
  },
  {
    title: "Risk",
    panel: (state) => <RiskPanel live={state} />,
    full: risk,
    shows: ["6.20 % of 15 %", "sizes halved", "1 981.40 1.90 %", "1.34", "30.0 % of 35 %"],
    bare: { ...risk, sharpe: null, var95: null, var95_percent: null, var99: null, var99_percent: null, exposures: [] },
    says: "everything is cash",
  },
  {
    title: "Equity",
    panel: (state) => <Equity live={state} />,
    full: { ...equity, points: equity.points.slice(-30) },
    shows: ["Equity USDT", "30 points, newest first"],
    bare: { ...equity, points: equity.points.slice(0, 1) },
    says: "The curve begins with the second valuation",
  },
  {
    title: "Prices and fills",
    panel: (state) => <Prices live={state} symbols={["BTC/USDT"]} choice={{ symbol: "BTC/USDT", timeframe: "1h" }} choose={() => undefined} />,
    full: { ...candles, candles: candles.candles.slice(-30) },
    shows: ["BTC/USDT, 30 candles of 1h", "1 own fill"],
    bare: { ...candles, candles: [], fills: [] },
    says: "No candle of BTC/USDT yet",
  },
];

const plain = (text: string) => text.replaceAll("\u202f", " ");

describe.each(CASES)("$title", ({ title, panel, full, shows, bare, says }) => {
  test("shows its figures when they are there", async () => {
    await show(panel(live(full as never)));

    expect(shows.filter((part) => !plain(words()).includes(part))).toEqual([]);
  });

  test("says what will appear when there is nothing yet", async () => {
    await show(panel(live(bare as never)));

    expect(words()).toContain(says);
  });

  test("is busy and holds its place while it loads", async () => {
    await show(panel(loading));

    expect(document.querySelector("section")?.getAttribute("aria-busy")).toBe("true");
    expect(document.querySelector(".skeleton")).not.toBeNull();
    expect(words("h2")).toBe(title);
  });

  test("says why it failed and asks again on request", async () => {
    const refresh = vi.fn();
    await show(panel(failed(refresh)));

    await press(button("Try again"));

    expect(words(".failed")).toContain("the store is locked");
    expect(refresh).toHaveBeenCalledOnce();
  });

  test("keeps old figures when a later request fails", async () => {
    await show(panel({ ...live(full as never), error: failed().error }));

    expect(words(".failed.old")).toContain("Not up to date. the store is locked");
    expect(shows.filter((part) => !plain(words()).includes(part))).toEqual([]);
  });

  test.each([
    ["full", live(full as never)],
    ["empty", live(bare as never)],
  ])("has no finding of axe when it is %s", async (_, state) => {
    await show(panel(state));

    expect(await findings()).toEqual([]);
  });
});

test.each([
  ["loading", loading],
  ["failed", failed()],
])("a panel has no finding of axe while it is %s", async (_, state) => {
  await show(<Positions live={state} />);

  expect(await findings()).toEqual([]);
});

/** What axe finds, but for colours and the page's heading: there is no layout and no shell here. */
async function findings(): Promise<unknown[]> {
  const rules = { "color-contrast": { enabled: false }, "page-has-heading-one": { enabled: false } };
  const { violations } = await axe.run(document.body, { rules });
  return violations.map(({ id, nodes }) => [id, nodes[0]?.html]);
}

test("the summary tells value, day, win rate, drawdown and costs, with signs in words", async () => {
  await show(<Summary portfolio={live(portfolio)} costs={live(costs)} />);

  const expected = ["104 231.49 USDT", "▲ +842.31", "+0.81 % gain today", "61.5 %of 13 closed trades", "1.78 %", "$0.4562of $0.50 on models"];
  expect(expected.filter((part) => !plain(words()).includes(part))).toEqual([]);
});

test("a day without a change has no arrow, and no win rate is claimed before the first closed trade", async () => {
  const young = { ...portfolio, day: "0.00", day_percent: "0", win_rate_percent: null, closed_trades: 0 };
  await show(<Summary portfolio={live(young)} costs={live(costs)} />);

  expect(plain(words())).toContain("= 0.000.00 % unchanged today");
  expect(words()).toContain("no closed trade yet");
});

test("costs that cannot be loaded leave the portfolio in the summary", async () => {
  await show(<Summary portfolio={live(portfolio)} costs={failed()} />);

  expect(plain(words())).toContain("104 231.49 USDT");
  expect(words()).toContain("Not loaded, try again: the store is locked");
});

test("a panel whose data has another shape says so and draws again when asked", async () => {
  const again = await show(<Positions live={live({ ...portfolio, positions: null } as never)} />);
  expect(words(".failed")).toContain("Positions could not be shown");

  await again(<Positions live={live(portfolio)} />);
  await press(button("Show again"));

  expect(rowsOf(document.querySelector("table"))).toHaveLength(3);
});

test("a panel says the company's time of its figures", async () => {
  await show(<RiskPanel live={live(risk)} />);

  expect(words(".freshness")).toBe("as of 20 Nov 14:05 UTC, just now");
});

test("meters carry their figures for screen readers, capped at the limit", async () => {
  await show(<CostsPanel live={live({ ...costs, usd_today: "0.61" })} />);

  const meter = document.querySelector('[role="meter"][aria-label="Today"]');
  expect(meter?.getAttribute("aria-valuenow")).toBe("0.5");
  expect(meter?.getAttribute("aria-valuetext")).toBe("$0.61 of $0.50");
  expect(meter?.querySelector(".bar.bad")).not.toBeNull();
});

test.each([
  ["normal", "full size"],
  ["halved", "sizes halved"],
  ["no_new", "nothing new is opened"],
  ["stop", "only exits are allowed"],
] as const)("the drawdown step %s is told as: %s", async (step, said) => {
  await show(<RiskPanel live={live({ ...risk, drawdown_step: step })} />);

  expect(words(".step .badge")).toContain(said);
});

test("the tasks of a role are listed, the unfinished one since it began", async () => {
  await show(<TaskList live={live(tasks)} />);

  expect(words()).toContain("R10 Watch the open order. running, 1 min ago");
});

test("a task that is claimed and not proven says what is missing, one that is under way does not", async () => {
  await show(<TaskList live={live(tasks)} />);

  const [bought, watching] = document.querySelectorAll(".tasks li");
  expect(bought?.textContent).toContain("claimed, no receipt: says “Bought.”; there is no receipt of place_order");
  expect(watching?.textContent).not.toContain("claimed");
});

test("tasks that cannot be loaded can be asked for again", async () => {
  const refresh = vi.fn();
  await show(<TaskList live={failed(refresh)} />);

  await press(button("Try again"));

  expect(refresh).toHaveBeenCalledOnce();
});
