// The drawing itself, with lightweight-charts; the only file that imports it, loaded when a chart is first shown. The
// library's own logo would bring a style element, which the content security policy forbids: the dashboard's footer
// carries the link that its licence asks for.

import {
  AreaSeries,
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  LineStyle,
  type ChartOptions,
  type DeepPartial,
  type IChartApi,
  type SeriesMarker,
  type UTCTimestamp,
} from "lightweight-charts";

import { price } from "../numbers";
import { paletteOf, type Palette } from "./palette";
import { marksOf, type Bar, type Mark, type Point } from "./series";

export interface Drawing<T> {
  show(rows: T[]): void;
  /** Take the theme's colours again. */
  paint(): void;
  remove(): void;
}

/** Of one candle and its gap; more candles than fit begin left of what is shown. */
const BAR_PIXELS = 6;

const at = (time: number) => time as UTCTimestamp;
const prices = { type: "custom", formatter: (value: number) => price(String(value)), minMove: 1e-8 } as const;

export function drawEquity(box: HTMLElement): Drawing<Point> {
  const chart = chartIn(box);
  const series = chart.addSeries(AreaSeries, { lineWidth: 2, priceFormat: prices });
  const fit = fitOnce(chart);
  const drawing = {
    show(points: Point[]) {
      series.setData(points.map(({ time, equity }) => ({ time: at(time), value: Number(equity) })));
      fit();
    },
    paint() {
      const colours = paletteOf(box);
      chart.applyOptions(look(colours));
      const { accent } = colours;
      series.applyOptions({ lineColor: accent, topColor: `${accent}47`, bottomColor: `${accent}00`, priceLineColor: accent });
    },
    remove: () => chart.remove(),
  };
  drawing.paint();
  return drawing;
}

export function drawCandles(box: HTMLElement): Drawing<Bar> {
  const chart = chartIn(box);
  const series = chart.addSeries(CandlestickSeries, { borderVisible: false, priceFormat: prices });
  const markers = createSeriesMarkers(series, []);
  const fit = fitOnce(chart);
  let marks: Mark[] = [];
  const drawing = {
    show(bars: Bar[]) {
      series.setData(bars.map(candleOf));
      marks = marksOf(bars);
      drawing.paint();
      if (bars.length * BAR_PIXELS < box.clientWidth) fit();
    },
    paint() {
      const colours = paletteOf(box);
      const { good, bad } = colours;
      chart.applyOptions(look(colours));
      series.applyOptions({ upColor: good, downColor: bad, wickUpColor: good, wickDownColor: bad });
      markers.setMarkers(marks.map((mark) => markerOf(mark, colours)));
    },
    remove: () => chart.remove(),
  };
  drawing.paint();
  return drawing;
}

const candleOf = ({ time, open, high, low, close }: Bar) => ({
  time: at(time),
  open: Number(open),
  high: Number(high),
  low: Number(low),
  close: Number(close),
});

function markerOf({ time, side, text }: Mark, { accent }: Palette): SeriesMarker<UTCTimestamp> {
  const place = side === "buy" ? ({ position: "belowBar", shape: "arrowUp" } as const) : ({ position: "aboveBar", shape: "arrowDown" } as const);
  return { time: at(time), color: accent, text, ...place };
}

/** Show everything the first time; later the reader's own zoom stays. */
function fitOnce(chart: IChartApi): () => void {
  let fitted = false;
  return () => {
    if (!fitted) chart.timeScale().fitContent();
    fitted = true;
  };
}

/** A chart that leaves the wheel and vertical swipes to the page. */
function chartIn(box: HTMLElement): IChartApi {
  // The library would fail only later, in a frame of its own, where nobody can catch it.
  if (!document.createElement("canvas").getContext("2d")) throw new Error("this browser has no canvas");
  return createChart(box, {
    autoSize: true,
    layout: { attributionLogo: false },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    timeScale: { timeVisible: true, secondsVisible: false, borderVisible: false, minBarSpacing: 0.1, barSpacing: BAR_PIXELS, rightOffsetPixels: 24, lockVisibleTimeRangeOnResize: true },
    rightPriceScale: { borderVisible: false },
    localization: { locale: "en-GB" },
  });
}

function look(colours: Palette): DeepPartial<ChartOptions> {
  return {
    layout: {
      background: { color: "transparent" },
      textColor: colours["fg-dim"],
      fontFamily: colours.sans,
      fontSize: 11,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colours.line, style: LineStyle.SparseDotted } },
    crosshair: { vertLine: { color: colours["fg-dim"] }, horzLine: { color: colours["fg-dim"] } },
  };
}
