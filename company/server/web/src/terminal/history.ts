// What a person typed before, newest last. Each person of a browser has a list of their own.

const KEPT = 200;

export class History {
  readonly #key: string;
  readonly #storage: Storage;
  #lines: string[];
  /** Place shown; beyond the last line stands the draft. */
  #at: number;
  #draft = "";

  constructor(person: string, storage: Storage = localStorage) {
    this.#key = `company.history.${person}`;
    this.#storage = storage;
    this.#lines = read(storage, this.#key);
    this.#at = this.#lines.length;
  }

  /** Keep a line that was sent; the same line twice in a row is kept once. */
  add(line: string): void {
    this.#lines = read(this.#storage, this.#key); // another tab may have added some
    if (this.#lines.at(-1) !== line) this.#lines = [...this.#lines, line].slice(-KEPT);
    this.#storage.setItem(this.#key, JSON.stringify(this.#lines));
    this.#at = this.#lines.length;
    this.#draft = "";
  }

  /** The line before the one shown; null at the oldest. `shown` is what stands in the prompt. */
  older(shown: string): string | null {
    if (this.#at === 0) return null;
    if (this.#at === this.#lines.length) this.#draft = shown;
    this.#at -= 1;
    return this.#lines[this.#at] ?? null;
  }

  /** The line after the one shown, at last the draft; null when the draft is shown. */
  newer(): string | null {
    if (this.#at >= this.#lines.length) return null;
    this.#at += 1;
    return this.#lines[this.#at] ?? this.#draft;
  }
}

function read(storage: Storage, key: string): string[] {
  try {
    const lines: unknown = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
  } catch {
    return [];
  }
}
