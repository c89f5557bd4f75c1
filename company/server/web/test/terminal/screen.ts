// Puts components on a page, and types and clicks as a person does.

import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { act } from "preact/test-utils";
import { vi } from "vitest";

let root: ReturnType<typeof createRoot> | undefined;

/** Show a component in place of the one before. */
export async function show(node: ReactNode): Promise<void> {
  await act(() => root?.unmount());
  document.body.innerHTML = "<div id=app></div>";
  root = createRoot(document.getElementById("app") as HTMLElement);
  await act(() => root?.render(node));
}

export async function type(text: string, field = "textarea"): Promise<void> {
  const input = document.querySelector(field) as HTMLInputElement;
  await act(() => {
    input.value = text;
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
}

export async function press(key: string, on: Element | null = document.querySelector("textarea"), more: KeyboardEventInit = {}): Promise<KeyboardEvent> {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  await act(async () => void on?.dispatchEvent(event));
  return event;
}

export async function click(words: string): Promise<void> {
  const button = [...document.querySelectorAll("button")].find((one) => one.textContent?.includes(words));
  if (!button) throw new Error(`no button ${words}`);
  await act(async () => button.click());
}

/** Answer requests by method and path; returns what was asked. */
export function serve(answers: { [request: string]: [status: number, body: unknown] }): { path: string; body: unknown; headers: Headers }[] {
  const asked: { path: string; body: unknown; headers: Headers }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    const path = `${init.method ?? "GET"} ${url.replace("/api/v1", "")}`;
    asked.push({ path, body: init.body ? JSON.parse(init.body as string) : undefined, headers: new Headers(init.headers) });
    const [status, body] = answers[path] ?? [404, { error: { message: `nothing at ${path}`, code: "not_found" } }];
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  });
  return asked;
}
