// Times, amounts and JSON as the transcript writes them.

import type { Json, Time } from "../wire/types";

/** `16:12`, and the day too when it is not today. */
export function clock(time: Time): string {
  const date = new Date(time);
  const hours = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const today = date.toDateString() === new Date().toDateString();
  return today ? hours : `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${hours}`;
}

/** `35 ms`, `0.4 s`, `2 min 5 s`; empty for what has not ended, or took no time that could be measured. */
export function lasted(begun: Time, ended: Time | null): string {
  if (!ended) return "";
  const seconds = Math.max(0, (Date.parse(ended) - Date.parse(begun)) / 1000);
  if (seconds < 0.1) return seconds ? `${Math.round(seconds * 1000)} ms` : "";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** `in 14 min`, `in 23 h`, or null when it is over. */
export function until(time: Time, now: number): string | null {
  const minutes = (Date.parse(time) - now) / 60_000;
  if (minutes <= 0) return null;
  if (minutes < 1) return "in less than a minute";
  return minutes < 120 ? `in ${Math.floor(minutes)} min` : `in ${Math.floor(minutes / 60)} h`;
}

/** `$1,234.50`; small amounts keep four places. */
export function dollars(amount: string | number): string {
  const value = Number(amount);
  const places = value !== 0 && Math.abs(value) < 0.01 ? 4 : 2;
  return `$${value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places })}`;
}

export const whole = (value: number): string => value.toLocaleString("en");

/** `1 call`, `2 calls`. */
export const count = (number: number, noun: string): string => `${whole(number)} ${noun}${number === 1 ? "" : "s"}`;

/** `symbol BTC/USDT, quantity 0.05`: arguments in one line. */
export function brief(json: string): string {
  const value = parsed(json);
  if (value === null || typeof value !== "object" || Array.isArray(value)) return json === "{}" ? "" : json;
  return Object.entries(value).map(([name, item]) => `${name} ${typeof item === "string" ? item : JSON.stringify(item)}`).join(", ");
}

export function pretty(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null, null, 2);
}

export function parsed(json: string): Json {
  try {
    return JSON.parse(json) as Json;
  } catch {
    return json;
  }
}
