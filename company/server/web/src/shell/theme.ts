// The colours a person chose, kept in this browser. `auto` follows the system.

import { Cell } from "../wire/cell";

export const THEMES = { auto: "System colours", light: "Light", dark: "Dark", contrast: "High contrast" } as const;
export type Theme = keyof typeof THEMES;

const KEY = "company.theme";

export const theme = new Cell<Theme>("auto");

/** Take over what was chosen before; call it before anything is drawn. */
export function startTheme(): void {
  choose(known(localStorage.getItem(KEY)));
}

export function choose(chosen: Theme): void {
  localStorage.setItem(KEY, chosen);
  document.documentElement.dataset.theme = chosen;
  theme.set(chosen);
}

function known(name: string | null): Theme {
  return name !== null && name in THEMES ? (name as Theme) : "auto";
}
