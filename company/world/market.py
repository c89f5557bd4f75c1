"""The one truth about prices that all venues, news and evals of a world share.

`Market` turns the hidden course of `Paths` into prices and candles on the tick grid. Only a bounded number of days is
kept; a day that was dropped is drawn again, with the same result.

The mid price stands still within a minute: it is the price at which the minute opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np

from company.world.candles import Candles, closed
from company.world.chance import stream
from company.world.listings import LISTINGS, SYMBOLS, number_of
from company.world.paths import DAY, REGIMES, Day, Floats, Paths

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
START: Final = EPOCH + timedelta(days=30)

_EPOCH_MS: Final = int(EPOCH.timestamp() * 1000)
_MINUTE: Final = timedelta(minutes=1)
_KEPT = 48  # days; about a quarter of a megabyte each
_SHOCK = 0.02


def minute_of(at: datetime) -> int:
    """Return the number of the minute that holds `at`, counted from `EPOCH`.

    Raises:
        ValueError: `at` is naive or lies before `EPOCH`.
    """
    if at.tzinfo is None or at < EPOCH:
        raise ValueError(
            f"the market has no price at {at.isoformat()}: ask for an aware time since {EPOCH.isoformat()}"
        )
    return (at - EPOCH) // _MINUTE


def ms_of(minute: int) -> int:
    """Return the UTC epoch milliseconds at which a minute begins."""
    return _EPOCH_MS + minute * 60_000


@dataclass(frozen=True, slots=True)
class Shock:
    """A jump of one symbol.

    Attributes:
        at: Beginning of the minute in which the price jumps.
        symbol: Which symbol jumps.
        move: Log-return of the jump.
    """

    at: datetime
    symbol: str
    move: float


class Market:
    """Prices of all symbols from `EPOCH` on, the same for the same seed.

    Args:
        seed: The world's seed.
    """

    symbols: tuple[str, ...] = SYMBOLS

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._paths = Paths(seed, [listing.nature for listing in LISTINGS])
        self._course = lru_cache(maxsize=2)(self._paths.day)
        self._day = lru_cache(maxsize=_KEPT)(self._draw)

    def price(self, symbol: str, at: datetime) -> Decimal:
        """Return the mid price on the tick grid.

        Raises:
            BadSymbol: The symbol is not listed.
            ValueError: `at` is naive or lies before `EPOCH`.
        """
        number, minute = number_of(symbol), minute_of(at)
        return LISTINGS[number].price(int(self._day(minute // DAY)[number].open[minute % DAY]))

    def candles(self, symbol: str, timeframe: str, start: datetime, end: datetime) -> list[list[Any]]:
        """Return the closed candles that begin at or after `start` and have ended by `end`, the oldest first.

        Returns:
            `[epoch ms it begins, open, high, low, close, volume]` each. Prices and volume are floats, each the nearest
            to a number on the symbol's grid, so `decimal_of` restores that number exactly.

        Raises:
            BadSymbol: The symbol is not listed.
            VenueError: The timeframe does not exist.
        """
        number = number_of(symbol)
        first = -((EPOCH - start) // _MINUTE)
        rows = closed(lambda day: self._day(day)[number], LISTINGS[number], timeframe, first, minute_of(end))
        return [[ms_of(row[0]), *row[1:]] for row in rows]

    def minutes(self, symbol: str, day: int) -> Candles:
        """Return the minutes of a day, counted from `EPOCH`, in ticks and steps."""
        return self._day(day)[number_of(symbol)]

    def shocks(self, start: datetime, end: datetime) -> list[Shock]:
        """Return the jumps of 2 % and more with `start` <= time < `end`, in order of time and symbol."""
        first, last = minute_of(start), minute_of(end)
        return [
            Shock(at=at, symbol=SYMBOLS[jump.symbol], move=jump.move)
            for day in range(first // DAY, last // DAY + 1)
            for jump in self._course(day).jumps
            if abs(jump.move) >= _SHOCK and start <= (at := EPOCH + timedelta(days=day, minutes=jump.minute)) < end
        ]

    def regime(self, at: datetime) -> str:
        """Return `bull`, `bear` or `sideways`: the drift of the hour that holds `at`."""
        minute = minute_of(at)
        return REGIMES[self._course(minute // DAY).regimes[minute % DAY // 60]]

    @cached_property
    def _origin(self) -> Floats:
        """Log price at which each path's level is zero, so that the prices at `START` lie in their ranges."""
        chance = stream(self.seed, "market.level")
        drawn = [np.log(chance.uniform(*listing.level)) for listing in LISTINGS]
        origin: Floats = np.array(drawn) - self._paths.state((START - EPOCH).days).levels
        return origin

    def _draw(self, day: int) -> Sequence[Candles]:
        course, chance = self._course(day), stream(self.seed, "market.candles", day)
        shape = course.levels.shape
        close = self._origin[:, None] + course.levels
        open_ = np.hstack([(self._origin + course.begin.levels)[:, None], close[:, :-1]])
        reach = np.abs(chance.standard_normal((2, *shape))) * course.sigma * 0.6
        busy = np.exp(0.5 * chance.standard_normal(shape) - 0.125) * _bustle(course)
        unit = np.array([10.0**listing.price_decimals for listing in LISTINGS])[:, None]
        lots = np.array([listing.turnover * 10.0**listing.amount_decimals for listing in LISTINGS])[:, None]
        ticks = [
            np.rint(np.exp(level) * unit).astype(np.int64)
            for level in (open_, np.maximum(open_, close) + reach[0], np.minimum(open_, close) - reach[1], close)
        ]
        volume = np.maximum(np.rint(lots * busy), 1).astype(np.int64)
        return [Candles(*row) for row in zip(*ticks, volume, strict=True)]


def _bustle(course: Day) -> Floats:
    """Return how much is traded in each minute against the average: more when prices move or may move."""
    moves = np.diff(course.levels, axis=1, prepend=course.begin.levels[:, None])
    average = course.sigma.mean(axis=1, keepdims=True)
    bustle: Floats = 0.4 * course.sigma / average + 0.5 * np.minimum(np.abs(moves) / average, 30.0)
    return bustle
