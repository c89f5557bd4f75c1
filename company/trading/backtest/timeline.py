"""The bars of a backtest in the order in which they close."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from company.trading.backtest.result import Hole
from company.trading.features import Bars, Floats, timeframe_seconds


class Timeline:
    """Several symbols on one time axis, that of all their closes.

    Args:
        histories: The bars, one series a symbol, all of one timeframe.

    Attributes:
        closes_at: When a bar of any symbol closes, UTC epoch milliseconds, rising, shape (rows,).
        closes: Price of each symbol then, shape (rows, symbols): its last close, or its first open before that.
    """

    def __init__(self, histories: Sequence[Bars]) -> None:
        self._histories = histories
        self._size = timeframe_seconds(histories[0].timeframe) * 1000
        ends = [bars.times + self._size for bars in histories]
        self.closes_at: NDArray[np.int64] = united(ends)
        columns = [np.append(bars.opens[:1], bars.closes) for bars in histories]
        rows = [np.searchsorted(end, self.closes_at, side="right") for end in ends]
        self.closes: Floats = np.column_stack([column[row] for column, row in zip(columns, rows, strict=True)])

    def __len__(self) -> int:
        return len(self.closes_at)

    def __iter__(self) -> Iterator[tuple[int, Sequence[tuple[int, int]]]]:
        """Yield each row with the bars that close there, as number of the symbol and number of its bar."""
        if len(self._histories) == 1:
            return ((row, ((0, row),)) for row in range(len(self)))
        rows: list[list[tuple[int, int]]] = [[] for _ in range(len(self))]
        for symbol, bars in enumerate(self._histories):
            for bar, row in enumerate(np.searchsorted(self.closes_at, bars.times + self._size).tolist()):
                rows[row].append((symbol, bar))
        return enumerate(rows)

    def returns(self) -> Floats:
        """Return the simple return of each symbol in each row, NaN where a bar or the one before it is missing."""
        found: Floats = np.full(self.closes.shape, np.nan)
        for symbol, bars in enumerate(self._histories):
            unbroken = np.flatnonzero(np.diff(bars.times) == self._size) + 1
            rows = np.searchsorted(self.closes_at, bars.times[unbroken] + self._size)
            found[rows, symbol] = bars.closes[unbroken] / bars.closes[unbroken - 1] - 1
        return found

    def at(self, row: int) -> datetime:
        """Return when a row's bars closed."""
        return moment(int(self.closes_at[row]))

    def holes(self) -> list[Hole]:
        """Return the bars that are missing, by symbol and then by time."""
        return [
            Hole(symbol=bars.symbol, begins=hole.begins, ends=hole.ends, bars=hole.bars)
            for bars in self._histories
            for hole in bars.holes()
        ]


def united(times: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return all times of several rising series, each once, rising."""
    return times[0] if len(times) == 1 else np.unique(np.concatenate(times))


def within(bars: Bars, since: datetime | None, until: datetime | None) -> Bars:
    """Return the bars that open at or after `since` and close at or before `until`; None is no bound."""
    size = timeframe_seconds(bars.timeframe) * 1000
    first = 0 if since is None else int(np.searchsorted(bars.times, _ms(since)))
    last = len(bars) if until is None else int(np.searchsorted(bars.times, _ms(until) - size, side="right"))
    part = slice(first, max(first, last))
    columns = (bars.opens, bars.highs, bars.lows, bars.closes, bars.volumes)
    return Bars(bars.symbol, bars.timeframe, bars.source, bars.times[part], *(column[part] for column in columns))


def moment(ms: int) -> datetime:
    """Return UTC epoch milliseconds as a time."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
