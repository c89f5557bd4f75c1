// Logs in, follows the journal, shows it. Whatever comes from the company is put on the page as text, never as markup.
"use strict";

const API = "/api/v1";
const THREAD = "main";
const STALE = new Set([401, 403]);
const at = (id) => document.getElementById(id);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function complain(text) {
  at("fault").textContent = text;
  at("fault").hidden = !text;
}

async function call(method, path, body, key) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(API + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const data = answer.status === 204 ? null : await answer.json();
  if (answer.ok) return data;
  const error = new Error(data.error.message);
  error.status = answer.status;
  throw error;
}

// Repeats a command whose answer was lost; the key makes sure that it is done once.
async function command(path, body) {
  const key = crypto.randomUUID();
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call("POST", path, body, key);
    } catch (error) {
      if (error.status || attempt === 4) throw error;
      await new Promise((done) => setTimeout(done, 1000 * 2 ** attempt));
    }
  }
}

function failed(error) {
  complain(STALE.has(error.status) ? "You are logged out: open the address that `company login` prints." : error.message);
}

async function logIn(code) {
  history.replaceState(null, "", location.pathname);
  try {
    await call("POST", "/session", { code });
    location.reload();
  } catch (error) {
    complain(error.message);
  }
}

// --- conversation ---------------------------------------------------------------------------------------------------

const messages = new Map();
const newest = Number(document.body.dataset.newest);
let known = Number(document.body.dataset.after);

function put(node) {
  const log = at("log");
  const atBottom = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  if (node) log.append(node);
  if (atBottom) log.scrollTop = log.scrollHeight;
}

function note(lane, text, tone) {
  const line = element("p", "note");
  line.append(element("span", "lane", `${lane}  `), element("span", tone || "", text));
  put(line);
}

function begin(event) {
  const article = element("article", event.role === "user" ? "you" : "ceo");
  const words = element("div", "words", "");
  article.append(words);
  messages.set(event.messageId, words);
  put(article);
}

function end(event) {
  const words = messages.get(event.messageId);
  messages.delete(event.messageId);
  if (words && event.metadata.seq > newest && words.parentElement.className === "ceo") at("said").textContent = words.textContent;
}

const SHOW = {
  TEXT_MESSAGE_START: begin,
  TEXT_MESSAGE_CONTENT: (event) => {
    const words = messages.get(event.messageId);
    if (words) words.append(event.delta);
    put();
  },
  TEXT_MESSAGE_END: end,
  RUN_STARTED: (event) => event.metadata.threadId || note("ceo", `cycle ${event.runId} begins`),
  RUN_ERROR: (event) => note("ceo", `failed: ${event.message}`, "bad"),
  ACTIVITY_SNAPSHOT: (event) => {
    for (const step of event.content.steps || []) note("ceo", `asks ${step.role}: ${step.task}`);
  },
};

const SHOW_OWN = {
  report: (value) => note(value.role, `${value.status}: ${value.summary}`, value.status === "ok" ? "good" : "bad"),
  "trade.filled": (value) => note("trading", `${value.side} ${value.quantity} ${value.symbol} at ${value.price}, order ${value.orderId}`),
  "alert.raised": (value) => note("security", `${value.severity} alert: ${value.kind} from ${value.source}`, "bad"),
  "approval.asked": (value) => note("you", `${value.approval} waits for you: ${value.tool}`),
  "approval.decided": (value) => note("you", `${value.approval} ${value.state}`),
  "approval.escalated": (value) => note("you", `nobody answered ${value.approval}`, "bad"),
  "approval.voted": (value) => note("you", `${value.by} said yes to ${value.approval}, ${value.votes} of ${value.needed}`),
  "run.stopped": (value) => note("company", `stopped: ${value.reason}`, "bad"),
};

const ASKING = ["approval.asked", "approval.decided", "approval.escalated", "approval.voted"];
const REFRESHING = new Set(["RUN_STARTED", "RUN_FINISHED", "RUN_ERROR", ...ASKING]);
let pending = 0;

function refreshSoon() {
  clearTimeout(pending);
  pending = setTimeout(() => refresh().catch(failed), 150);
}

function show(message) {
  const event = JSON.parse(message.data);
  const seq = event.metadata.seq;
  if (seq <= known) return;
  known = seq;
  const custom = event.type === "CUSTOM";
  const { visibility, threadId } = event.metadata;
  if (visibility === "user" && ["", THREAD].includes(threadId)) {
    if (custom) SHOW_OWN[event.name]?.(event.value);
    else SHOW[event.type]?.(event);
  }
  if (seq > newest && REFRESHING.has(custom ? event.name : event.type)) refreshSoon();
}

let stream = null;

function link(text) {
  at("link").hidden = false;
  at("link").textContent = text;
}

function follow() {
  if (stream) stream.close();
  stream = new EventSource(`${API}/events?after=${known}`);
  stream.onopen = () => link("live");
  stream.onmessage = show;
  stream.onerror = () => link(stream.readyState === EventSource.CLOSED ? "disconnected" : "reconnecting");
  stream.addEventListener("farewell", () => link("the server has stopped"));
  stream.addEventListener("reset", () => location.reload());
}

function comeBack() {
  if (document.visibilityState === "visible" && stream.readyState === EventSource.CLOSED) follow();
}

// --- status and approvals -------------------------------------------------------------------------------------------

async function refresh() {
  const [status, waiting] = await Promise.all([call("GET", "/status"), call("GET", "/approvals")]);
  at("health").textContent = status.health.ok ? "all well" : "needs attention";
  at("cycles").textContent = status.counts.cycles;
  at("running").textContent = status.running.length;
  at("waiting").textContent = waiting.length;
  at("spent").textContent = `$${status.costs.usd_today} of $${status.costs.usd_day_limit}`;
  at("last").textContent = status.last_run ? `${status.last_run.id} ${status.last_run.status}` : "none yet";
  showApprovals(waiting);
}

const cards = new Map();

// What stays is not touched, so that a note half typed and the focus are kept.
function showApprovals(approvals) {
  const wanted = wantedCards(approvals);
  for (const [key, item] of cards) {
    if (!wanted.has(key)) {
      item.remove();
      cards.delete(key);
    }
  }
  let next = at("open").firstElementChild;
  for (const [key, make] of wanted) {
    if (!cards.has(key)) cards.set(key, make());
    const item = cards.get(key);
    if (item === next) next = next.nextElementSibling;
    else at("open").insertBefore(item, next);
  }
  at("nothing").hidden = approvals.length > 0;
}

// A card for each approval, and after those of a bundle one for all of them; in the order of the list.
function wantedCards(approvals) {
  const wanted = new Map();
  approvals.forEach((approval, place) => {
    wanted.set(`${approval.id} ${approval.votes.length} ${approval.escalated_at}`, () => card(approval));
    const bundle = approvals.filter((other) => other.bundle === approval.bundle);
    const isLast = approvals[place + 1]?.bundle !== approval.bundle;
    if (isLast && bundle.length > 1) wanted.set(bundle.map(({ id }) => id).join(), () => together(bundle));
  });
  return wanted;
}

function together(bundle) {
  const item = element("li");
  const title = element("h3", "", `All ${bundle.length} of these: ${bundle.map(({ id }) => id).join(", ")}`);
  const last = bundle.at(-1).id;
  title.id = `title-all-${last}`;
  item.setAttribute("aria-labelledby", title.id);
  item.append(title);
  if (bundle.some(({ repeats }) => repeats)) {
    item.append(element("p", "", "Approving them together leaves open what is the same call again."));
  }
  item.append(...answering(last, `all ${bundle.length}`, `all-${last}`, true));
  return item;
}

function card(approval) {
  const item = element("li");
  const title = element("h3", "", `${approval.id}: ${approval.role} wants ${approval.tool}`);
  title.id = `title-${approval.id}`;
  item.setAttribute("aria-labelledby", title.id);
  item.append(title, element("p", "", `${approval.reason} (rule ${approval.rule})`));
  if (approval.sources.length) item.append(element("p", "", `It had read: ${approval.sources.join(", ")}`));
  if (approval.repeats) item.append(element("p", "bad", `The same call as ${approval.repeats}.`));
  if (approval.needed > 1) item.append(element("p", "", tally(approval)));
  if (approval.escalated_at) item.append(element("p", "bad", `Nobody answered since ${when(approval.asked_at)}.`));
  item.append(element("pre", "", JSON.stringify(approval.arguments, null, 2)));
  item.append(element("p", "lane", `if nobody answers before ${when(approval.expires_at)}: refused`));
  item.append(...answering(approval.id, "", approval.id, false));
  return item;
}

const when = (time) => new Date(time).toLocaleString();

function tally({ votes, needed }) {
  const names = votes.map(({ person }) => person).join(", ");
  return `${votes.length} of ${needed} said yes${names && `: ${names}`}`;
}

function answering(id, which, name, bundle) {
  const label = element("label", "", "Note, kept in the journal");
  const input = element("input");
  input.id = `note-${name}`;
  input.maxLength = 2000;
  label.htmlFor = input.id;
  const row = element("p", "row");
  for (const [text, approved] of [["Approve", true], ["Reject", false]]) {
    const button = element("button", approved ? "yes" : "", which ? `${text} ${which}` : text);
    button.type = "button";
    button.setAttribute("aria-label", which ? `${text} ${which} up to ${id}` : `${text} ${id}`);
    button.addEventListener("click", () => decide(id, { approved, note: input.value, bundle }, row));
    row.append(button);
  }
  return [label, input, row];
}

async function decide(id, decision, row) {
  const buttons = row.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  complain("");
  try {
    await call("POST", `/approvals/${id}`, decision);
  } catch (error) {
    failed(error);
    buttons.forEach((button) => { button.disabled = false; });
  }
  refreshSoon();
}

// --- talking --------------------------------------------------------------------------------------------------------

async function ask(button, path, body) {
  button.disabled = true;
  complain("");
  try {
    await command(path, body);
    return true;
  } catch (error) {
    failed(error);
    return false;
  } finally {
    button.disabled = false;
  }
}

async function say(event) {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text) return;
  if (await ask(event.target.querySelector("button"), "/messages", { text, thread: THREAD })) at("text").value = "";
  at("text").focus();
}

function start() {
  const code = new URLSearchParams(location.hash.slice(1)).get("t");
  if (code) return void logIn(code);
  if (document.body.dataset.known !== "yes") return;
  at("log").replaceChildren();
  at("say").addEventListener("submit", say);
  at("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      at("say").requestSubmit();
    }
  });
  at("work").addEventListener("submit", (event) => {
    event.preventDefault();
    ask(at("cycle"), "/cycles");
  });
  document.addEventListener("visibilitychange", comeBack);
  window.addEventListener("online", comeBack);
  window.addEventListener("hashchange", start);
  at("open").replaceChildren();
  refresh().catch(failed);
  follow();
}

start();
