// Commands that only ask.

import { get } from "../../wire/client";
import type {
  Agent, CostReport, CostRow, CycleReport, EquityCurve, Memories, Persona, Portfolio, Report, Risk, Status, Why,
} from "../../wire/types";
import { clock, count, dollars, whole } from "../words";
import type { Command } from "./command";
import { facts, line, table, type Printed } from "./printed";

export const status: Command = {
  name: "status",
  summary: "how the company is",
  async run() {
    const { company, version, mode, mind, stopped, counts, running, last_run: last, costs, health } = await get<Status>("/status");
    return [
      facts(
        ["company", `${company} ${version}`],
        ["mode", `${mode} money · ${mind}`, mode === "live" ? "warn" : "plain"],
        ["health", health.ok ? "all well" : "needs attention", health.ok ? "good" : "bad"],
        ["stopped", stopped || "no", stopped ? "bad" : "plain"],
        ["work", `${count(counts.cycles, "cycle")}, ${count(counts.chats, "conversation turn")}, running: ${running.join(", ") || "nothing"}`],
        ["waiting", count(counts.approvals_open, "approval"), counts.approvals_open ? "warn" : "plain"],
        ["last run", last ? `${last.id} ${last.kind} ${last.status}` : "none yet"],
        ["today", `${dollars(costs.usd_today)} of ${dollars(costs.usd_day_limit)}, ${whole(costs.tokens_today)} tokens`],
        ["journal", `${count(health.journal_rows, "row")}`],
      ),
    ];
  },
};

export const agents: Command = {
  name: "agents",
  summary: "who works here, on what, for how much",
  async run() {
    const rows = (await get<Agent[]>("/agents")).map((agent) => [
      agent.id, agent.state, short(agent.task), agent.last_report ? standing(agent.last_report) : "", agent.model,
      dollars(agent.today.usd), whole(agent.today.tokens),
    ]);
    return [table("Agents", "agent|state|task|last report|model|#$ today|#tokens", rows, "no roles")];
  },
};

/** How a report ended, and whether receipts bear it out. */
const standing = ({ status, completion }: Report) => (completion === "claimed" ? `${status}, claimed` : status);

export const portfolio: Command = {
  name: "portfolio",
  summary: "value, result and positions",
  async run() {
    const [book, curve] = await Promise.all([get<Portfolio>("/portfolio"), get<EquityCurve>("/portfolio/equity?points=60")]);
    const { quote } = book;
    const numbers = curve.points.map((point) => Number(point.equity));
    const rows = book.positions.map((held) => [
      held.symbol, held.quantity, held.average_cost, held.price, held.value, `${held.unrealised} (${held.unrealised_percent} %)`,
    ]);
    return [
      facts(
        ["equity", `${amount(book.equity)} ${quote}`],
        ["today", `${book.day} ${quote} (${book.day_percent} %)`, sign(book.day)],
        ["net", `${book.net} ${quote} since ${book.since.slice(0, 10)}, fees ${book.fees}`, sign(book.net)],
        ["cash", `${amount(book.cash)} ${quote}`],
        ["drawdown", `${book.drawdown_percent} %`],
        ["win rate", book.win_rate_percent === null ? "no closed trade yet" : `${book.win_rate_percent} % of ${book.closed_trades}`],
      ),
      ...(numbers.length > 1 ? [{ kind: "spark" as const, label: `equity ${quote}`, numbers }] : []),
      table("Positions", "symbol|#quantity|#cost|#price|#value|#unrealised", rows, "no positions"),
    ];
  },
};

export const risk: Command = {
  name: "risk",
  summary: "drawdown, exposure, value at risk, limits",
  async run() {
    const now = await get<Risk>("/risk");
    const [halves, none, exits] = now.drawdown_steps_percent;
    return [
      facts(
        ["drawdown", `${now.drawdown_percent} % (${halves} % halves sizes, ${none} % opens nothing, ${exits} % only exits)`],
        ["step", now.drawdown_step.replace("_", " "), now.drawdown_step === "normal" ? "good" : "warn"],
        ["entries", now.entries_allowed ? "allowed" : "not allowed", now.entries_allowed ? "good" : "bad"],
        ["daily loss", `${now.daily_loss_percent} % of ${now.daily_loss_limit_percent} %`],
        ["exposure", `${now.gross_percent} % of ${now.gross_limit_percent} %, one position at most ${now.position_limit_percent} %`],
        ["VaR 1 day", `95 %: ${known(now.var95_percent, " %")} · 99 %: ${known(now.var99_percent, " %")}`],
        ["Sharpe", known(now.sharpe, "")],
      ),
      table("Exposure", "symbol|#value|#per cent", now.exposures.map((row) => [row.symbol, row.value, row.percent]), "no exposure"),
    ];
  },
};

export const cost: Command = {
  name: "cost",
  summary: "what the models took, against the budget",
  async run() {
    const costs = await get<CostReport>("/costs");
    const rows = (list: CostRow[]) => list.map((row) => [row.key, dollars(row.usd), whole(row.calls), whole(row.input), whole(row.cached), whole(row.output)]);
    const columns = "|#$|#calls|#input|#cached|#output";
    return [
      facts(
        ["today", `${dollars(costs.usd_today)} of ${dollars(costs.usd_day_limit)}`],
        ["month", `${dollars(costs.usd_month)} of ${dollars(costs.usd_month_limit)}`],
      ),
      table("By department", `department${columns}`, rows(costs.by_department), "nothing yet"),
      table("By role", `role${columns}`, rows(costs.by_role), "nothing yet"),
      table("By model", `model${columns}`, rows(costs.by_model), "nothing yet"),
    ];
  },
};

export const report: Command = {
  name: "report",
  summary: "the last finished cycle",
  async run() {
    const { run, answer, reports } = await get<CycleReport>("/report");
    const rows = reports.map((one) => [one.role, standing(one), short(one.summary, 120), one.tainted ? "untrusted" : ""]);
    return [
      line(`cycle ${run.cycle} (${run.id}), ${run.status}, company time ${run.as_of.slice(0, 16).replace("T", " ")}`, "quiet"),
      { kind: "markdown", text: answer },
      table("Reports", "role|status|summary|trust", rows, "nobody reported"),
      ...reports.flatMap((one) => one.unproven.map((claim) => line(`claimed, no receipt: ${one.role} ${claim}`, "warn"))),
    ];
  },
};

export const why: Command = {
  name: "why",
  takes: "ID [run]",
  summary: "the trail of an approval, a run, an order or a tool call of a run",
  async run(rest) {
    if (!rest) return [line("say of what: /why A1, /why R3, /why O2", "warn")];
    const [id = "", of] = rest.split(/\s+/);
    const trail = await get<Why>(`/why/${encodeURIComponent(id)}${of ? `?run=${encodeURIComponent(of)}` : ""}`);
    const rows = trail.steps.map((step) => [String(step.seq), clock(step.at), step.agent, step.kind, step.text]);
    return [line(`${trail.subject}: ${trail.what} (${trail.run})`), table("Trail", "#event|at|who|what|in words", rows, "no steps")];
  },
};

export const memory: Command = {
  name: "memory",
  takes: "[words]",
  summary: "what the company remembers; with words: what fits them",
  async run(rest) {
    const { status: state, items } = await get<Memories>(`/memory?limit=20${rest ? `&query=${encodeURIComponent(rest)}` : ""}`);
    const rows = items.map((item) => [item.id, item.role, item.kind, short(item.text, 140), item.tainted ? "untrusted" : ""]);
    return [
      line(`${count(state.items, "memory").replace("memorys", "memories")}, ${state.embedder}${state.degraded ? `, ${state.degraded}` : ""}`, "quiet"),
      table("Memories", "id|role|kind|text|trust", rows, rest ? "nothing fits" : "nothing yet"),
    ];
  },
};

export const persona: Command = {
  name: "persona",
  takes: "[role]",
  summary: "who a role is, in the words its model gets",
  async run(rest) {
    if (!rest) return personas();
    const { role, title, text, version } = await get<Persona>(`/personas/${encodeURIComponent(rest)}`);
    return [line(`${title} (${role}), version ${version}, file roles/${role}.md`, "quiet"), { kind: "markdown", text }];
  },
};

async function personas(): Promise<Printed[]> {
  const { roles } = await get<Status>("/status");
  return [table("Roles", "role|title|summary", roles.map((role) => [role.id, role.title, role.summary]), "no roles"), line("/persona ROLE shows one", "quiet")];
}

export const mode: Command = {
  name: "mode",
  summary: "paper or live money, autopilot or models, and how to change it",
  async run() {
    const { mode: money, mind, offline } = await get<Status>("/status");
    return [
      facts(["money", money, money === "live" ? "warn" : "good"], ["mind", mind]),
      line(offline ? "To let a model think: `company key set PROVIDER`, then start the server again." : "Which model thinks for which role: `[models]` in company.toml.", "quiet"),
      line("Where orders go: `[world] venues` in company.toml, never a browser.", "quiet"),
    ];
  },
};

const amount = (money: string): string => Number(money).toLocaleString("en", { maximumFractionDigits: 2 });
const known = (value: string | null, unit: string): string => (value === null ? "not enough history" : value + unit);
const sign = (money: string) => (money.startsWith("-") ? "bad" : Number(money) > 0 ? "good" : "plain");
const short = (text: string, length = 80): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text).replaceAll("\n", " ");
