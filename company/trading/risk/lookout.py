"""What the desk finds out before it buys: past returns of what it holds and wants, and whether the market is unusual.

Both rest on closed bars, so they are made once for each bar and set of symbols. A symbol whose bars cannot be had, or
are too few, is left out of the history: risk counts it as lost when it is held, and refuses it when it is wanted.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from company.errors import ToolError
from company.trading.features import MINIMUM_BARS, Bars, joint_returns, timeframe_seconds
from company.trading.markets import HISTORY, Markets
from company.trading.risk.anomalies import Pulse, anomaly
from company.trading.risk.history import History
from company.trading.risk.limits import RiskLimits
from company.trading.risk.rules import Clamp

TIMEFRAME: Final = "1h"


class Lookout:
    """Reads markets for the rules that need more than the book.

    Args:
        markets: Bars and quotes.
        limits: For the thresholds of anomalies.
    """

    def __init__(self, markets: Markets, limits: RiskLimits) -> None:
        self._markets, self._limits = markets, limits
        self._known: tuple[dict[str, Bars], History] | None = None
        self._pulses: dict[str, tuple[Bars, Pulse]] = {}

    async def history(self, symbols: Iterable[str], wanted: str = "") -> History | None:
        """Return the past of a book, as far as it is known.

        Args:
            symbols: What is in the book.
            wanted: What is to be bought, if anything; nothing is returned without its past.

        Returns:
            A history of all symbols that have enough bars in common, else of `wanted` alone, else None.
        """
        read = {symbol: await self._bars(symbol) for symbol in sorted({*symbols, *filter(None, [wanted])})}
        usable = {symbol: bars for symbol, bars in read.items() if bars is not None and len(bars) > MINIMUM_BARS}
        alone = {wanted: usable[wanted]} if wanted in usable else {}
        for bars in (usable, alone) if alone or not wanted else ():
            if bars and (found := self._joint(bars)) is not None:
                return found
        return None

    async def unusual(self, symbol: str) -> Clamp | None:
        """Return why entries in a symbol shall pause because of what its market does; None when it does nothing odd."""
        bars = await self._bars(symbol)
        if bars is None or len(bars) <= MINIMUM_BARS:
            return None  # `history` refuses it
        quotes = [(quote.bid, quote.ask) for quote in await self._markets.quotes(symbol)]
        return anomaly(self._pulse(bars), quotes, _late(bars, self._markets.clock.now()), self._limits)

    async def _bars(self, symbol: str) -> Bars | None:
        try:
            return await self._markets.bars(symbol, TIMEFRAME, HISTORY)
        except ToolError:
            return None

    def _joint(self, histories: dict[str, Bars]) -> History | None:
        if self._known is None or not _same(self._known[0], histories):
            try:
                found = History(list(histories), joint_returns(histories))
            except ToolError:  # they have too few bars in common
                return None
            self._known = histories, found
        return self._known[1]

    def _pulse(self, bars: Bars) -> Pulse:
        known = self._pulses.get(bars.symbol)
        if known is None or known[0] is not bars:
            known = self._pulses[bars.symbol] = bars, Pulse.of(bars.closes, bars.volumes)
        return known[1]


def _same(one: dict[str, Bars], other: dict[str, Bars]) -> bool:
    """Tell whether these are the very same bars, in the same order."""
    return list(one) == list(other) and all(one[symbol] is other[symbol] for symbol in one)


def _late(bars: Bars, now: datetime) -> int:
    """How many bars should have closed since the last one that is known."""
    length = timeframe_seconds(bars.timeframe) * 1000
    return max(0, int((now.timestamp() * 1000 - bars.closes_at) // length))
