"""Who trades on an exchange besides its accounts: quotes that rest, and the flow of the bars that pass.

An exchange knows the world in bars of equal or unequal length, numbered from zero. All prices and amounts here are
whole ticks and steps of the symbol's `Instrument`.

**No look-ahead.** `quotes` is asked for the bar in progress, and must follow from what is known when that bar begins;
`bar` and `first_beyond` are asked only for bars that are over.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from company.trading.matching import Side

PARTICIPATION: Final = 5
"""A bar's volume over what of it can reach the accounts' resting orders."""


class Quote(NamedTuple):
    """A level of the world's book: what rests at a price while a bar is in progress."""

    side: Side
    price: int
    amount: int


class Bar(NamedTuple):
    """What was traded in a bar that is over."""

    open: int
    high: int
    low: int
    close: int
    volume: int


class Taker(NamedTuple):
    """An order of the world that takes what it finds up to its limit, and never rests."""

    side: Side
    limit: int
    amount: int


class Liquidity(Protocol):
    """The world around an exchange: time in bars, quotes and flow."""

    def bar_at(self, at: int) -> int:
        """Return the number of the bar in progress at a time in epoch ms."""

    def begins(self, bar: int) -> int:
        """Return when a bar begins in epoch ms: the end of the bar before it."""

    def quotes(self, symbol: str, bar: int) -> Sequence[Quote]:
        """Return what the world quotes while a bar is in progress: bids, then asks, the best first, never crossed."""

    def bar(self, symbol: str, bar: int) -> Bar:
        """Return a bar that is over."""

    def first_beyond(self, symbol: str, first: int, last: int, low: int | None, high: int | None) -> int | None:
        """Return the first bar in [first, last) that trades below `low` or above `high`; None when none does."""


def flow(bar: Bar) -> Iterator[Taker]:
    """Yield the takers of a bar: a seller down to just above its low, then a buyer up to just below its high.

    Each brings a fifth of the bar's volume. So **touched is not filled, crossed is**: a resting buy at 100 trades when
    the bar trades below 100, a resting sell when it trades above its price.
    """
    amount = bar.volume // PARTICIPATION
    if amount:
        yield Taker("sell", bar.low + 1, amount)
        yield Taker("buy", bar.high - 1, amount)
