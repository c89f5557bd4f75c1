"""The columns of a frame, and the state vector among them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from company.errors import ToolError
from company.trading.features import windows
from company.trading.features.bars import YEAR_SECONDS, Bars, Floats, timeframe_seconds
from company.trading.features.regimes import probabilities
from company.trading.features.windows import ratio

LONGEST = 50  # bars in the widest window
HORIZONS = (3, 12, 24, 48)
_REGIMES = ("bull", "bear", "sideways")

RAW = ("open", "high", "low", "close", "volume", "missing", "atr", "sma_20", "sma_50", "spread_bps", "funding_rate")
"""Columns in their own units: prices in quote units, volume in base units, bars missing right before this one, spread
in basis points of the mid price, funding rate as a fraction."""


@dataclass(frozen=True, slots=True, eq=False)
class Quoted:
    """What a venue told beside the candles, one value for each bar, as known when the bar closed; NaN where it did not.

    Attributes:
        spread_bps: Ask over bid in basis points of the mid price.
        imbalance: (bid quantity - ask quantity) / (their sum) of the book's best levels, -1 to 1.
        funding_rate: Of the perpetual contract, as a fraction for one funding interval; positive when longs pay.
    """

    spread_bps: Floats | None = None
    imbalance: Floats | None = None
    funding_rate: Floats | None = None

    def columns(self, bars: int) -> dict[str, Floats]:
        """Return the three columns, NaN where nothing was told.

        Raises:
            ToolError: A column is not as long as the bars, a spread is negative or an imbalance beyond 1.
        """
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        columns = {name: _column(name, values, bars) for name, values in told.items()}
        spread, lean, rate = columns.values()
        _refuse("spread_bps", spread, spread < 0, "it must be 0 or more")
        _refuse("imbalance", lean, np.abs(lean) > 1, "it must be from -1 to 1")
        _refuse("funding_rate", rate, np.isinf(rate), "it must be finite")
        return columns


class Stretch:
    """Bars without long holes, and what several columns over them are made of, each worked out once, when it is needed.

    Args:
        bars: The stretch.
        smoothed: Gives the columns of `features.smoothed`.
        quoted: The columns of `Quoted`.
    """

    def __init__(
        self, bars: Bars, smoothed: Callable[[Bars], Mapping[str, Floats]], quoted: Mapping[str, Floats]
    ) -> None:
        self.bars, self.quoted, self._smoothed = bars, quoted, smoothed

    @cached_property
    def smooth(self) -> Mapping[str, Floats]:
        """The columns of `features.smoothed`."""
        return self._smoothed(self.bars)

    @cached_property
    def atr(self) -> Floats:
        """Average true range of 14 bars."""
        return self.smooth["atr"]

    @cached_property
    def sma_20(self) -> Floats:
        """Mean of 20 closes."""
        return windows.mean(self.bars.closes, 20)

    @cached_property
    def sma_50(self) -> Floats:
        """Mean of 50 closes."""
        return windows.mean(self.bars.closes, 50)

    @cached_property
    def band(self) -> Floats:
        """Deviation of 20 closes."""
        return windows.deviation(self.bars.closes, 20)

    @cached_property
    def profile(self) -> tuple[Floats, Floats, Floats]:
        """Volume profile of 48 bars: point of control, low and high of the value area."""
        return windows.profile(self.bars, 48)

    @cached_property
    def stochastic(self) -> Floats:
        """Slow %K(14, 3) from -1 to 1; 0 where high and low are equal for 14 bars."""
        bars = self.bars
        low, high = windows.lowest(bars.lows, 14), windows.highest(bars.highs, 14)
        return windows.mean(ratio(2 * bars.closes - high - low, high - low), 3)

    @cached_property
    def logs(self) -> Floats:
        """Logarithms of the closes."""
        return np.log(self.bars.closes)

    @cached_property
    def step(self) -> Floats:
        """Sample deviation of 48 log returns."""
        return windows.deviation(windows.change(self.logs, 1), 48, lost=1)

    @cached_property
    def odds(self) -> Mapping[str, Floats]:
        """Probability of each regime."""
        return dict(zip(_REGIMES, probabilities(self.strength(48)), strict=True))

    def strength(self, span: int) -> Floats:
        """Return the log return over a span, in what chance moves in it."""
        return ratio(windows.change(self.logs, span), self.step * math.sqrt(span))

    def away(self, distance: Floats) -> Floats:
        """Return a distance in two average true ranges, squashed."""
        return _squash(distance, 2 * self.atr)

    def a_day(self) -> float:
        """Return how many bars a day has."""
        return 86_400 / timeframe_seconds(self.bars.timeframe)

    def a_year(self) -> float:
        """Return how many bars a year has."""
        return YEAR_SECONDS / timeframe_seconds(self.bars.timeframe)


def _value_area(of: Stretch) -> Floats:
    _, low, high = of.profile
    return np.clip(ratio(2 * of.bars.closes - high - low, high - low), -1, 1)


def _volume_z_score(of: Stretch) -> Floats:
    volume = of.bars.volumes
    return np.clip(ratio(volume - windows.mean(volume, 48), windows.deviation(volume, 48)) / 3, -1, 1)


def _support(of: Stretch) -> Floats:
    return of.away(of.bars.closes - windows.support(of.bars.lows, of.bars.closes, 48))


def _resistance(of: Stretch) -> Floats:
    return of.away(windows.resistance(of.bars.highs, of.bars.closes, 48) - of.bars.closes)


def _momentum(span: int) -> "Formula":
    return lambda of: np.tanh(of.strength(span))


def _odds(regime: str) -> "Formula":
    return lambda of: of.odds[regime]


Formula = Callable[[Stretch], Floats]

FORMULAS: Mapping[str, Formula] = {
    "open": lambda of: of.bars.opens,
    "high": lambda of: of.bars.highs,
    "low": lambda of: of.bars.lows,
    "close": lambda of: of.bars.closes,
    "volume": lambda of: of.bars.volumes,
    "atr": lambda of: of.atr,
    "rsi": lambda of: of.smooth["rsi"],
    "macd": lambda of: _squash(of.smooth["macd"], of.atr),
    "macd_signal": lambda of: _squash(of.smooth["macd_signal"], of.atr),
    "macd_histogram": lambda of: _squash(2 * of.smooth["macd_histogram"], of.atr),
    "atr_share": lambda of: np.tanh(of.atr / of.bars.closes * math.sqrt(of.a_day()) / 0.05),
    "adx": lambda of: of.smooth["adx"] / 50 - 1,
    "plus_di": lambda of: of.smooth["plus_di"] / 50 - 1,
    "minus_di": lambda of: of.smooth["minus_di"] / 50 - 1,
    "sma_20": lambda of: of.sma_20,
    "sma_50": lambda of: of.sma_50,
    "bollinger_position": lambda of: np.clip(ratio(of.bars.closes - of.sma_20, 2 * of.band), -1, 1),
    "bollinger_width": lambda of: _width(of.band, of.atr),
    "z_score": lambda of: np.clip(ratio(of.bars.closes - of.sma_20, of.band) / 3, -1, 1),
    "sma_20_distance": lambda of: of.away(of.bars.closes - of.sma_20),
    "sma_50_distance": lambda of: of.away(of.bars.closes - of.sma_50),
    "crossover": lambda of: of.away(of.sma_20 - of.sma_50),
    "volume_slope": lambda of: windows.volume_slope(of.bars, 24),
    "vwap_distance": lambda of: of.away(of.bars.closes - windows.volume_weighted(of.bars, 24)),
    "control_distance": lambda of: of.away(of.bars.closes - of.profile[0]),
    "value_area": _value_area,
    "volume_z_score": _volume_z_score,
    "support": _support,
    "resistance": _resistance,
    "stochastic": lambda of: of.stochastic,
    "stochastic_signal": lambda of: windows.mean(of.stochastic, 3),
    "volatility": lambda of: np.tanh(of.step * math.sqrt(of.a_year())),
    **{f"momentum_{span}": _momentum(span) for span in HORIZONS},
    **{regime: _odds(regime) for regime in _REGIMES},
    "spread_bps": lambda of: of.quoted["spread_bps"],
    "imbalance": lambda of: of.quoted["imbalance"],
    "funding_rate": lambda of: of.quoted["funding_rate"],
    "spread": lambda of: np.tanh(of.quoted["spread_bps"] / 10),
    "funding": lambda of: np.tanh(of.quoted["funding_rate"] / 0.0005),
}
"""How every column over a stretch is made; `missing` is not among them, for it looks across holes."""


def _width(band: Floats, atr: Floats) -> Floats:
    """Half the width of a Bollinger band (of one deviation) against a bar's range, on a log scale; -1 without width."""
    with np.errstate(divide="ignore"):
        return np.tanh(np.log(ratio(band, atr)))


def _squash(distance: Floats, unit: Floats) -> Floats:
    return np.tanh(ratio(distance, unit))


def _column(name: str, values: Floats | None, bars: int) -> Floats:
    if values is None:
        return np.full(bars, np.nan)
    if len(values) != bars:
        raise ToolError(
            f"{name} has {len(values)} values for {bars} bars; give one for each bar, NaN where none is known"
        )
    return np.asarray(values, dtype=np.float64)


def _refuse(name: str, values: Floats, broken: NDArray[np.bool_], why: str) -> None:
    if (broken := broken | np.isinf(values)).any():
        row = int(np.argmax(broken))
        raise ToolError(f"{name} of bar {row} is {values[row]}: {why}")
