"""Features bar by bar: of a whole history at once, or of one closed bar after the other.

Both forms end in the same formulas (`features.columns`) and differ only in how the smoothed features are carried on:
TA-Lib makes whole columns, `Smoothing` one value a bar. Row n knows the bars up to n and nothing later.

After more than 5 missing bars in a row every feature warms up anew, so that no value spans an outage; fewer are borne
as minutes without a trade. The column `missing` shows them all.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from company.errors import ToolError
from company.trading.features.bars import MISSING_BORNE, Bars, Floats, timeframe_seconds
from company.trading.features.columns import FORMULAS, LONGEST, Quoted, Stretch
from company.trading.features.smoothed import Smoothing, smoothed
from company.trading.signals import Frame

_NAN = float("nan")


def frame(bars: Bars, quoted: Quoted | None = None) -> Frame:
    """Compute every feature at every bar.

    Args:
        bars: The history.
        quoted: Spread, imbalance and funding rate, as far as a venue told them.

    Returns:
        A frame with the columns of `RAW` and of `FEATURES`.

    Raises:
        ToolError: There is no bar, or `quoted` cannot be right.
    """
    if not len(bars):
        raise ToolError(f"candles of {bars.symbol} {bars.timeframe} from {bars.source}: there is no bar")
    told = (quoted or Quoted()).columns(len(bars))
    parts, first = [], 0
    for part in bars.unbroken():
        rows = slice(first, first := first + len(part))
        parts.append(Stretch(part, smoothed, {name: column[rows] for name, column in told.items()}))
    closes_at = (bars.times + timeframe_seconds(bars.timeframe) * 1000).tolist()
    return Frame(bars.symbol, bars.timeframe, closes_at, Columns(parts, bars.missing.astype(float).tolist()))


class Columns(Mapping[str, Sequence[float]]):
    """The columns of a frame, each made when it is first read: a strategy reads few of them.

    Args:
        stretches: The history between long holes.
        missing: The column of this name.
    """

    __slots__ = ("_made",)

    def __init__(self, stretches: Sequence[Stretch], missing: list[float]) -> None:
        self._made = _Made(stretches)
        self._made["missing"] = missing

    def __getitem__(self, name: str) -> Sequence[float]:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*FORMULAS, "missing"))

    def __len__(self) -> int:
        return len(FORMULAS) + 1


class _Made(dict[str, list[float]]):
    """The columns that were read; another one is made when it is asked for."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches

    def __missing__(self, name: str) -> list[float]:
        formula = FORMULAS[name]
        made: list[float] = np.concatenate([formula(stretch) for stretch in self._stretches]).tolist()
        self[name] = made
        return made


class Stream:
    """Features of one symbol, fed with one closed bar after the other.

    Args:
        symbol: Unified name.
        timeframe: Length of a bar.
        source: Where the bars come from, for messages.
    """

    def __init__(self, *, symbol: str, timeframe: str, source: str) -> None:
        self._names = {"symbol": symbol, "timeframe": timeframe, "source": source}
        self._tail: list[Sequence[Any]] = []
        self._smoothing = Smoothing()

    def push(
        self, row: Sequence[Any], *, spread_bps: float = _NAN, imbalance: float = _NAN, funding_rate: float = _NAN
    ) -> dict[str, float]:
        """Take in a closed bar and return every column's value at it.

        Args:
            row: ccxt's OHLCV row `[ms, open, high, low, close, volume]`.
            spread_bps: Ask over bid in basis points of the mid price, when the bar closed.
            imbalance: Of the book, -1 to 1, when the bar closed.
            funding_rate: In force when the bar closed.

        Raises:
            ToolError: The bar or a figure cannot be right; nothing was taken in.
        """
        told = Quoted(*(np.array([value]) for value in (spread_bps, imbalance, funding_rate))).columns(1)
        missing = int(Bars.read([*self._tail[-1:], row], **self._names).missing[-1])
        if missing > MISSING_BORNE:
            self._tail, self._smoothing = [], Smoothing()
        self._tail = [*self._tail[1 - LONGEST :], row]
        bars = Bars.read(self._tail, **self._names)
        smooth = self._smoothing.push(bars.highs[-1], bars.lows[-1], bars.closes[-1])
        stretch = Stretch(bars, lambda _: {name: _single(value) for name, value in smooth.items()}, told)
        made = {name: float(formula(stretch)[-1]) for name, formula in FORMULAS.items()}
        return {**made, "missing": float(missing)}


def _single(value: float) -> Floats:
    return np.array([value])
