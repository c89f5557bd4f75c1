"""What the desk reads from candles: indicators, regime, conviction and correlations.

The strategy is momentum: it believes that a move with the trend goes on. Its belief is one number, `score`, from -1
(sure to fall) to 1 (sure to rise); its size is the conviction that risk sizes by. It is a request, never an order:
conviction requests, risk disposes.

    score = 0.35 momentum + 0.35 trend + 0.15 macd + 0.15 strength

    momentum = tanh(r / (s * sqrt(24)))      r: log return of 24 bars, s: deviation of one bar's log return (48 bars)
    trend    = tanh((SMA20 - SMA50) / (2 ATR14))
    macd     = tanh(2 * MACD histogram / ATR14)
    strength = (RSI14 - 50) / 25, clipped to [-1, 1]

Each part is free of units, so a symbol at 60,000 and one at 0.3 compare. Indicators come from TA-Lib; volatility is
annualised with a year of 365 days, because these markets never close. Data that cannot be right raises, naming the
bar: an indicator over broken bars looks exactly like one over good bars.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import talib
from numpy.typing import NDArray

from company.errors import ToolError
from company.trading.figures import Figure, Report, figure, percent, significant

Floats = NDArray[np.float64]
Regime = Literal["bull", "bear", "sideways"]

TIMEFRAMES = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14_400, "1d": 86_400}
YEAR_SECONDS = 365 * 86_400
MINIMUM_BARS = 60  # the slowest indicator needs 50, the recursive ones settle in the rest
MOMENTUM_BARS = 24
VOLATILITY_BARS = 48
TREND_REGIME = 0.5  # SMA20 and SMA50 must be this many ATRs apart to call a trend


class Candle(Report):
    """One closed bar: `at` is when it opened, volume is in base units."""

    at: datetime
    open: Figure
    high: Figure
    low: Figure
    close: Figure
    volume: Figure


class Indicators(Report):
    """Technical indicators of one symbol at its last closed bar.

    Attributes:
        at: When the last bar closed.
        price: Its close, in quote units; so are macd, bollinger, atr and the averages.
        rsi: Relative strength index over 14 bars, 0 to 100.
        macd: MACD(12, 26, 9): line; `macd_signal` and `macd_histogram` belong to it.
        bollinger_low: Lower band of Bollinger(20, 2); `bollinger_high` is the upper one.
        atr: Average true range over 14 bars.
        volatility: Realised volatility of the last 48 bars, annualised, in per cent.
        momentum: Change over 24 bars in per cent.
        z_score: Deviations of the close from its 20-bar mean.
        regime: bull, bear or sideways.
        score: Conviction of the momentum strategy, -1 (short) to 1 (long).
    """

    symbol: str
    timeframe: str
    at: datetime
    price: Figure
    rsi: Figure
    macd: Figure
    macd_signal: Figure
    macd_histogram: Figure
    bollinger_low: Figure
    bollinger_high: Figure
    atr: Figure
    sma_20: Figure
    sma_50: Figure
    ema_20: Figure
    volatility: Figure
    momentum: Figure
    z_score: Figure
    regime: Regime
    score: Figure


class Correlations(Report):
    """Correlation matrix of hourly returns: `matrix[i][j]` belongs to `symbols[i]` and `symbols[j]`."""

    symbols: list[str]
    observations: int
    matrix: list[list[Figure]]


@dataclass(frozen=True, slots=True)
class Bars:
    """A checked series of candles, oldest first, as columns.

    Attributes:
        times: Opening times, UTC epoch milliseconds, strictly rising; bars may be missing.
        source: Where the bars came from, for messages.
    """

    symbol: str
    timeframe: str
    source: str
    times: NDArray[np.int64]
    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    volumes: Floats

    @classmethod
    def read(cls, rows: Sequence[Sequence[Any]], *, symbol: str, timeframe: str, source: str) -> "Bars":
        """Read ccxt's OHLCV rows `[ms, open, high, low, close, volume]`.

        Raises:
            ToolError: A bar is out of order, double, not finite, not positive, or its high and low do not enclose it.
        """
        where = f"candles of {symbol} {timeframe} from {source}"
        try:
            table = np.array([row[:6] for row in rows], dtype=np.float64).reshape(-1, 6)
        except (TypeError, ValueError) as error:
            raise ToolError(f"{where} hold something that is not a number: {error}") from None
        times = table[:, 0]
        _refuse(~np.isfinite(table).all(axis=1), table, where, "holds a value that is not finite")
        _refuse(np.diff(times, prepend=-1.0) <= 0, table, where, "is double or not later than the one before")
        _refuse((table[:, 1:5] <= 0).any(axis=1), table, where, "has a price that is not positive")
        _refuse(table[:, 5] < 0, table, where, "has a negative volume")
        body = table[:, (1, 4)]
        enclosed = (table[:, 2] >= body.max(axis=1)) & (table[:, 3] <= body.min(axis=1))
        _refuse(~enclosed, table, where, "has a high or low that does not enclose open and close")
        columns = (np.ascontiguousarray(table[:, index]) for index in range(1, 6))
        return cls(symbol, timeframe, source, times.astype(np.int64), *columns)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def closes_at(self) -> int:
        """When the last bar closed, UTC epoch milliseconds; 0 without bars."""
        return int(self.times[-1]) + timeframe_seconds(self.timeframe) * 1000 if len(self) else 0

    def at(self, index: int) -> datetime:
        """Return when a bar closed."""
        seconds = timeframe_seconds(self.timeframe)
        return datetime.fromtimestamp(int(self.times[index]) // 1000 + seconds, tz=UTC)

    def closed(self, current: int) -> "Bars":
        """Return the bars that opened before `current`, the opening time of the bar that is still forming.

        Raises:
            ToolError: No bar is left.
        """
        count = int(np.searchsorted(self.times, current))
        if not count:
            raise ToolError(f"candles of {self.symbol} {self.timeframe} from {self.source}: there is no closed bar yet")
        columns = (self.opens, self.highs, self.lows, self.closes, self.volumes)
        times = self.times[:count]
        return Bars(self.symbol, self.timeframe, self.source, times, *(column[:count] for column in columns))

    def candles(self, limit: int) -> list[Candle]:
        """Return the last `limit` bars as rows, oldest first."""
        first = max(0, len(self) - limit)
        return [
            Candle(
                at=datetime.fromtimestamp(int(self.times[index]) // 1000, tz=UTC),
                open=significant(self.opens[index]),
                high=significant(self.highs[index]),
                low=significant(self.lows[index]),
                close=significant(self.closes[index]),
                volume=significant(self.volumes[index]),
            )
            for index in range(first, len(self))
        ]


def timeframe_seconds(timeframe: str) -> int:
    """Return the length of a bar in seconds.

    Raises:
        ToolError: The desk does not know this timeframe.
    """
    if timeframe not in TIMEFRAMES:
        raise ToolError(f"timeframe {timeframe!r} is unknown; use one of {', '.join(TIMEFRAMES)}")
    return TIMEFRAMES[timeframe]


def indicators(bars: Bars) -> Indicators:
    """Compute the indicators at the last bar.

    Raises:
        ToolError: There are fewer than 60 bars, or the price stood still in the last 48.
    """
    where = f"candles of {bars.symbol} {bars.timeframe} from {bars.source}"
    if len(bars) < MINIMUM_BARS:
        raise ToolError(f"{where}: {len(bars)} closed bars are too few, indicators need {MINIMUM_BARS}")
    logs = np.log(bars.closes)
    deviation = float(np.std(np.diff(logs[-VOLATILITY_BARS - 1 :]), ddof=1))
    if not deviation:
        raise ToolError(f"{where}: the price did not move in {VOLATILITY_BARS} bars, the source looks dead")
    close = float(bars.closes[-1])
    rsi = _last(talib.RSI(bars.closes, 14))
    line, signal, histogram = (_last(column) for column in talib.MACD(bars.closes, 12, 26, 9))
    high, middle, low = (_last(column) for column in talib.BBANDS(bars.closes, 20, 2.0, 2.0))
    atr = _last(talib.ATR(bars.highs, bars.lows, bars.closes, 14))
    sma_50 = _last(talib.SMA(bars.closes, 50))
    move = float(logs[-1] - logs[-1 - MOMENTUM_BARS])
    trend = _ratio(middle - sma_50, atr)
    score = (
        0.35 * math.tanh(move / (deviation * math.sqrt(MOMENTUM_BARS)))
        + 0.35 * math.tanh(trend / 2)
        + 0.15 * math.tanh(2 * _ratio(histogram, atr))
        + 0.15 * max(-1.0, min(1.0, (rsi - 50) / 25))
    )
    return Indicators(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        at=bars.at(-1),
        price=significant(close),
        rsi=figure(rsi, 1),
        macd=significant(line, 4),
        macd_signal=significant(signal, 4),
        macd_histogram=significant(histogram, 4),
        bollinger_low=significant(low),
        bollinger_high=significant(high),
        atr=significant(atr, 4),
        sma_20=significant(middle),
        sma_50=significant(sma_50),
        ema_20=significant(_last(talib.EMA(bars.closes, 20))),
        volatility=percent(annualised(deviation, bars.timeframe)),
        momentum=percent(math.expm1(move)),
        z_score=figure(_ratio(close - middle, (high - low) / 4), 2),
        regime=regime(trend, close, sma_50),
        score=figure(score, 2),
    )


def regime(trend: float, close: float, average: float) -> Regime:
    """Name the market's state.

    Args:
        trend: Distance of the 20-bar mean from the 50-bar mean, in ATRs.
        close: Last price.
        average: The 50-bar mean.

    Returns:
        `bull` when the means are at least half an ATR apart upwards and the price stands above the slow one, `bear`
        for the mirror image, else `sideways`.
    """
    if trend >= TREND_REGIME and close > average:
        return "bull"
    if trend <= -TREND_REGIME and close < average:
        return "bear"
    return "sideways"


def annualised(deviation: float, timeframe: str) -> float:
    """Scale the deviation of one bar's return to a year of 365 days, by the square root of time."""
    return deviation * math.sqrt(YEAR_SECONDS / timeframe_seconds(timeframe))


def joint_returns(histories: Mapping[str, Bars]) -> Floats:
    """Return simple returns of several symbols over the bars they all have.

    Returns over a hole in the data are left out, because they span more than one bar.

    Args:
        histories: Bars by symbol, all of one timeframe.

    Returns:
        Array of shape (bars, symbols), symbols in the order of `histories`.

    Raises:
        ToolError: Fewer than 60 returns are common to all.
    """
    series = list(histories.values())
    common = series[0].times
    for bars in series[1:]:
        common = np.intersect1d(common, bars.times, assume_unique=True)
    closes = np.column_stack([bars.closes[np.searchsorted(bars.times, common)] for bars in series])
    unbroken = np.diff(common) == timeframe_seconds(series[0].timeframe) * 1000
    returns: Floats = (closes[1:] / closes[:-1] - 1)[unbroken]
    if len(returns) < MINIMUM_BARS:
        raise ToolError(
            f"{', '.join(histories)} have only {len(returns)} {series[0].timeframe} returns in common, "
            f"{MINIMUM_BARS} are needed"
        )
    return returns


def correlations(histories: Mapping[str, Bars]) -> Correlations:
    """Return the correlation matrix (Pearson) of simple returns.

    Raises:
        ToolError: Too few common bars, or a symbol whose price stood still.
    """
    returns = joint_returns(histories)
    for symbol, column in zip(histories, returns.T, strict=True):
        if not np.ptp(column):
            raise ToolError(f"the price of {symbol} did not move in {len(returns)} bars: no correlation exists")
    matrix = np.atleast_2d(np.corrcoef(returns, rowvar=False))
    return Correlations(
        symbols=list(histories),
        observations=len(returns),
        matrix=[[figure(value, 2) for value in row] for row in matrix],
    )


def _refuse(broken: Any, table: Floats, where: str, what: str) -> None:
    if broken.any():
        index = int(np.argmax(broken))
        raise ToolError(f"{where}: bar {index} {what}: {table[index].tolist()}")


def _last(column: Floats) -> float:
    return float(column[-1])


def _ratio(over: float, under: float) -> float:
    return over / under if under else 0.0
