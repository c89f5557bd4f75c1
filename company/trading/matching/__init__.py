"""A price-time priority order book: the one matching core of paper trading and backtests.

It is pure and synchronous: no clock, no fees, no accounts, no owners. Whoever uses it gives each order a unique id and
settles the fills. `Book` takes and gives exact Decimals on the venue's grid; an order that leaves the grid is refused,
never rounded. Inside, and for liquidity that is counted in ticks and steps already, a `Ladder` works on whole numbers.
"""

from company.trading.matching.book import Book, Depth, Execution, Fill, Order, TimeInForce
from company.trading.matching.instrument import Instrument, Refused, Rule
from company.trading.matching.ladder import Ladder, Match, Side

__all__ = [
    "Book",
    "Depth",
    "Execution",
    "Fill",
    "Instrument",
    "Ladder",
    "Match",
    "Order",
    "Refused",
    "Rule",
    "Side",
    "TimeInForce",
]
