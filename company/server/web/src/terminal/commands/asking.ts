// Commands that only ask.

import { get } from "../../wire/client";
import type {
  Agent, Calibration, CostReport, CostRow, CycleReport, EquityCurve, Memories, MemoryState, Persona, PersonaLine, Portfolio, Report, Risk, Status, Trial, Why,
} from "../../wire/types";
import { clock, count, dollars, whole } from "../words";
import type { Command } from "./command";
import { facts, line, table, type Printed } from "./printed";

export const status: Command = {
  name: "status",
  summary: "how the company is",
  async run() {
    const { company, version, mode, mind, stopped, counts, running, last_run: last, costs, memory, health } = await get<Status>("/status");
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
        ["memory", memory.state === "off" ? "switched off" : remembers(memory), memory.state === "ok" || memory.state === "off" ? "plain" : "warn"],
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
        ["conviction", borneOut(book.calibration)],
      ),
      ...(numbers.length > 1 ? [{ kind: "spark" as const, label: `equity ${quote}`, numbers }] : []),
      table("Positions", "symbol|#quantity|#cost|#price|#value|#unrealised", rows, "no positions"),
      ...convictions(book),
    ];
  },
};

/** How far what the trader was sure of came true, in one line. */
function borneOut({ trades, earned, brier, base }: Calibration): string {
  if (!trades) return "no closed trade with a stated conviction yet";
  return `${earned} of ${count(trades, "stated trade")} earned, Brier score ${brier} (0 is perfect; ${base} knows only the average)`;
}

function convictions({ calibration: { buckets }, quote }: Portfolio): Printed[] {
  if (!buckets.length) return [];
  const rows = buckets.map((one) => [`${one.low} to ${one.high}`, whole(one.trades), one.stated, (one.earned / one.trades).toFixed(2), one.result]);
  return [table("Conviction against outcome", `conviction|#trades|#stated|#earned|#result ${quote}`, rows, "")];
}

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
    const reminders = trail.steps.flatMap(reminded);
    return [
      line(`${trail.subject}: ${trail.what} (${trail.run})`),
      table("Trail", "#event|at|who|what|in words", rows, "no steps"),
      ...(reminders.length ? [table("What roles were reminded of", "who|id|kind|said by|since|#score|text|trust", reminders, "")] : []),
    ];
  },
};

/** The memories of a step, a row each; what belongs to somebody else or was forgotten has no words. */
function reminded({ kind, agent, detail }: Why["steps"][number]): string[][] {
  if (kind !== "recalled") return [];
  const { items } = detail as unknown as { items: Reminder[] };
  return items.map((item) => [
    agent, item.id, item.kind, item.source, item.date.slice(0, 10), item.score.toFixed(2), item.text ? short(item.text, 140) : "not for you, or forgotten",
    item.tainted ? "untrusted" : "",
  ]);
}

interface Reminder {
  id: string;
  kind: string;
  source: string;
  date: string;
  tainted: boolean;
  score: number;
  text?: string;
}

export const memory: Command = {
  name: "memory",
  takes: "[words]",
  summary: "what the company remembers; with words: what fits them",
  async run(rest) {
    const { status: state, items } = await get<Memories>(`/memory?limit=20${rest ? `&query=${encodeURIComponent(rest)}` : ""}`);
    const rows = items.map((item) => [
      item.id, item.role === "*" ? "all" : item.role, item.kind, item.source, item.valid_from.slice(0, 10), item.score?.toFixed(2) ?? "", short(item.text, 140),
      item.tainted ? "untrusted" : "",
    ]);
    return [
      line(remembers(state), state.state === "ok" ? "quiet" : "warn"),
      table("Memories", "id|role|kind|said by|since|#score|text|trust", rows, rest ? "nothing fits" : "nothing yet"),
    ];
  },
};

/** How well the roles remember, in one line. */
function remembers({ state, items, embedder, degraded, unembedded }: MemoryState): string {
  const known = count(items, "memory").replace("memorys", "memories");
  const left = unembedded ? `${whole(unembedded)} not embedded yet` : "";
  return [known, state === "ok" ? embedder : state, degraded, left].filter(Boolean).join(", ");
}

export const persona: Command = {
  name: "persona",
  takes: "[role] [version]",
  summary: "who a role is, in the words its model gets, and every version of it",
  async run(rest) {
    if (!rest) return personas();
    const [role = "", version = ""] = rest.split(/\s+/);
    const asked = version ? `?version=${encodeURIComponent(version)}` : "";
    const shown = await get<Persona>(`/personas/${encodeURIComponent(role)}${asked}`);
    const log = shown.log.map((one) => [String(one.number), one.version, one.stable ? "in force" : "", one.author, one.at.slice(0, 10), short(one.reason)]);
    return [
      line(`${shown.title} (${shown.role}), version ${shown.version}`, "quiet"),
      ...onTrial(shown.role, shown.trial),
      { kind: "markdown", text: shown.text },
      table("Versions", "#number|version|state|by|since|why", log, "no versions"),
      ...(shown.diff ? [line("What this version changed:", "quiet"), { kind: "markdown" as const, text: fenced(shown.diff) }] : []),
    ];
  },
};

async function personas(): Promise<Printed[]> {
  const all = await get<PersonaLine[]>("/personas");
  const rows = all.map(({ role, title, version, versions }) => [role, title, String(version.number), version.version, version.author, version.at.slice(0, 10), whole(versions)]);
  return [
    table("Personas", "role|title|#number|version|by|since|#versions", rows, "no roles"),
    ...all.flatMap(({ role, trial }) => onTrial(role, trial)),
    line("/persona ROLE shows one", "quiet"),
  ];
}

const onTrial = (role: string, trial: Trial | null): Printed[] =>
  trial ? [line(`${trial.id}: ${role} has version ${trial.candidate} in ${trial.percent} % of the conversations, on trial since ${trial.started_at.slice(0, 10)}`, "warn")] : [];

/** Text as a block of code, whatever stands in it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}diff\n${text}\n${fence}`;
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
