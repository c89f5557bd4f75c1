"""What an exit needs to know while a venue is silent: what the venues that answer hold, and nothing more.

Everything else the desk does asks every venue, because a book that leaves one out is wrong. An exit only makes a
position smaller, so it does not wait for a venue that has nothing to do with it.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from company.ports import Books, decimal_of
from company.trading.accounts import Account, Accounts
from company.trading.answers import answer
from company.trading.markets import Markets, Quote
from company.trading.risk import MARKS, BookState, EquityMarks

_ZERO: Final = Decimal(0)


async def sellable(markets: Markets, books: Books, symbol: str, quotes: Sequence[Quote]) -> tuple[Accounts, BookState]:
    """Read what venues that answer hold of a symbol.

    Nothing is marked, for what everything is worth is not known; the state tells the equity of the last mark.

    Args:
        markets: The venues.
        books: The desk's books.
        symbol: Unified symbol.
        quotes: Of the venues that answer.

    Raises:
        VenueError: One of them does not answer any more.
    """
    rows = [await _held(markets, quote) for quote in quotes]
    raw = books.get(MARKS, "equity")
    marks = EquityMarks.model_validate(raw) if raw else None
    known = (marks.equity, marks.day_equity, marks.drawdown) if marks else (_ZERO, _ZERO, _ZERO)
    accounts = Accounts(markets.quote, tuple(rows), tuple(row.venue for row in rows))
    return accounts, BookState(*known, held={symbol: sum((row.total for row in rows), _ZERO)})


async def _held(markets: Markets, quote: Quote) -> Account:
    name, currency = quote.market.venue, quote.market.base
    balance = await answer(name, markets.venues[name].fetch_balance())
    free, total = (decimal_of((balance.get(kind) or {}).get(currency) or 0) for kind in ("free", "total"))
    return Account(name, currency, free, total, quote.mid)
