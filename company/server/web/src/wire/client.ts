// Requests to `/api/v1`. Whoever gets a 401 is logged out for the whole page; everything else is the caller's to show.

import { API } from "./api";
import { Cell } from "./cell";
import type { Fault, Session } from "./types";


/** undefined: not asked yet; null: logged out. */
export const session = new Cell<Session | null | undefined>(undefined);

/**
 * A request that was refused, or did not get through.
 *
 * `status` is the HTTP status, 0 when no answer came; `code` is the server's word for it, `unreachable` without one.
 */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

export interface Options {
  /** `Idempotency-Key`: the same command sent twice is done once. */
  key?: string;
}

export const get = <T>(path: string): Promise<T> => request<T>("GET", path);
export const post = <T>(path: string, body?: unknown, options?: Options): Promise<T> => request<T>("POST", path, body, options);
export const put = <T>(path: string, body?: unknown, options?: Options): Promise<T> => request<T>("PUT", path, body, options);
export const del = <T>(path: string, body?: unknown): Promise<T> => request<T>("DELETE", path, body);

async function request<T>(method: string, path: string, body?: unknown, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (options.key) headers["idempotency-key"] = options.key;
  const answer = await answerOf(API + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const error = await errorOf(answer);
  if (error.status === 401 && path !== "/session") session.set(null);
  throw error;
}

async function answerOf(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch {
    throw new ApiError(0, "unreachable", "the company cannot be reached");
  }
}

async function errorOf(answer: Response): Promise<ApiError> {
  const fault = (await answer.json().catch(() => null)) as Partial<Fault> | null;
  const message = fault?.error?.message ?? `the server answered ${answer.status}`;
  return new ApiError(answer.status, fault?.error?.code ?? "unknown", message);
}

/** Ask who is logged in. */
export async function loadSession(): Promise<void> {
  try {
    session.set(await get<Session>("/session"));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    session.set(null);
  }
}

/** Log in with the one-time code of an address, or with the password. */
export async function logIn(proof: { code: string } | { password: string }): Promise<void> {
  await post("/session", proof);
  await loadSession();
}

export async function logOut(): Promise<void> {
  await del("/session");
  session.set(null);
}
