// Numbers as one small line. The rule is simple: the numbers are drawn as they are, lowest at the bottom, highest at the
// top, and first, last, lowest and highest are said beside it. Nothing is smoothed, and the axis does not begin at zero.

const WIDTH = 240;
const HEIGHT = 36;
const SPOKEN = 60;

interface Props {
  numbers: number[];
  /** What they are, before the figures. */
  label?: string;
}

export function Sparkline({ numbers, label = "" }: Props) {
  const [first, last] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const said = numbers.length > SPOKEN ? `from ${first} to ${last}, lowest ${low}, highest ${high}` : numbers.join(", ");
  const tone = last > first ? "good" : last < first ? "bad" : "flat";
  return (
    <figure className="spark">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${label || "Line"} of ${numbers.length} values: ${said}`}>
        <polyline className={tone} points={points(numbers, low, high)} vectorEffect="non-scaling-stroke" />
      </svg>
      <figcaption>
        {label && `${label} `}
        {compact(first)} → {compact(last)} <span className="dim">low {compact(low)} · high {compact(high)}</span>
      </figcaption>
    </figure>
  );
}

/** Place numbers on the drawing; equal numbers run through its middle. */
export function points(numbers: number[], low: number, high: number): string {
  const step = (WIDTH - 4) / Math.max(1, numbers.length - 1);
  const y = (value: number) => (high === low ? HEIGHT / 2 : HEIGHT - 3 - ((value - low) / (high - low)) * (HEIGHT - 6));
  return numbers.map((value, index) => `${(2 + index * step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
}

const compact = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 10 ? 4 : 2 });
