// The business at a glance. Each panel asks for its own resource, so one that fails leaves the others alone.

import { useState } from "react";

import { useLive, type Live } from "../wire/live";
import type { Agent, Approval, Candles, CostReport, EquityCurve, Market, News, Orders, Portfolio, Risk, Threats } from "../wire/types";
import { Clock, latest } from "./clocks";
import "./dashboard.css";
import { concerning } from "./concerns";
import { Agents } from "./panels/Agents";
import { Approvals } from "./panels/Approvals";
import { Balances } from "./panels/Balances";
import { CostsPanel } from "./panels/CostsPanel";
import { Equity } from "./panels/Equity";
import { MarketPanel } from "./panels/MarketPanel";
import { MemoryPanel } from "./panels/MemoryPanel";
import { NewsPanel } from "./panels/NewsPanel";
import { OpenOrders } from "./panels/OpenOrders";
import { Positions } from "./panels/Positions";
import { Prices, type Choice } from "./panels/Prices";
import { RiskPanel } from "./panels/RiskPanel";
import { Summary } from "./panels/Summary";
import { ThreatsPanel } from "./panels/ThreatsPanel";
import { Trades } from "./panels/Trades";

export default function Dashboard() {
  const portfolio = useLive<Portfolio>("/portfolio", concerning.money);
  const risk = useLive<Risk>("/risk", concerning.money);
  const market = useLive<Market>("/market", concerning.market);
  const orders = useLive<Orders>("/orders?limit=50", concerning.orders);
  const costs = useLive<CostReport>("/costs", concerning.costs);
  const equity = useLive<EquityCurve>("/portfolio/equity?points=500", concerning.money);
  const approvals = useLive<Approval[]>("/approvals", concerning.approvals);
  const agents = useLive<Agent[]>("/agents", concerning.agents);
  const news = useLive<News>("/news?limit=20", concerning.news);
  const threats = useLive<Threats>("/threats", concerning.threats);
  const company = latest([portfolio.data?.as_of, risk.data?.as_of, market.data?.as_of]);
  return (
    <Clock company={company}>
      <div className="dashboard">
        <div className="panels">
          <Summary portfolio={portfolio} costs={costs} />
          <Equity live={equity} />
          <LivePrices symbols={symbolsOf(orders.data, portfolio.data, market.data)} market={market} />
          <Approvals live={approvals} />
          <RiskPanel live={risk} />
          <Agents live={agents} />
          <MarketPanel live={market} />
          <Positions live={portfolio} />
          <Trades live={orders} />
          <OpenOrders live={orders} />
          <Balances live={portfolio} />
          <NewsPanel live={news} />
          <ThreatsPanel live={threats} />
          <CostsPanel live={costs} />
          <MemoryPanel roles={(agents.data ?? []).map(({ id }) => id)} />
        </div>
        <Attribution />
      </div>
    </Clock>
  );
}

/** Symbols last traded first, so that the chart begins with fills on it; then those held, then those of the market. */
export function symbolsOf(orders?: Orders, portfolio?: Portfolio, market?: Market): string[] {
  const rows = [...(orders?.trades ?? []), ...(portfolio?.positions ?? []), ...(market?.rows ?? [])];
  return [...new Set(rows.map(({ symbol }) => symbol))];
}

/** Candles of the chosen symbol; while there is none to choose, what is known of the market stands for them. */
function LivePrices({ symbols, market }: { symbols: string[]; market: Live<Market> }) {
  const [chosen, choose] = useState<Choice>({ symbol: "", timeframe: "1h" });
  const choice = { ...chosen, symbol: chosen.symbol || (symbols[0] ?? "") };
  const query = `symbol=${encodeURIComponent(choice.symbol)}&timeframe=${choice.timeframe}&limit=200`;
  const live = useLive<Candles>(choice.symbol ? `/market/candles?${query}` : null, concerning.market);
  const none = market.data && { symbol: "", timeframe: choice.timeframe, candles: [], fills: [] };
  return <Prices live={choice.symbol ? live : { ...market, data: none }} symbols={symbols} choice={choice} choose={choose} />;
}

/** The licence of the charts asks for this notice and link on the page. */
function Attribution() {
  return (
    <p className="attribution">
      Charts:{" "}
      <a href="https://www.tradingview.com/" target="_blank" rel="noopener noreferrer">
        TradingView Lightweight Charts™
      </a>{" "}
      © 2025 TradingView, Inc.
    </p>
  );
}
