// How much of a limit is used, as a bar and in words.

import { share } from "./numbers";
import type { Tone } from "./signs";

export interface MeterProps {
  label: string;
  value: string;
  limit: string;
  /** The figures in words, as they stand beside the bar. */
  text: string;
  tone?: Tone;
  /** Values to mark on the bar. */
  marks?: readonly string[];
}

export function Meter({ label, value, limit, text, tone = toneOf(value, limit), marks = [] }: MeterProps) {
  return (
    <div className="meter">
      <div className="words">
        <span>{label}</span>
        <span className="number">{text}</span>
      </div>
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(Number(limit) || 0, 0)}
        aria-valuenow={Math.min(Math.max(Number(value) || 0, 0), Math.max(Number(limit) || 0, 0))}
        aria-valuetext={text}
      >
        <svg className={`bar ${tone}`} aria-hidden="true" width="100%" height="8">
          <rect className="track" width="100%" height="8" rx="3" />
          <rect className="fill" width={`${share(value, limit)}%`} height="8" rx="3" />
          {marks.map((mark) => (
            <line key={mark} x1={`${share(mark, limit)}%`} x2={`${share(mark, limit)}%`} y1="0" y2="8" />
          ))}
        </svg>
      </div>
    </div>
  );
}

/** Calm below four fifths of a limit, a warning above, bad at the limit. */
function toneOf(value: string, limit: string): Tone {
  const used = share(value, limit);
  if (used >= 100) return "bad";
  return used >= 80 ? "warn" : "plain";
}
