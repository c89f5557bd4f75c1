"""What one venue shows of the market: its own mid, spread and depth.

A venue's mid strays from the market's by a basis that is pulled back within minutes and now and then knocked away, so
two venues seldom differ by more than it costs to trade the difference. Everything is drawn for a venue, a symbol and a
minute, so it is the same whenever and in whatever order it is asked for.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import chain, repeat
from typing import Final
from zlib import crc32

import numpy as np

from company.trading.exchange import Quote
from company.world.candles import Candles, Whole
from company.world.chance import stream
from company.world.listings import LISTINGS, number_of
from company.world.market import Market
from company.world.paths import DAY, Floats

_LEVELS: Final = 40  # a side
_KEPT_DAYS = 96
_KEPT_BOOKS = 32
_BPS = 1e-4
_RECALL = 0.8 ** np.arange(60)  # what is left of a stray of the mid after so many minutes


@dataclass(frozen=True, slots=True)
class Microstructure:
    """How a venue differs from the others.

    Attributes:
        spread: Average distance between best bid and ask, in basis points.
        share: Its part of the market's turnover; its depth follows.
        stray: Standard deviation of its basis in quiet times, in basis points.
        knock: Mean size of the knocks that push its mid away, in basis points.
    """

    spread: float = 2.0
    share: float = 0.3
    stray: float = 2.0
    knock: float = 8.0


class Quotes:
    """A venue's view of the market.

    Args:
        market: The truth it strays from.
        venue: Id of the venue; another id draws other numbers.
        structure: How the venue differs.
    """

    def __init__(self, market: Market, venue: str, structure: Microstructure) -> None:
        self._market, self._structure = market, structure
        self._number = crc32(venue.encode())
        self._basis = lru_cache(maxsize=_KEPT_DAYS)(self._draw_basis)
        self.day = lru_cache(maxsize=_KEPT_DAYS)(self._day)
        self.shown = lru_cache(maxsize=_KEPT_BOOKS)(self._draw_quotes)

    def mid(self, symbol: str, minute: int) -> Decimal:
        """Return the venue's mid at the beginning of a minute, on the tick grid."""
        candles = self.day(symbol, minute // DAY)
        return LISTINGS[number_of(symbol)].price(int(candles.open[minute % DAY]))

    def first_beyond(self, symbol: str, first: int, last: int, low: int | None, high: int | None) -> int | None:
        """Return the first minute in [first, last) below `low` or above `high`, in ticks; None when none is."""
        if low is None and high is None:
            return None
        low = -1 if low is None else low
        high = np.iinfo(np.int64).max if high is None else high
        for day in range(first // DAY, -(-last // DAY)):
            begin, end = max(first - day * DAY, 0), min(last - day * DAY, DAY)
            candles = self.day(symbol, day)
            crossed = (candles.low[begin:end] < low) | (candles.high[begin:end] > high)
            if crossed.any():
                return day * DAY + begin + int(crossed.argmax())
        return None

    def _day(self, symbol: str, day: int) -> Candles:
        """Return the minutes of a day as this venue traded them."""
        market = self._market.minutes(symbol, day)
        factor = 1 + self._basis(number_of(symbol), day)
        open_, high, low, close = (
            np.rint(side * factor).astype(np.int64) for side in (market.open, market.high, market.low, market.close)
        )
        volume: Whole = np.maximum(np.rint(market.volume * self._structure.share), 1).astype(np.int64)
        return Candles(open=open_, high=high, low=low, close=close, volume=volume)

    def _draw_basis(self, symbol: int, day: int) -> Floats:
        chance = stream(self._market.seed, "venue.basis", self._number, symbol, day)
        length = DAY + len(_RECALL)
        quiet = self._structure.stray * np.sqrt(1 - _RECALL[1] ** 2) * chance.standard_normal(length)
        knocks = self._structure.knock * chance.laplace(size=length) * (chance.random(length) < 0.004)
        basis: Floats = np.convolve(quiet + knocks, _RECALL)[len(_RECALL) : len(_RECALL) + DAY] * _BPS
        return basis

    def _draw_quotes(self, symbol: str, minute: int) -> tuple[Quote, ...]:
        """Return bids, then asks of a minute before anybody took from them, the best first, in ticks and steps."""
        number, (day, moment) = number_of(symbol), divmod(minute, DAY)
        listing, chance = LISTINGS[number], stream(self._market.seed, "venue.levels", self._number, number, minute)
        mid = self._market.minutes(symbol, day).open[moment] * (1 + self._basis(number, day)[moment])
        spread = self._structure.spread * np.exp(0.3 * chance.standard_normal()) * self._stress(symbol, minute)
        gaps = chance.exponential(0.6 * spread, (2, _LEVELS)) * mid * _BPS
        gaps[:, 0] = 0.5 * spread * mid * _BPS
        away = np.cumsum(np.maximum(np.rint(gaps), 1), axis=1)
        unit = listing.turnover * self._structure.share * 0.1 * 10**listing.amount_decimals
        sizes = unit * np.exp(0.7 * chance.standard_normal((2, _LEVELS))) * (1 + np.arange(_LEVELS) / 8)
        ticks = np.stack((np.ceil(mid) - away[0], np.floor(mid) + away[1])).astype(np.int64).tolist()
        steps = np.maximum(sizes.astype(np.int64), 1).tolist()
        sides = zip(chain(repeat("buy", _LEVELS), repeat("sell", _LEVELS)), chain(*ticks), chain(*steps), strict=True)
        return tuple(map(Quote._make, sides))

    def _stress(self, symbol: str, minute: int) -> float:
        """Return how much wider quotes are after the last minute's range than in a calm market."""
        day, moment = divmod(max(minute - 1, 0), DAY)
        candles = self._market.minutes(symbol, day)
        reach = float(candles.high[moment] - candles.low[moment]) / float(candles.open[moment])
        return 0.7 + min(reach / (20 * _BPS), 5.0)
