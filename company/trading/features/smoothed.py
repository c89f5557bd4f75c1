"""Features that remember all bars since the first: Wilder's and exponential smoothing.

TA-Lib makes the columns. `Smoothing` makes the same values bar by bar and seeds itself exactly as TA-Lib does: an
exponential mean begins with the plain mean of its first values (the fast one of MACD with the 12 before the slow one's
first), Wilder's true range with the plain mean of 14, his directional movement with the sum of 13.

Both work on prices divided by the first close. TA-Lib takes what is below 1e-14 for zero, which would silence a coin at
0.000001 and never touch one at 60,000.
"""

import math
from dataclasses import dataclass, field

from company.trading.features.bars import Bars, Floats

PERIOD = 14
FAST, SLOW, SIGNAL = 12, 26, 9
_ZERO = 1e-14  # TA-Lib's
_NAN = float("nan")

SMOOTHED = ("rsi", "macd", "macd_signal", "macd_histogram", "atr", "plus_di", "minus_di", "adx")
"""Columns by name: RSI as (RSI - 50) / 50, prices in quote units, the directional ones from 0 to 100."""


def smoothed(bars: Bars) -> dict[str, Floats]:
    """Return the columns of `SMOOTHED` over a stretch without long holes, NaN while they warm up."""
    import talib

    unit = bars.closes[0]
    highs, lows, closes = bars.highs / unit, bars.lows / unit, bars.closes / unit
    line, signal, histogram = talib.MACD(closes, FAST, SLOW, SIGNAL)
    columns = (
        talib.CMO(closes, PERIOD) / 100,  # (RSI - 50) / 50, and 0 instead of -1 where the price stands still
        line * unit,
        signal * unit,
        histogram * unit,
        talib.ATR(highs, lows, closes, PERIOD) * unit,
        talib.PLUS_DI(highs, lows, closes, PERIOD),
        talib.MINUS_DI(highs, lows, closes, PERIOD),
        talib.ADX(highs, lows, closes, PERIOD),
    )
    return dict(zip(SMOOTHED, columns, strict=True))


class Smoothing:
    """The columns of `SMOOTHED`, bar by bar, over a stretch without long holes."""

    def __init__(self) -> None:
        self._last: tuple[float, float, float] | None = None
        self._unit = 1.0
        self._fast, self._slow, self._signal = Exponential(FAST, SLOW - FAST), Exponential(SLOW), Exponential(SIGNAL)
        self._gain, self._loss, self._range = Wilder(), Wilder(), Wilder()
        self._direction = Direction()

    def push(self, high: float, low: float, close: float) -> dict[str, float]:
        """Take in a closed bar and return its values by name; NaN while they warm up."""
        if self._last is None:
            self._unit = close
        bar = high / self._unit, low / self._unit, close / self._unit
        movement = self._movement(self._last, bar) if self._last else (_NAN,) * 5
        self._last = bar
        rsi, atr, *directional = movement
        line, signal = self._averages(bar[2])
        unit = self._unit
        prices = (line * unit, signal * unit, (line - signal) * unit, atr * unit)
        return dict(zip(SMOOTHED, (rsi, *prices, *directional), strict=True))

    def _averages(self, close: float) -> tuple[float, float]:
        line = self._fast.push(close) - self._slow.push(close)
        signal = _NAN if math.isnan(line) else self._signal.push(line)
        return (_NAN, _NAN) if math.isnan(signal) else (line, signal)

    def _movement(self, last: tuple[float, float, float], bar: tuple[float, float, float]) -> tuple[float, ...]:
        (last_high, last_low, last_close), (high, low, close) = last, bar
        change = close - last_close
        true_range = max(high - low, abs(high - last_close), abs(low - last_close))
        gain, loss = self._gain.push(max(change, 0.0)), self._loss.push(max(-change, 0.0))
        rsi = (gain - loss) / (gain + loss) if abs(gain + loss) >= _ZERO else (gain + loss) * 0
        up, down = high - last_high, last_low - low
        plus, minus = (up if up > max(down, 0) else 0.0), (down if down > max(up, 0) else 0.0)
        return rsi, self._range.push(true_range), *self._direction.push(plus, minus, true_range)


@dataclass(slots=True)
class Exponential:
    """TA-Lib's exponential mean: after `skipped` values it begins with the plain mean of `period` ones."""

    period: int
    skipped: int = 0
    _seen: int = 0
    _value: float = 0.0

    def push(self, value: float) -> float:
        """Return the mean after one more value; NaN while it warms up."""
        self._seen += 1
        count = self._seen - self.skipped
        if count > self.period:
            self._value += (value - self._value) * (2 / (self.period + 1))
            return self._value
        if count > 0:
            self._value += value
        if count < self.period:
            return _NAN
        self._value /= self.period
        return self._value


@dataclass(slots=True)
class Wilder:
    """Wilder's mean over 14 values, beginning with their plain mean."""

    _seen: int = 0
    _value: float = 0.0

    def push(self, value: float) -> float:
        """Return the mean after one more value; NaN while it warms up."""
        self._seen += 1
        if self._seen > PERIOD:
            self._value = (self._value * (PERIOD - 1) + value) / PERIOD
            return self._value
        self._value += value
        if self._seen < PERIOD:
            return _NAN
        self._value /= PERIOD
        return self._value


@dataclass(slots=True)
class Direction:
    """Wilder's directional movement: +DI, -DI and ADX, 0 to 100."""

    _seen: int = 0
    _sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    _adx: float = 0.0

    def push(self, plus: float, minus: float, true_range: float) -> tuple[float, float, float]:
        """Return +DI, -DI and ADX after one more movement; NaN while they warm up."""
        self._seen += 1
        kept = 1 - 1 / PERIOD if self._seen >= PERIOD else 1.0
        self._sums = [held * kept + new for held, new in zip(self._sums, (plus, minus, true_range), strict=True)]
        if self._seen < PERIOD:
            return _NAN, _NAN, _NAN
        total = self._sums[2]
        up, down = (100 * self._sums[side] / total if abs(total) >= _ZERO else 0.0 for side in (0, 1))
        if up + down >= _ZERO:
            self._add(100 * abs(up - down) / (up + down))
        return up, down, self._settled()

    def _add(self, strength: float) -> None:
        if self._seen < 2 * PERIOD:
            self._adx += strength / PERIOD
        else:
            self._adx = (self._adx * (PERIOD - 1) + strength) / PERIOD

    def _settled(self) -> float:
        return self._adx if self._seen >= 2 * PERIOD - 1 else _NAN
