// Components on a page of their own, and what a person would find there.

import { act } from "preact/test-utils";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { afterEach } from "vitest";

import { ApiError } from "../../src/wire/client";
import type { Live } from "../../src/wire/live";
import { ClocksContext } from "../../src/dashboard/clocks";
import { NOW } from "./fixtures";

const mounted: (() => void)[] = [];

afterEach(() => {
  for (const unmount of mounted.splice(0)) unmount();
  document.body.replaceChildren();
});

/** Show something at the time of the fixtures; the answer shows something else in its place. */
export async function show(node: ReactNode): Promise<(next: ReactNode) => Promise<void>> {
  const box = document.body.appendChild(document.createElement("main"));
  const root = createRoot(box);
  mounted.push(() => root.unmount());
  const now = Date.parse(NOW);
  const draw = (next: ReactNode) =>
    act(() => root.render(<ClocksContext.Provider value={{ wall: now, company: now }}>{next}</ClocksContext.Provider>));
  await draw(node);
  return async (next) => void (await draw(next));
}

export const words = (selector = "main"): string => (document.querySelector(selector)?.textContent ?? "").replace(/\s+/g, " ").trim();

/** The button whose words begin like this. */
export function button(name: string): HTMLButtonElement {
  const found = [...document.querySelectorAll("button")].find((one) => one.textContent?.startsWith(name));
  if (!found) throw new Error(`no button ${name} in: ${words()}`);
  return found;
}

export const press = async (target: HTMLElement): Promise<void> => void (await act(async () => target.click()));

/** The rows of a table's body, cell by cell. */
export function rowsOf(table: Element | null): string[][] {
  return [...(table?.querySelectorAll("tbody tr") ?? [])].map((row) => [...row.children].map((cell) => cell.textContent ?? ""));
}

export const loading: Live<never> = { data: undefined, error: undefined, at: undefined, refresh: () => undefined };

export const failed = (refresh = () => undefined): Live<never> => ({
  ...loading,
  error: new ApiError(503, "busy", "the store is locked"),
  refresh,
});
