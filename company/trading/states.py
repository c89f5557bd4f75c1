"""The state of a symbol as the market stands: the features of its last closed bar, and what the book tells now."""

from decimal import Decimal

import numpy as np

from company.trading.features import Quoted, frame
from company.trading.markets import BOOK_LEVELS, HISTORY, Markets
from company.trading.signals import State


async def newest_state(markets: Markets, symbol: str, timeframe: str) -> State:
    """Return the last closed bar with its features; spread and imbalance are those of the reference venue's book now.

    Args:
        markets: The venues.
        symbol: Unified name.
        timeframe: Length of a bar.

    Raises:
        ToolError: The symbol has no usable bars.
        VenueError: The venue does not answer.
    """
    bars = await markets.bars(symbol, timeframe, HISTORY)
    book = await markets.order_book(symbol, "", BOOK_LEVELS)
    return State(frame(bars, _quoted(len(bars), book.spread_bps, book.imbalance)), len(bars) - 1)


def _quoted(bars: int, spread_bps: Decimal, imbalance: Decimal) -> Quoted:
    """Return what the book tells, at the last of some bars."""
    spreads, imbalances = np.full(bars, np.nan), np.full(bars, np.nan)
    spreads[-1], imbalances[-1] = float(spread_bps), float(imbalance)
    return Quoted(spread_bps=spreads, imbalance=imbalances)
