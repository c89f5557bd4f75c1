// What the server sends, as `/api/v1` documents it. Money, prices and quantities are decimal strings; times are ISO 8601.

export type Money = string;
export type Time = string;
export type Scope = "read" | "chat" | "approve" | "admin";
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type RunStatus = "created" | "running" | "waiting" | "done" | "degraded" | "failed" | "stopped";

/** GET /session */
export interface Session {
  person: string;
  scopes: Scope[];
}

/** An event as it travels: an AG-UI body, and the journal's envelope as `metadata`. */
export interface Envelope {
  seq: number;
  at: Time;
  runId: string;
  threadId: string;
  agent: string;
  visibility: "user" | "debug";
}
export type AgUi = { type: string; [field: string]: Json | undefined };
export type Event = AgUi & { metadata: Envelope };

/** GET /timeline?thread=main&runs=8&before=SEQ — whole runs of a thread and the cycles between them, oldest first. */
export interface Timeline {
  events: Event[];
  /** Number of the first event given; ask with `before` it for what is older. */
  first: number;
  /** Where to follow from: `GET /events?after=`, as `<epoch>:<seq>`. */
  cursor: string;
  older: boolean;
}

/** GET /status */
export interface Status {
  company: string;
  version: string;
  mode: "paper" | "live";
  /** "autopilot" or the models that think, in words. */
  mind: string;
  offline: boolean;
  seed: number;
  /** Why the company stands still; empty when it works. */
  stopped: string;
  /** Company time since which nothing concerned any role; null while something does. */
  asleep_since: Time | null;
  roles: { id: string; title: string; summary: string }[];
  counts: { cycles: number; chats: number; approvals_open: number; effects: Record<string, number> };
  running: string[];
  last_run: Run | null;
  costs: Costs;
  memory: MemoryState;
  health: { ok: boolean; unfinished_runs: string[]; failed_runs: string[]; unknown_effects: number; journal_rows: number };
}

export interface Costs {
  usd_today: Money;
  usd_day_limit: Money;
  usd_month: Money;
  usd_month_limit: Money;
  tokens_today: number;
  calls_today: number;
}

/** GET /runs?limit=20, GET /runs/R3 */
export interface Run {
  id: string;
  kind: "cycle" | "chat" | "task";
  cycle: number;
  status: RunStatus;
  thread: string;
  person: string;
  request: string;
  as_of: Time;
  created_at: Time;
  finished_at: Time | null;
  outcome: { answer?: string; degraded?: string[]; waiting?: string[]; sources?: string[]; usd?: Money; tokens?: number; calls?: number; error?: string };
}

/** GET /threads */
export interface Thread {
  id: string;
  /** First words of its first message. */
  title: string;
  last_at: Time;
  runs: number;
  /** Newest event of the thread, and up to where this person has read on any device. */
  last_seq: number;
  read_seq: number;
}

/** GET /threads/main/messages?limit=50&before=SEQ, oldest first */
export interface Message {
  id: string;
  run: string;
  seq: number;
  from: "person" | "ceo";
  text: string;
  at: Time;
}

/** GET /approvals */
export interface Approval {
  id: string;
  run: string;
  role: string;
  tool: string;
  arguments: { [name: string]: Json };
  reason: string;
  rule: string;
  sources: string[];
  state: "open" | "approved" | "rejected" | "expired" | "void";
  /** Id of the first of those that are shown, and may be answered, as one. */
  bundle: string;
  /** Id of an earlier one of them about the same call; empty when there is none. */
  repeats: string;
  /** How many people have to say yes, and who of several did. */
  needed: number;
  votes: { person: string; at: Time; note: string }[];
  asked_at: Time;
  /** Refused then, if nobody answers. */
  expires_at: Time;
  /** When it was passed on because nobody answered. */
  escalated_at: Time | null;
  decided_by: string | null;
  note: string;
  result: Json;
}

/** GET /mandates */
export interface Mandate {
  id: string;
  tools: string[];
  roles: string[];
  symbols: string[];
  recipients: string[];
  max_notional: Money | null;
  max_notional_day: Money | null;
  max_calls_day: number | null;
  expires: Time | null;
  note: string;
  origin: "file" | "command";
  state: "active" | "revoked" | "expired";
  given_at: Time | null;
  given_by: string | null;
  revoked_at: Time | null;
  revoked_by: string | null;
  reason: string;
  calls_today: number;
  notional_today: Money;
}

/** GET /portfolio */
export interface Portfolio {
  as_of: Time;
  quote: string;
  equity: Money;
  cash: Money;
  day: Money;
  day_percent: string;
  net: Money;
  realised: Money;
  unrealised: Money;
  fees: Money;
  peak: Money;
  drawdown_percent: string;
  /** Per cent of closing trades that earned something; null before the first. */
  win_rate_percent: string | null;
  closed_trades: number;
  calibration: Calibration;
  since: Time;
  unpriced: string[];
  positions: Position[];
  balances: { venue: string; currency: string; free: string; total: string; value: Money | null }[];
}
/** Stated conviction against outcome, of closed trades. */
export interface Calibration {
  trades: number;
  /** Closed trades without a stated conviction. */
  unstated: number;
  earned: number;
  /** Mean squared distance of conviction and outcome, 0 to 1; null without trades. */
  brier: string | null;
  /** The same if every conviction had been the share that earned. */
  base: string | null;
  /** Those that hold a trade, the lowest first. */
  buckets: { low: string; high: string; trades: number; earned: number; stated: string; result: Money }[];
}
export interface Position {
  symbol: string;
  quantity: string;
  average_cost: Money;
  price: Money;
  value: Money;
  unrealised: Money;
  unrealised_percent: string;
  realised: Money;
  fees: Money;
  venues: Record<string, string>;
}

/** GET /portfolio/equity?points=500, oldest first, company time */
export interface EquityCurve {
  quote: string;
  points: { at: Time; equity: Money }[];
}

/** GET /risk */
export interface Risk {
  as_of: Time;
  equity: Money;
  drawdown_percent: string;
  /** Per cent at which sizes halve, nothing new is opened, only exits are allowed. */
  drawdown_steps_percent: [string, string, string];
  drawdown_step: "normal" | "halved" | "no_new" | "stop";
  entries_allowed: boolean;
  daily_loss_percent: string;
  daily_loss_limit_percent: string;
  gross_percent: string;
  gross_limit_percent: string;
  position_limit_percent: string;
  exposures: { symbol: string; value: Money; percent: string }[];
  /** Of the 1-day horizon, in quote units and per cent of equity; null without enough history. */
  var95: Money | null;
  var95_percent: string | null;
  var99: Money | null;
  var99_percent: string | null;
  /** Annualised, of the hourly equity curve; null before 24 points. */
  sharpe: string | null;
}

/** GET /orders?limit=50 */
export interface Orders {
  open: Order[];
  /** Fills, newest first. */
  trades: Trade[];
}
export interface Order {
  order_id: string;
  client_order_id: string;
  venue: string;
  symbol: string;
  side: "buy" | "sell";
  type: string;
  quantity: string;
  filled: string;
  price: Money | null;
  status: string;
  at: Time;
  reason: string;
}
export interface Trade {
  seq: number;
  run: string;
  at: Time;
  venue: string;
  symbol: string;
  side: "buy" | "sell";
  quantity: string;
  price: Money;
  notional: Money;
  fee: Money | null;
  reason: string;
  order_id: string;
}

/** GET /market */
export interface Market {
  as_of: Time;
  quote: string;
  rows: { symbol: string; price: Money; change_24h: string | null; rsi: string; volatility: string; regime: "bull" | "bear" | "sideways"; score: string }[];
  venues: Venue[];
}
export interface Venue {
  name: string;
  /** A venue that does not answer in time is `down`; the page goes on without it. */
  status: "ok" | "stale" | "down";
  age_seconds: number | null;
  symbols: number;
  error: string;
}

/** GET /market/candles?symbol=BTC/USDT&timeframe=1h&limit=200, oldest first; fills are the company's own trades */
export interface Candles {
  symbol: string;
  timeframe: string;
  candles: { at: Time; open: Money; high: Money; low: Money; close: Money; volume: string }[];
  fills: { at: Time; side: "buy" | "sell"; price: Money; quantity: string; order_id: string }[];
}

/** GET /agents, GET /agents/trading */
export interface Agent {
  id: string;
  title: string;
  summary: string;
  reports_to: string;
  /** `waiting` when something it asked waits for a person, `held` when it went in circles and a person has to let it go on. */
  state: "idle" | "working" | "waiting" | "held";
  /** Why it is held; empty when it is not. */
  held: string;
  /** What it works on, else its last task; empty before the first. */
  task: string;
  run: string;
  model: string;
  tools: string[];
  today: { usd: Money; tokens: number; calls: number };
  last_report: Report | null;
}
/** GET /agents/trading/tasks?limit=20, newest first */
export interface Task {
  run: string;
  path: string;
  task: string;
  status: string;
  completion: Completion;
  summary: string;
  unproven: string[];
  begun_at: Time;
  finished_at: Time | null;
}
/** Computed from receipts: `claimed` when something is said to be done that no receipt shows. */
export type Completion = "done" | "claimed" | "open";
export interface Report {
  role: string;
  run: string;
  at: Time;
  task: string;
  status: string;
  completion: Completion;
  summary: string;
  figures: { [name: string]: Json };
  receipts: Json[];
  /** What is claimed and no receipt shows, with what is missing. */
  unproven: string[];
  waiting: string[];
  failures: string[];
  tainted: boolean;
  notices: string[];
}

/** GET /memory?role=trading&query=btc&kind=semantic&status=active&limit=20 — without a query the newest first */
export interface Memories {
  status: MemoryState;
  items: Memory[];
}
export interface MemoryState {
  state: "off" | "ok" | "degraded: lexical";
  items: number;
  embedder: string;
  /** What is worse than it could be, and what to do; empty when nothing is. */
  degraded: string;
  /** Memories that the embedder has not read yet, after it was changed. */
  unembedded: number;
}
export type MemoryKind = "persona" | "episodic" | "semantic" | "procedural" | "relationship";
export type MemoryStatus = "active" | "proposed" | "quarantined" | "archived";
export interface Memory {
  id: string;
  /** `*` is all roles. */
  role: string;
  kind: MemoryKind;
  status: MemoryStatus;
  text: string;
  /** Who it belongs to: you, or nobody when it is the company's. */
  person: string;
  subject: string;
  predicate: string;
  value: string;
  source: string;
  /** 0 unknown to 3 the operator's word. */
  trust: number;
  tainted: boolean;
  /** Documents of strangers that its words came from. */
  sources: string[];
  derived_from: string[];
  importance: number;
  pinned: boolean;
  thread: string;
  run: string;
  persona_version: string;
  created_at: Time;
  use_count: number;
  valid_from: Time;
  valid_to: Time | null;
  supersedes: string;
  superseded_by: string;
  score: number | null;
  /** What the score is made of. */
  parts: { [name: string]: number };
}

/** GET /memory/m17; POST /memory/m17/decision {accept} -> Memory */
export interface MemoryTrail {
  memory: Memory;
  /** All values its key ever had, the earliest first; of a memory without a key, itself. */
  history: Memory[];
  /** What it was concluded from, as far as you may see it. */
  origins: Memory[];
}

/** GET /costs */
export interface CostReport extends Costs {
  by_department: CostRow[];
  by_role: CostRow[];
  by_model: CostRow[];
  by_day: CostRow[];
}
export interface CostRow {
  key: string;
  calls: number;
  failed: number;
  input: number;
  cached: number;
  output: number;
  usd: Money;
}

/** GET /news?limit=20 */
export interface News {
  mood: { score: number; label: string; confidence: number; items: number };
  items: NewsItem[];
}
export interface NewsItem {
  id: string;
  title: string;
  source: string;
  at: Time;
  age_minutes: number;
  symbols: string[];
  sentiment: number;
  confidence: number;
  /** By evidence the company has: other outlets that say the same, or signs of manipulation. Never a guess. */
  truth: "corroborated" | "unconfirmed" | "suspicious";
  notes: string[];
}

/** GET /threats */
export interface Threats {
  alerts: { id: string; kind: string; rule: string; severity: "low" | "medium" | "high" | "critical"; owasp: string; source: string; count: number; first_at: Time; last_at: Time; sample: string }[];
  blocks: { address: string; reason: string; at: Time }[];
}

/** GET /report — the last finished cycle */
export interface CycleReport {
  run: Run;
  answer: string;
  reports: Report[];
}

/** GET /why/A1, /why/R3, /why/<order id> or /why/<tool call id>?run=R3 */
export interface Why {
  subject: string;
  what: string;
  run: string;
  steps: { seq: number; at: Time; agent: string; kind: string; text: string; detail: Json }[];
}

/** GET /personas */
export interface PersonaLine {
  role: string;
  title: string;
  version: PersonaVersion;
  versions: number;
  trial: Trial | null;
}
/** GET /personas/trading, GET /personas/trading?version=2 */
export interface Persona {
  role: string;
  title: string;
  text: string;
  /** First digits of the hash of what is shown. */
  version: string;
  /** What it changed of the version it was made from. */
  diff: string;
  /** The newest first. */
  log: PersonaVersion[];
  trial: Trial | null;
}
export interface PersonaVersion {
  version: string;
  number: number;
  parent: string;
  author: string;
  reason: string;
  at: Time;
  stable: boolean;
}
/** A candidate that some conversations have. */
export interface Trial {
  id: string;
  candidate: string;
  percent: number;
  needed: number;
  started_at: Time;
  started_by: string;
}

/** GET /config — settings in force, without secrets */
export type Config = { [section: string]: Json };

/** Every error: `{"error": {"message", "code"}}`. */
export interface Fault {
  error: { message: string; code: string };
}

/** POST /messages {text, thread}, POST /cycles; 202 */
export interface Started {
  run: string;
  thread: string;
}
/** POST /approvals/A1 {approved, note}, for all of its bundle up to it {approved, note, bundle: true, shown: ids} */
export interface Decided {
  approval: Approval;
  run: Run;
  /** All of its bundle as they stand now. */
  bundle: Approval[];
}
// POST /runs/R3/feedback {value: "up" | "down", note} -> {run, person, value, note, at}; DELETE takes it back, 204
// POST /session {code} or {password} 204, DELETE /session 204
// POST /runs/R3/cancel -> Run
// POST /stop {reason} 204, POST /start {reason} 204 (scope admin)
// PUT /threads/main/read {seq} 204
// GET /push/key -> {key: string | null}; POST /push {endpoint, keys:{p256dh, auth}} 204; DELETE /push {endpoint} 204
