// Numbers as people read them. They come as decimal strings and are never rounded by way of a float.

/** Narrow and no place to break a line: between groups of three digits. */
const THIN = "\u202f";
const MINUS = "\u2212";
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.NumberFormat("en", options);
  formats.set(key, known);
  return known;
}

function shown(text: string, options: Intl.NumberFormatOptions): string {
  if (!DECIMAL.test(text)) return text;
  const exact = text as unknown as number; // Intl takes decimal strings exactly; the library's types of ES2022 do not know
  const parts = formatOf({ signDisplay: "negative", ...options }).formatToParts(exact);
  return parts.map(({ type, value }) => (type === "group" ? THIN : type === "minusSign" ? MINUS : value)).join("");
}

const fixed = (digits: number) => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });

const signed = { signDisplay: "exceptZero" } as const;

/** An amount with two decimals. */
export const money = (text: string): string => shown(text, fixed(2));

/** An amount with two decimals and its sign. */
export const signedMoney = (text: string): string => shown(text, { ...fixed(2), ...signed });

/** What a model cost: two decimals, below a dollar four when there are parts of a cent. */
export function usd(text: string): string {
  if (size(text) > 0 && size(text) < 0.0001) return "<$0.0001";
  const parts = size(text) < 1 && /\.\d\d\d*[1-9]/.test(text);
  return `$${shown(text, fixed(parts ? 4 : 2))}`;
}

/** A price: two decimals at least, more where they matter. */
export function price(text: string): string {
  const most = size(text) >= 100 ? 2 : size(text) >= 1 ? 4 : 10;
  return shown(text, { minimumFractionDigits: 2, maximumFractionDigits: most });
}

/** A quantity with every digit it came with. */
export function quantity(text: string): string {
  const given = /^[^e]*\.(\d+)$/.exec(text)?.[1]?.length ?? 0;
  return shown(text, { minimumFractionDigits: Math.min(given, 20), maximumFractionDigits: 20 });
}

/** Per cent, the number already in per cent. */
export const percent = (text: string, digits = 2): string => `${shown(text, fixed(digits))}${THIN}%`;

export const signedPercent = (text: string, digits = 2): string => `${shown(text, { ...fixed(digits), ...signed })}${THIN}%`;

/** A plain figure with at most so many decimals. */
export const figure = (text: string, digits = 2): string => shown(text, { maximumFractionDigits: digits });

export const count = (value: number): string => shown(String(value), { maximumFractionDigits: 0 });

/** 1 run, 2 runs. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

export type Sign = "up" | "down" | "flat";

/** The sign of a number as it is shown, so that no arrow stands beside a zero. */
export function signOf(text: string): Sign {
  if (!/[1-9]/.test(text)) return "flat";
  return text.startsWith(MINUS) || text.startsWith("-") ? "down" : "up";
}

/** `part` in per cent of `whole`, for the length of a bar: 0 to 100. */
export function share(part: string, whole: string): number {
  const [top, bottom] = [Number(part), Number(whole)];
  if (!(bottom > 0) || Number.isNaN(top)) return 0;
  return Math.min(100, Math.max(0, (top / bottom) * 100));
}

function size(text: string): number {
  return Math.abs(Number(text));
}
