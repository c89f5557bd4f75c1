"""Bars from files as the world around an exchange: what is quoted at an open, and what a bar lets trade.

The bars that are there are numbered, whatever time lies between them: a bar begins when it opens and is over when the
next one opens. So an exchange sees no time in which the data has a hole; what waits there meets the first bar after it.

While a bar is in progress the book stands around its open: five levels a side, the best one half spread away and each
next one half a spread further. Together they offer a fifth of the volume of the bar before, so that nothing but its
open is used of a bar that is not over; the first bar of all offers nothing. Of a symbol without a bar where another
one has one, nothing is quoted and nothing trades.

The grids follow from the first price alone, because a grid made for all prices would tell of those to come. Prices
have 8 decimals (fewer above 900,000), a step of the amount is worth less than ten cents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor, log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

from company.errors import UsageError
from company.trading.backtest.timeline import united
from company.trading.exchange import PARTICIPATION, Bar, Instrument, Quote
from company.trading.features import Bars
from company.trading.matching import Side

LEVELS: Final = 5
MIN_NOTIONAL: Final = Decimal(5)

_MOST_DECIMALS = 8
_WHOLE = 2.0**53  # beyond it a float skips integers
_ROOM = 100  # a price may rise this many times before its ticks are too many

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Track:
    """The bars of one symbol on the grid of its instrument.

    Attributes:
        places: Number of each bar among those of all symbols.
        columns: Open, high, low, close in ticks and volume in steps, shape (5, bars).
    """

    instrument: Instrument
    places: Whole
    columns: Whole

    def at(self, place: int) -> int | None:
        """Return which of the symbol's own bars has a number; None when none has."""
        found = int(np.searchsorted(self.places, place))
        return found if found < len(self.places) and self.places[found] == place else None


class Tape:
    """Bars of one or more symbols; implements `company.trading.exchange.Liquidity`.

    Args:
        histories: The bars, one series a symbol, all of one timeframe.
        half_spread: Distance of the best quote from the open, as a fraction of it; at least one tick.

    Raises:
        UsageError: A price is too large for the grid.
    """

    def __init__(self, histories: Sequence[Bars], half_spread: Decimal) -> None:
        self._opens: Whole = united([bars.times for bars in histories])
        self._half_spread = float(half_spread)
        self._tracks = {bars.symbol: self._track(bars) for bars in histories}

    @property
    def instruments(self) -> dict[str, Instrument]:
        """The rules of each symbol."""
        return {symbol: track.instrument for symbol, track in self._tracks.items()}

    def bar_at(self, at: int) -> int:
        """Return the number of the bar in progress at a time in epoch ms; in a hole, that of the bar before it."""
        return int(np.searchsorted(self._opens, at, side="right")) - 1

    def begins(self, bar: int) -> int:
        """Return when a bar opens in epoch ms."""
        return int(self._opens[bar])

    def quotes(self, symbol: str, bar: int) -> Sequence[Quote]:
        """Return what is quoted while a bar is in progress."""
        track = self._tracks[symbol]
        number = track.at(bar)
        return self._drawn(int(track.columns[0, number]), int(track.columns[4, number - 1])) if number else ()

    def around_close(self, symbol: str, number: int) -> list[tuple[Side, Decimal, Decimal]]:
        """Return side, price and amount of the levels around the close of one of the symbol's own bars."""
        track = self._tracks[symbol]
        drawn = self._drawn(int(track.columns[3, number]), int(track.columns[4, number]))
        instrument = track.instrument
        return [(side, instrument.price(price), instrument.amount(amount)) for side, price, amount in drawn]

    def bar(self, symbol: str, bar: int) -> Bar:
        """Return a bar that is over; where the symbol has none, one in which nothing was traded at its last price."""
        track = self._tracks[symbol]
        if (number := track.at(bar)) is not None:
            return Bar(*track.columns[:, number].tolist())
        close = int(track.columns[3, max(int(np.searchsorted(track.places, bar)) - 1, 0)])
        return Bar(close, close, close, close, 0)

    def first_beyond(self, symbol: str, first: int, last: int, low: int | None, high: int | None) -> int | None:
        """Return the first bar in [first, last) that trades below `low` or above `high`; None when none does."""
        track = self._tracks[symbol]
        begin, end = (int(place) for place in np.searchsorted(track.places, (first, last)))
        beyond = np.zeros(end - begin, dtype=bool)
        if low is not None:
            beyond |= track.columns[2, begin:end] < low
        if high is not None:
            beyond |= track.columns[1, begin:end] > high
        return int(track.places[begin + int(beyond.argmax())]) if beyond.any() else None

    def _track(self, bars: Bars) -> Track:
        first, highest = float(bars.opens[0]), float(bars.highs.max())
        digits = min(_MOST_DECIMALS, floor(log10(_WHOLE / _ROOM / first)))
        steps = min(_MOST_DECIMALS, max(0, 2 + floor(log10(first))))
        if digits < 0 or highest * 10.0**digits >= _WHOLE:
            raise UsageError(f"{bars.symbol} from {bars.source} rises from {first:g} to {highest:g}: that fits no grid")
        prices = np.stack([bars.opens, bars.highs, bars.lows, bars.closes])
        volumes = np.minimum(bars.volumes * 10.0**steps, _WHOLE)
        return Track(
            instrument=Instrument(
                bars.symbol,
                tick=Decimal(1).scaleb(-digits),
                step=Decimal(1).scaleb(-steps),
                min_notional=MIN_NOTIONAL,
            ),
            places=np.searchsorted(self._opens, bars.times),
            columns=np.vstack([np.rint(prices * 10.0**digits), np.floor(volumes)]).astype(np.int64),
        )

    def _drawn(self, price: int, volume: int) -> Sequence[Quote]:
        """Return the levels around a price after a bar of a volume."""
        amount, half = volume // PARTICIPATION // LEVELS, max(1, round(price * self._half_spread))
        if not amount:
            return ()
        bids = [Quote("buy", price - half * level, amount) for level in range(1, LEVELS + 1) if price > half * level]
        return bids + [Quote("sell", price + half * level, amount) for level in range(1, LEVELS + 1)]
