// What colour says is said by a glyph and a word as well.

import type { ReactNode } from "react";

import { signedMoney, signedPercent, signOf, type Sign } from "./numbers";

const GLYPHS: Record<Sign, string> = { up: "▲", down: "▼", flat: "=" };
const TONES: Record<Sign, Tone> = { up: "good", down: "bad", flat: "plain" };
const WORDS: Record<Sign, string> = { up: "gain", down: "loss", flat: "unchanged" };

export type Tone = "good" | "bad" | "warn" | "plain";

/** An amount that went up or down. */
export function Change({ amount, percent }: { amount?: string; percent?: string | null }) {
  const parts = [amount && signedMoney(amount), percent && signedPercent(percent)].filter((part) => part);
  const sign = signOf(parts[0] || "");
  return (
    <span className={`change ${TONES[sign]}`}>
      <span aria-hidden="true">{GLYPHS[sign]}</span> {parts[0]}
      {parts[1] && <span className="second"> {parts[1]}</span>}
      <span className="unseen"> {WORDS[sign]}</span>
    </span>
  );
}

/** The word of a change, where there is room to see it. */
export const changeWord = (amount: string): string => WORDS[signOf(signedMoney(amount))];

/** A state in one word behind a glyph. */
export function Badge({ tone, glyph, children }: { tone: Tone; glyph: string; children: ReactNode }) {
  return (
    <span className={`badge ${tone}`}>
      <span aria-hidden="true">{glyph}</span> {children}
    </span>
  );
}

export function Side({ side }: { side: "buy" | "sell" }) {
  return <span className={side === "buy" ? "good" : "bad"}>{side}</span>;
}
