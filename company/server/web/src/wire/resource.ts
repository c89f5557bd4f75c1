// A GET whose last answer is shared by everybody who shows it.

import { ApiError, get } from "./client";
import type { Live } from "./live";

/** Milliseconds in which events that concern one resource become one request. */
const SOON_MS = 300;

export class Resource<T> {
  readonly #path: string | null;
  readonly #listeners = new Set<() => void>();
  #live: Live<T>;
  #asking = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(path: string | null) {
    this.#path = path;
    this.#live = { data: undefined, error: undefined, at: undefined, refresh: this.refresh };
  }

  readonly get = (): Live<T> => this.#live;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.refresh();
    return () => void this.#listeners.delete(listener);
  };

  /** Ask in a moment; until then further calls change nothing. */
  soon(): void {
    this.#timer ??= setTimeout(this.refresh, SOON_MS);
  }

  readonly refresh = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#path === null || !this.#listeners.size) return;
    if (this.#asking) this.#again = true;
    else void this.#ask(this.#path);
  };

  async #ask(path: string): Promise<void> {
    this.#asking = true;
    try {
      this.#set({ data: await get<T>(path), error: undefined, at: Date.now() });
    } catch (error) {
      this.#set({ error: asApiError(error) });
    }
    this.#asking = false;
    if (!this.#again) return;
    this.#again = false;
    this.soon();
  }

  #set(change: Partial<Live<T>>): void {
    this.#live = { ...this.#live, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, "unreadable", String(error));
}

const resources = new Map<string | null, Resource<never>>();

export function resourceOf<T>(path: string | null): Resource<T> {
  const known = resources.get(path) ?? new Resource<never>(path);
  resources.set(path, known);
  return known as unknown as Resource<T>;
}
