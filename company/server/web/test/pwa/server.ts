// A stand-in for the company's server: it answers what the outbox asks, and can be away.

import { vi } from "vitest";

export interface Asked {
  method: string;
  path: string;
  key: string | null;
  body: unknown;
}

export class Server {
  readonly asked: Asked[] = [];
  readonly said: { text: string; person: string }[] = [];
  person: string | null = "Ada";
  away = false;
  /** Takes the message, but its answer is lost. */
  deaf = false;
  /** Answers messages that hold the words with a status. */
  refuses: { words: string; status: number } | undefined;
  readonly #keys = new Map<string, string>();

  constructor() {
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => this.#answer(url, init));
  }

  posted(): Asked[] {
    return this.asked.filter(({ method }) => method === "POST");
  }

  async #answer(url: string, init: RequestInit): Promise<Response> {
    if (this.away) throw new TypeError("Failed to fetch");
    const body = init.body === undefined ? undefined : (JSON.parse(String(init.body)) as { text: string });
    const asked = { method: init.method ?? "GET", path: url, key: new Headers(init.headers).get("idempotency-key"), body };
    this.asked.push(asked);
    if (url === "/api/v1/session") return this.#session();
    if (this.refuses && body?.text.includes(this.refuses.words)) return fault(this.refuses.status);
    const run = this.#once(asked.key ?? "", body?.text ?? "");
    if (this.deaf) throw new TypeError("Failed to fetch");
    return json({ run, thread: "main" }, 202);
  }

  #session(): Response {
    return this.person === null ? fault(401) : json({ person: this.person, scopes: ["chat"] }, 200);
  }

  #once(key: string, text: string): string {
    const known = this.#keys.get(key);
    if (known) return known;
    this.said.push({ text, person: this.person ?? "" });
    this.#keys.set(key, `R${this.said.length}`);
    return `R${this.said.length}`;
  }
}

const json = (body: unknown, status: number): Response => new Response(JSON.stringify(body), { status });
const fault = (status: number): Response => json({ error: { message: `refused with ${status}`, code: "refused" } }, status);
