"""What the world brings to a paper venue: quotes around its mid, and the flow of its minutes."""

from collections.abc import Sequence

from company.trading.exchange import Bar, Quote
from company.world.market import ms_of
from company.world.paths import DAY
from company.world.quotes import Quotes

_MINUTE = 60_000


class PaperLiquidity:
    """Implements `company.trading.exchange.Liquidity`; a bar is a minute, counted from `EPOCH`.

    Args:
        quotes: The venue's view of the market.
    """

    def __init__(self, quotes: Quotes) -> None:
        self._quotes = quotes
        self.first_beyond = quotes.first_beyond

    def bar_at(self, at: int) -> int:
        """Return the number of the minute that holds a time in epoch ms.

        Raises:
            ValueError: The time lies before the world's beginning.
        """
        if at < ms_of(0):
            raise ValueError(f"the market has no price at {at} ms: ask for a time since {ms_of(0)} ms")
        return (at - ms_of(0)) // _MINUTE

    def begins(self, bar: int) -> int:
        """Return when a minute begins, in epoch ms."""
        return ms_of(bar)

    def quotes(self, symbol: str, bar: int) -> Sequence[Quote]:
        """Return what the world quotes in a minute: bids, then asks, the best first."""
        return self._quotes.shown(symbol, bar)

    def bar(self, symbol: str, bar: int) -> Bar:
        """Return a minute that is over."""
        candles, place = self._quotes.day(symbol, bar // DAY), bar % DAY
        return Bar(*(int(side[place]) for side in candles.sides()))
