"""What is wrong with a table of candles, and what is missing from it.

A table is refused at its first fault, never repaired: an indicator over broken bars looks exactly like one over good
bars. A hole is no fault. It is reported with its first and last missing bar, and nothing is put into it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from company.trading.features import TIMEFRAMES, Bars, Floats

_SMALLEST, _MOST_VOLUME = 1e-18, 1e24  # beyond them floats of features overflow
_LATEST = 32_503_680_000_000


@dataclass(frozen=True, slots=True)
class Hole:
    """Bars that are missing between two that are there.

    Attributes:
        first: When the first missing bar would have opened, UTC.
        last: When the last missing bar would have opened, UTC.
        bars: How many are missing.
    """

    first: datetime
    last: datetime
    bars: int

    def __str__(self) -> str:
        return f"{self.bars} bars missing from {self.first.isoformat()} to {self.last.isoformat()}"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong in a table of candles: the number of the row, from 0, and what is wrong with it."""

    row: int
    what: str


def find_holes(bars: Bars) -> tuple[Hole, ...]:
    """Return the holes in a series, oldest first.

    Nights and weekends of a market that closes are holes too: nobody here knows an exchange's calendar.
    """
    size = TIMEFRAMES[bars.timeframe] * 1000
    steps = np.diff(bars.times)
    return tuple(
        Hole(_at(bars.times[index] + size), _at(bars.times[index + 1] - size), int(steps[index]) // size - 1)
        for index in np.flatnonzero(steps > size)
    )


def find_fault(table: Floats, timeframe: str) -> Fault | None:
    """Return the first fault of a table of candles, None when it is sound.

    Args:
        table: Rows of opening time (UTC epoch milliseconds), open, high, low, close, volume.
        timeframe: A key of `TIMEFRAMES`.
    """
    found = [Fault(int(np.argmax(broken)), what) for broken, what in _checks(table, timeframe) if broken.any()]
    return min(found, key=lambda fault: fault.row, default=None)


def _checks(table: Floats, timeframe: str) -> list[tuple[NDArray[np.bool_], str]]:
    size = TIMEFRAMES[timeframe] * 1000
    times, prices = table[:, 0], table[:, 1:5]
    finite = np.isfinite(table).all(axis=1)
    steps = np.diff(times, prepend=times[:1] - size)
    enclosed = (table[:, 2] >= table[:, (1, 4)].max(axis=1)) & (table[:, 3] <= table[:, (1, 4)].min(axis=1))
    return [
        (~finite, "holds a value that is not finite"),
        (finite & (prices <= 0).any(axis=1), "has a price that is not positive"),
        (finite & (table[:, 5] < 0), "has a negative volume"),
        (
            finite & ((prices > 1 / _SMALLEST) | (prices < _SMALLEST)).any(axis=1) & (prices > 0).all(axis=1),
            "has a price that no market has",
        ),
        (finite & (table[:, 5] > _MOST_VOLUME), "has a volume that no market has"),
        (finite & ((times < 0) | (times >= _LATEST)), "opens at no time between 1970 and 3000"),
        (finite & ~enclosed, "has a high or low that does not enclose open and close"),
        (steps == 0, "opens at the same time as the one before"),
        (steps < 0, "opens before the one before: candles go from the oldest to the newest"),
        ((steps > 0) & (steps % size != 0), f"is not a whole number of {timeframe} bars after the one before"),
    ]


def _at(ms: np.int64) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, tz=UTC)
