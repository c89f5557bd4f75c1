"""A venue as it was heard at one moment: it answers from memory, so nobody who only looks waits for an exchange.

It takes no orders: a picture of the desk cannot trade.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from company.errors import OrderNotFound, VenueError
from company.ports import Json

Candles = Callable[[str, str, int | None], Awaitable[list[list[Any]]]]


@dataclass(frozen=True, slots=True)
class Words:
    """One complete answer of a venue, in ccxt's shapes.

    Attributes:
        at: Company time of the answer.
        markets: By symbol.
        balance: Of the account.
        orders: That are open.
        tickers: By symbol, of the symbols the desk trades.
        trades: By symbol, those that may not be booked yet.
        books: By symbol, of those whose ticker tells no bid and ask.
    """

    at: datetime
    markets: Mapping[str, Json]
    balance: Json
    orders: list[Json]
    tickers: dict[str, Json] = field(default_factory=dict)
    trades: dict[str, list[Json]] = field(default_factory=dict)
    books: dict[str, Json] = field(default_factory=dict)


class Heard:
    """Implements `company.ports.Venue` from one answer; orders are refused.

    Args:
        name: The venue's name.
        words: What it said.
        candles: Gives candles of a symbol and timeframe, the newest so many.
    """

    def __init__(self, name: str, words: Words, candles: Candles) -> None:
        self.id = name
        self._words, self._candles = words, candles

    async def load_markets(self, reload: bool = False) -> Mapping[str, Json]:
        """Return the markets."""
        return self._words.markets

    async def fetch_ticker(self, symbol: str) -> Json:
        """Return a ticker."""
        return self._words.tickers[symbol]

    async def fetch_order_book(self, symbol: str, limit: int | None = None) -> Json:
        """Return the book of a symbol whose ticker tells no bid and ask."""
        return self._words.books[symbol]

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str = "1m", since: int | None = None, limit: int | None = None
    ) -> list[list[Any]]:
        """Return the newest candles."""
        return await self._candles(symbol, timeframe, limit)

    async def fetch_balance(self) -> Json:
        """Return the balances."""
        return self._words.balance

    async def fetch_open_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the open orders of all symbols."""
        return self._words.orders

    async def fetch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the trades of a symbol from `since` on, as far as they were heard."""
        return [trade for trade in self._words.trades.get(symbol or "", []) if trade["timestamp"] >= (since or 0)]

    async def create_order(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse."""
        self._refuse()

    async def cancel_order(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse."""
        self._refuse()

    async def fetch_order(self, *_: Any, **__: Any) -> NoReturn:
        """Find nothing: single orders were not heard."""
        raise OrderNotFound(f"{self.id} is only listened to here: single orders are not heard")

    async def close(self) -> None:
        """Do nothing: the venue belongs to who opened it."""

    def _refuse(self) -> NoReturn:
        raise VenueError(f"{self.id} is only listened to here; orders go through the desk")
