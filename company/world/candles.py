"""Candles: minutes on the tick grid, and longer timeframes made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from company.errors import VenueError
from company.world.listings import Listing
from company.world.paths import DAY

TIMEFRAMES: Final = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": DAY}

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candles:
    """Consecutive candles of one symbol; prices in ticks, volume in steps, each of shape (candles,)."""

    open: Whole
    high: Whole
    low: Whole
    close: Whole
    volume: Whole

    def group(self, size: int) -> "Candles":
        """Return candles that are `size` times as long; `size` divides their number."""
        return Candles(
            open=self.open[::size],
            high=self.high.reshape(-1, size).max(axis=1),
            low=self.low.reshape(-1, size).min(axis=1),
            close=self.close[size - 1 :: size],
            volume=self.volume.reshape(-1, size).sum(axis=1),
        )

    def part(self, chosen: slice) -> "Candles":
        """Return the chosen candles."""
        return Candles(*(side[chosen] for side in self.sides()))

    def join(self, later: "Candles") -> "Candles":
        """Return these candles followed by later ones."""
        return Candles(*(np.concatenate(pair) for pair in zip(self.sides(), later.sides(), strict=True)))

    def sides(self) -> tuple[Whole, ...]:
        """Return open, high, low, close and volume."""
        return self.open, self.high, self.low, self.close, self.volume

    def rows(self, listing: Listing, chosen: slice) -> list[list[float]]:
        """Return `[open, high, low, close, volume]` of the chosen candles."""
        unit, lot = 10**listing.price_decimals, 10**listing.amount_decimals
        prices = [(side[chosen] / unit).tolist() for side in (self.open, self.high, self.low, self.close)]
        return [list(row) for row in zip(*prices, (self.volume[chosen] / lot).tolist(), strict=True)]


def minutes_of(timeframe: str) -> int:
    """Return how many minutes a timeframe has.

    Raises:
        VenueError: There is no such timeframe.
    """
    if timeframe not in TIMEFRAMES:
        raise VenueError(f"timeframe {timeframe!r} does not exist here: choose one of {', '.join(TIMEFRAMES)}")
    return TIMEFRAMES[timeframe]


def closed(
    day_of: Callable[[int], Candles], listing: Listing, timeframe: str, first: int, last: int
) -> list[list[Any]]:
    """Return the candles of a timeframe that lie whole between two minutes.

    Args:
        day_of: Gives the minutes of a day by its number.
        listing: Whose candles they are.
        timeframe: A key of `TIMEFRAMES`.
        first: The earliest minute a candle may begin, counted from the first day.
        last: The minute by which it must have ended.

    Returns:
        `[minute it begins, open, high, low, close, volume]` each, the oldest first. The figures are floats, each the
        nearest to a number on the listing's grid.
    """
    size = minutes_of(timeframe)
    begin, end = -(-max(first, 0) // size) * size, last // size * size
    rows: list[list[Any]] = []
    for day in range(begin // DAY, -(-end // DAY)):
        midnight = day * DAY
        low, high = max(begin - midnight, 0), min(end - midnight, DAY)
        candles = day_of(day).group(size).rows(listing, slice(low // size, high // size))
        rows += [[midnight + low + size * place, *row] for place, row in enumerate(candles)]
    return rows
