import { beforeEach, expect, test, vi } from "vitest";

import { ApiError, get, logIn, post, session } from "../../src/wire/client";

const answers = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();

beforeEach(() => {
  vi.stubGlobal("fetch", answers);
  answers.mockReset();
  session.set({ person: "ada", scopes: ["read"] });
});

const refusal = (status: number, message: string) => Response.json({ error: { message, code: "c" } }, { status });

test("a GET gives what the server says", async () => {
  answers.mockResolvedValue(Response.json({ n: 1 }));
  expect(await get("/status")).toEqual({ n: 1 });
  expect(answers.mock.calls[0]?.[0]).toBe("/api/v1/status");
});

test("a POST sends JSON under its key, and 204 is nothing", async () => {
  answers.mockResolvedValue(new Response(null, { status: 204 }));
  expect(await post("/stop", { reason: "r" }, { key: "k1" })).toBeUndefined();
  const { method, body, headers } = answers.mock.calls[0]?.[1] ?? {};
  expect([method, body]).toEqual(["POST", '{"reason":"r"}']);
  expect(headers).toMatchObject({ "content-type": "application/json", "idempotency-key": "k1" });
});

test("a refusal is an error with status, code and the server's words", async () => {
  answers.mockResolvedValue(refusal(409, "A1 was rejected"));
  await expect(post("/approvals/A1", {})).rejects.toEqual(new ApiError(409, "c", "A1 was rejected"));
});

test("an answer that is no JSON still has its status", async () => {
  answers.mockResolvedValue(new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await expect(get("/status")).rejects.toMatchObject({ status: 502, code: "unknown" });
});

test("no answer at all is status 0", async () => {
  answers.mockRejectedValue(new TypeError("fetch failed"));
  await expect(get("/status")).rejects.toMatchObject({ status: 0, code: "unreachable" });
});

test("a 401 logs the whole page out", async () => {
  answers.mockResolvedValue(refusal(401, "who are you"));
  await expect(get("/status")).rejects.toThrow("who are you");
  expect(session.get()).toBeNull();
});

test("a wrong password is a fault, and after the right one the person is known", async () => {
  session.set(null);
  answers.mockResolvedValueOnce(refusal(401, "wrong password"));
  await expect(logIn({ password: "x" })).rejects.toThrow("wrong password");
  answers.mockResolvedValueOnce(new Response(null, { status: 204 })).mockResolvedValueOnce(Response.json({ person: "ada", scopes: [] }));
  await logIn({ password: "y" });
  expect(session.get()).toEqual({ person: "ada", scopes: [] });
});
