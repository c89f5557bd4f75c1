"""The indicators of one symbol at its last closed bar, and the score of the momentum strategy.

The strategy is momentum: it believes that a move with the trend goes on. Its belief is one number, `score`, from -1
(sure to fall) to 1 (sure to rise); its size is the conviction that risk sizes by. It is a request, never an order:
conviction requests, risk disposes.

    score = 0.35 momentum + 0.35 trend + 0.15 macd + 0.15 strength

    momentum = tanh(r / (s * sqrt(24)))      r: log return of 24 bars, s: deviation of one bar's log return (48 bars)
    trend    = tanh((SMA20 - SMA50) / (2 ATR14))
    macd     = tanh(2 * MACD histogram / ATR14)
    strength = (RSI14 - 50) / 25, clipped to [-1, 1]

Each part is free of units, so a symbol at 60,000 and one at 0.3 compare. Indicators come from TA-Lib; volatility is
annualised with a year of 365 days, because these markets never close. Bars before a long hole do not count (see
`Bars.unbroken`).
"""

import math
from datetime import datetime

import numpy as np

from company.errors import ToolError
from company.trading.features.bars import YEAR_SECONDS, Bars, Floats, timeframe_seconds
from company.trading.features.regimes import Regime, regime
from company.trading.figures import Figure, Report, figure, percent, significant

MINIMUM_BARS = 60  # the slowest indicator needs 50, the recursive ones settle in the rest
MOMENTUM_BARS = 24
VOLATILITY_BARS = 48


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


def indicators(bars: Bars) -> Indicators:
    """Compute the indicators at the last bar.

    Raises:
        ToolError: There are fewer than 60 bars (since the last long hole), or the price stood still in the last 48.
    """
    import talib

    where = f"candles of {bars.symbol} {bars.timeframe} from {bars.source}"
    bars = bars.unbroken()[-1]
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


def annualised(deviation: float, timeframe: str) -> float:
    """Scale the deviation of one bar's return to a year of 365 days, by the square root of time."""
    return deviation * math.sqrt(YEAR_SECONDS / timeframe_seconds(timeframe))


def _last(column: Floats) -> float:
    return float(column[-1])


def _ratio(over: float, under: float) -> float:
    return over / under if under else 0.0
