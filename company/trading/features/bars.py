"""Candles as checked columns.

Data that cannot be right raises, naming the bar: a feature over broken bars looks exactly like one over good bars.
Bars may be missing, and nothing is ever filled in for them; `Bars.holes` says where.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from company.errors import ToolError
from company.trading.figures import Figure, Report, significant

Floats = NDArray[np.float64]

TIMEFRAMES = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14_400, "1d": 86_400}
YEAR_SECONDS = 365 * 86_400
MISSING_BORNE = 5  # bars in a row; venues leave out minutes without a trade, a longer hole is an outage


@dataclass(frozen=True, slots=True)
class Hole:
    """Bars that are missing.

    Attributes:
        row: Number of the first bar after the hole.
        bars: How many are missing.
        begins: When the first missing bar would have opened.
        ends: When the first bar after the hole opened.
    """

    row: int
    bars: int
    begins: datetime
    ends: datetime


class Candle(Report):
    """One closed bar: `at` is when it opened, volume is in base units."""

    at: datetime
    open: Figure
    high: Figure
    low: Figure
    close: Figure
    volume: Figure


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
            ToolError: A bar is out of order, double, not finite, not positive, overlaps the one before, or its high and
                low do not enclose it.
        """
        where = f"candles of {symbol} {timeframe} from {source}"
        try:
            table = np.array([row[:6] for row in rows], dtype=np.float64).reshape(-1, 6)
        except (TypeError, ValueError) as error:
            raise ToolError(f"{where} hold something that is not a number: {error}") from None
        times = table[:, 0]
        _refuse(~np.isfinite(table).all(axis=1), table, where, "holds a value that is not finite")
        _refuse(np.diff(times, prepend=-1.0) <= 0, table, where, "is double or not later than the one before")
        step = timeframe_seconds(timeframe) * 1000
        _refuse(np.diff(times, prepend=-float(step)) < step, table, where, "opens before the one before it has closed")
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
        return self._part(slice(count))

    @property
    def missing(self) -> NDArray[np.int64]:
        """How many bars are missing right before each bar."""
        step = timeframe_seconds(self.timeframe) * 1000
        gaps: NDArray[np.int64] = np.diff(self.times, prepend=self.times[:1] - step) // step - 1
        return gaps

    def holes(self) -> list[Hole]:
        """Return every place where bars are missing, oldest first."""
        step, missing = timeframe_seconds(self.timeframe) * 1000, self.missing
        return [
            Hole(row, int(missing[row]), _time(int(self.times[row - 1]) + step), _time(int(self.times[row])))
            for row in np.flatnonzero(missing).tolist()
        ]

    def unbroken(self) -> list["Bars"]:
        """Return the stretches between long holes, oldest first; one stretch when there are none.

        Up to 5 missing bars in a row belong to a stretch: it goes on from bar to bar, with nothing in their place.
        """
        starts = np.flatnonzero(self.missing > MISSING_BORNE).tolist()
        edges = [0, *starts, len(self)]
        return [self._part(slice(first, end)) for first, end in pairwise(edges)]

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

    def _part(self, rows: slice) -> "Bars":
        columns = (self.opens, self.highs, self.lows, self.closes, self.volumes)
        return Bars(self.symbol, self.timeframe, self.source, self.times[rows], *(column[rows] for column in columns))


def timeframe_seconds(timeframe: str) -> int:
    """Return the length of a bar in seconds.

    Raises:
        ToolError: The desk does not know this timeframe.
    """
    if timeframe not in TIMEFRAMES:
        raise ToolError(f"timeframe {timeframe!r} is unknown; use one of {', '.join(TIMEFRAMES)}")
    return TIMEFRAMES[timeframe]


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def _refuse(broken: Any, table: Floats, where: str, what: str) -> None:
    if broken.any():
        index = int(np.argmax(broken))
        raise ToolError(f"{where}: bar {index} {what}: {table[index].tolist()}")
