// Events as the company writes them, for tests: one run at a time, numbered as they are made.

import type { Event, Json } from "../../src/wire/types";

type Fields = { [name: string]: Json };

export class Writer {
  readonly events: Event[] = [];
  readonly run: string;
  readonly thread: string;
  #seq: number;

  constructor(run = "R1", thread = "main", after = 0) {
    this.run = run;
    this.thread = thread;
    this.#seq = after;
  }

  add(type: string, fields: Fields = {}, agent = "ceo", visibility: "user" | "debug" = "user"): this {
    this.#seq += 1;
    const at = new Date(Date.UTC(2026, 0, 31, 12, 0, 0, this.#seq * 100)).toISOString();
    const metadata = { seq: this.#seq, at, runId: this.run, threadId: this.thread, agent, visibility };
    this.events.push({ type, ...fields, metadata } as Event);
    return this;
  }

  custom(name: string, value: Fields, agent = "ceo", visibility: "user" | "debug" = "user"): this {
    return this.add("CUSTOM", { name, value }, agent, visibility);
  }

  begin(): this {
    return this.add("RUN_STARTED").custom("world.clock", { now: "2026-01-31T00:00:00+00:00" });
  }

  says(text: string, messageId = `${this.run}/ceo/answer1/1.1`, role = "assistant"): this {
    this.add("TEXT_MESSAGE_START", { messageId, role });
    for (const delta of text.match(/[\s\S]{1,7}/g) ?? []) this.add("TEXT_MESSAGE_CONTENT", { messageId, delta });
    return this.add("TEXT_MESSAGE_END", { messageId });
  }

  asks(text: string): this {
    return this.says(text, `${this.run}/request`, "user");
  }

  plan(...roles: string[]): this {
    const steps = roles.map((role) => ({ role, task: `do ${role}`, expects: "figures", path: `ceo/${role}` }));
    this.add("ACTIVITY_SNAPSHOT", { messageId: `${this.run}/ceo/plan1`, activityType: "PLAN", content: { steps } });
    for (const role of roles) this.add("SUBAGENT_STARTED", { name: role, description: `do ${role}` }, `ceo/${role}`);
    return this;
  }

  calls(role: string, toolCallId: string, toolCallName: string, values: Fields): this {
    const agent = `ceo/${role}`;
    this.add("TOOL_CALL_START", { toolCallId, toolCallName }, agent);
    this.add("TOOL_CALL_ARGS", { toolCallId, delta: JSON.stringify(values) }, agent);
    this.add("TOOL_CALL_END", { toolCallId }, agent);
    const verdict = { toolCallId, tool: toolCallName, decision: "allow", rule: "effect.read", reason: "reading", mandate: "", sources: [] };
    return this.custom("verdict", verdict, agent);
  }

  gets(role: string, toolCallId: string, result: Fields): this {
    return this.add("TOOL_CALL_RESULT", { toolCallId, content: JSON.stringify(result) }, `ceo/${role}`);
  }

  reports(role: string, status: string, summary: string, more: Fields = {}): this {
    const value = { role, status, summary, tainted: role === "research", failures: [], notices: [], ...more };
    this.custom("report", value, `ceo/${role}`);
    return this.add("SUBAGENT_FINISHED", { outcome: { type: "success" } }, `ceo/${role}`);
  }

  asksFor(id: string, tool: string, values: Fields): this {
    const rest = { toolCallId: "c9", rule: "provenance.untrusted", reason: "text of strangers", sources: ["inbox"] };
    return this.custom("approval.asked", { approval: id, tool, arguments: values, expiresAt: "2030-01-01T00:00:00+00:00", ...rest }, "ceo/content");
  }

  finishes(type: "success" | "interrupt" | "cancelled" = "success", result: Fields = {}): this {
    const whole = { answer: "", degraded: [], waiting: [], usd: "0.5", tokens: 1234, calls: 3, ...result };
    return this.add("RUN_FINISHED", { result: whole, outcome: { type } });
  }
}
