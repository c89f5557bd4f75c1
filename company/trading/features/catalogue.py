"""What every feature of the state vector means.

All are without unit, so that symbols and timeframes compare, and lie in [-1, 1]; probabilities and shares in [0, 1].
`d(x, n)` is the population deviation of the last n values; C, H, L and V are close, high, low and volume
of a bar, T = (H + L + C) / 3, r(n) the log return of n bars, s the deviation of one bar's log return over 48 bars.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from company.trading.features.bars import Floats
from company.trading.signals import Frame, State


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of the state vector.

    Attributes:
        name: Column of the frame.
        formula: How the value is made, with its normalisation.
        unit: What is measured, before it is normalised.
        warm_up: Number of the first bar, from 1, that has a value; 0 when a venue has to tell it.
        source: Who computes what is measured: `talib` or `windows` from the candles, `venue` when it was told. ATR14 is
            always TA-Lib's.
    """

    name: str
    formula: str
    unit: str
    warm_up: int
    source: str


_ALL = (
    Feature("rsi", "(RSI14 - 50) / 50; 0 when the price stands still", "0 to 100", 15, "talib"),
    Feature("macd", "tanh(MACD(12, 26, 9) line / ATR14)", "quote units", 34, "talib"),
    Feature("macd_signal", "tanh(MACD signal / ATR14)", "quote units", 34, "talib"),
    Feature("macd_histogram", "tanh(2 MACD histogram / ATR14)", "quote units", 34, "talib"),
    Feature(
        "bollinger_position", "(C - SMA20) / (2 d(C, 20)), clipped: -1 lower band, 1 upper", "bands", 20, "windows"
    ),
    Feature("bollinger_width", "tanh(ln(d(C, 20) / ATR14)): below 0 narrow, above 0 wide", "ATRs", 20, "windows"),
    Feature("atr_share", "tanh(ATR14 / C * root(bars a day) / 0.05)", "share of the price", 15, "talib"),
    Feature("adx", "ADX14 / 50 - 1", "0 to 100", 28, "talib"),
    Feature("plus_di", "+DI14 / 50 - 1", "0 to 100", 15, "talib"),
    Feature("minus_di", "-DI14 / 50 - 1", "0 to 100", 15, "talib"),
    Feature("volume_slope", "change of OBV over 24 bars / their volume", "share of volume", 25, "windows"),
    Feature("vwap_distance", "tanh((C - VWAP24 of T) / (2 ATR14))", "ATRs", 24, "windows"),
    Feature("control_distance", "tanh((C - point of control) / (2 ATR14)), profile of 48 bars", "ATRs", 48, "windows"),
    Feature("value_area", "place of C in the value area, -1 low, 1 high, clipped", "value areas", 48, "windows"),
    Feature("support", "tanh((C - highest swing low <= C of 48 bars) / (2 ATR14))", "ATRs", 48, "windows"),
    Feature("resistance", "tanh((lowest swing high >= C of 48 bars - C) / (2 ATR14))", "ATRs", 48, "windows"),
    Feature("volatility", "tanh(s * root(bars a year of 365 days))", "share of the price, a year", 49, "windows"),
    Feature("momentum_3", "tanh(r(3) / (s root(3)))", "deviations", 49, "windows"),
    Feature("momentum_12", "tanh(r(12) / (s root(12)))", "deviations", 49, "windows"),
    Feature("momentum_24", "tanh(r(24) / (s root(24)))", "deviations", 49, "windows"),
    Feature("momentum_48", "tanh(r(48) / (s root(48)))", "deviations", 49, "windows"),
    Feature("z_score", "(C - SMA20) / d(C, 20) / 3, clipped", "deviations", 20, "windows"),
    Feature("stochastic", "2 slow %K(14, 3) / 100 - 1", "0 to 100", 16, "windows"),
    Feature("stochastic_signal", "mean of the last 3 of `stochastic`", "0 to 100", 18, "windows"),
    Feature("volume_z_score", "(V - mean V) / d(V, 48) / 3 over 48 bars, clipped", "deviations", 48, "windows"),
    Feature("sma_20_distance", "tanh((C - SMA20) / (2 ATR14))", "ATRs", 20, "windows"),
    Feature("sma_50_distance", "tanh((C - SMA50) / (2 ATR14))", "ATRs", 50, "windows"),
    Feature("crossover", "tanh((SMA20 - SMA50) / (2 ATR14))", "ATRs", 50, "windows"),
    Feature("bull", "softmax(2x, -2x, 2) of x = r(48) / (s root(48)), first", "probability", 49, "windows"),
    Feature("bear", "the same, second", "probability", 49, "windows"),
    Feature("sideways", "the same, third", "probability", 49, "windows"),
    Feature("spread", "tanh(ask over bid in bp of the mid price / 10)", "basis points", 0, "venue"),
    Feature("imbalance", "(bid - ask quantity) / (their sum) of the book's best levels", "share", 0, "venue"),
    Feature("funding", "tanh(funding rate / 0.0005)", "fraction of the notional", 0, "venue"),
)

FEATURES: Mapping[str, Feature] = MappingProxyType({feature.name: feature for feature in _ALL})
"""The state vector, in its order."""

WARM_UP = max(feature.warm_up for feature in _ALL)
"""From this bar on, counted from 1, every feature of the candles has a value; volume features where there is volume."""


def vector(state: State) -> tuple[list[float], list[bool]]:
    """Return the state vector of one bar, 0 where a feature has no value, and which ones have one."""
    values = [state[name] for name in FEATURES]
    present = [not math.isnan(value) for value in values]
    return [value if known else 0.0 for value, known in zip(values, present, strict=True)], present


def vectors(frame: Frame) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the state vectors of all bars, 0 where a feature has no value, and which ones have one.

    Returns:
        Two arrays of shape (bars, features).
    """
    values = np.array([frame.columns[name] for name in FEATURES]).T
    present = ~np.isnan(values)
    return np.where(present, values, 0.0), present
