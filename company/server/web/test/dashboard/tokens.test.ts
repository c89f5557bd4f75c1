// @vitest-environment node

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync("src/styles/tokens.css", "utf8");
const TEXTS = ["fg", "fg-dim", "accent", "good", "bad", "warn"];
const GROUNDS = ["bg", "bg-raised", "bg-sunken"];

type Colours = Record<string, string>;

function coloursOf(block: string): Colours {
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name, colour]));
}

function theme(name: string): Colours {
  const block = new RegExp(`^\\[data-theme="${name}"\\] \\{([^}]*)\\}`, "m").exec(css)?.[1];
  return coloursOf(block ?? "");
}

function preferred(query: string): Colours {
  return coloursOf(new RegExp(`\\(${query}\\) \\{([^}]*)\\}`).exec(css)?.[1] ?? "");
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5]
    .map((place) => Number.parseInt(colour.slice(place, place + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright! + 0.05) / (dark! + 0.05);
}

test.each([
  ["dark", 4.5],
  ["light", 4.5],
  ["contrast", 7],
])("text of the %s theme stands out at least %f to 1 on every surface", (name, least) => {
  const colours = theme(name);

  const pairs = [...TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)), ["on-accent", "accent"] as const];
  const weak = pairs.filter(([text, ground]) => !(contrast(colours[text]!, colours[ground]!) >= least));

  expect(weak).toEqual([]);
});

test("all themes name the same colours", () => {
  expect(Object.keys(theme("light"))).toEqual(Object.keys(theme("dark")));
  expect(Object.keys(theme("contrast"))).toEqual(Object.keys(theme("dark")));
});

test("what the system prefers is one of the themes", () => {
  expect(preferred("prefers-color-scheme: light")).toEqual(theme("light"));
  expect(preferred("prefers-contrast: more")).toEqual(theme("contrast"));
});
