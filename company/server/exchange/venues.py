"""A venue as the door serves it: its market for everybody, its accounts, its numbered books.

Market time is that of the home's world. With virtual time the world stands still until some process moves it, so each
look begins with catching up.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from company.ports import Books, Json
from company.server.exchange import errors, shapes
from company.server.exchange.commits import at_once
from company.server.exchange.ladders import Ladder
from company.trading.exchange import Account, Balance, Exchange, Order, Request, Trade
from company.world import OPENING, PaperVenue, PaperWorld

LETTERS: Final = {"a": "paper-a", "b": "paper-b", "c": "paper-c"}
"""The venues by the letter in their path."""

_MOST_TRADES: Final = 50_000
"""How far back trades are looked for by their id; by time they are all found."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A book as it is now, and the number of its newest update."""

    number: int
    bids: Sequence[tuple[Decimal, Decimal]]
    asks: Sequence[tuple[Decimal, Decimal]]


class Served:
    """One venue.

    Args:
        venue: The paper venue; only its market is asked for.
        world: The world it belongs to.
        books: Where the world is kept.
        first: Number of the first update of each book.
    """

    def __init__(self, venue: PaperVenue, world: PaperWorld, books: Books, first: int) -> None:
        self.market, self._world, self._books = venue, world, books
        self.exchange: Exchange = venue.exchange
        self.markets: Mapping[str, Json] = at_once(venue.load_markets())
        self.symbols: Mapping[str, str] = {market["id"]: symbol for symbol, market in self.markets.items()}
        self.ladders = {symbol: Ladder(first) for symbol in self.markets}
        self._admitted: set[str] = set()
        self._room: dict[tuple[str, str, bool], int] = {}

    @property
    def at(self) -> datetime:
        """Market time."""
        return self._world.clock.now()

    @property
    def now(self) -> int:
        """Market time in epoch milliseconds."""
        return int(self.at.timestamp() * 1000)

    @property
    def maker_fee(self) -> Decimal:
        """What a resting order pays."""
        return self.exchange.maker_fee

    @property
    def taker_fee(self) -> Decimal:
        """What an arriving order pays."""
        return self.exchange.taker_fee

    def symbol(self, id: str) -> str:
        """Return `BTC/USDT` for `BTCUSDT`.

        Raises:
            Refused: -1121, it is not listed.
        """
        symbol = self.symbols.get(id)
        if symbol is None:
            raise errors.bad_symbol()
        return symbol

    def admit(self, account: str) -> None:
        """Open an account that is new here; a public request has none.

        It is committed by itself, so that it stays open when what it asks first is refused.
        """
        if account and account not in self._admitted:
            self.exchange.open(account, OPENING, self.present())
            self._admitted.add(account)

    def present(self) -> datetime:
        """Catch up with the world, and return market time."""
        self._world.catch_up()
        return self.at

    def settle(self, at: datetime) -> None:
        """Let the minutes pass that are over."""
        self.exchange.settle(at)

    def transaction(self) -> AbstractContextManager[None]:
        """Make what is done inside one atomic change."""
        return self._books.transaction()

    def book(self, symbol: str) -> Shown:
        """Return the book."""
        depth = self.exchange.depth(symbol, self.at)
        number = self.ladders[symbol].show(depth.bids, depth.asks)
        return Shown(number, depth.bids, depth.asks)

    async def trades_from(self, symbol: str, first: int) -> list[Json]:
        """Return the market's trades with this id or a higher one, the oldest first.

        Raises:
            Refused: -1130, they would be too many.
        """
        newest = await self.market.fetch_trades(symbol, None, 1)
        wanted = int(newest[-1]["id"]) - first + 1 if newest else 0
        if wanted > _MOST_TRADES:
            raise errors.bad_data("fromId")
        rows = await self.market.fetch_trades(symbol, None, wanted) if wanted > 0 else []
        return [row for row in rows if int(row["id"]) >= first]

    def place(self, account: str, request: Request, at: datetime) -> Order:
        """Place an order."""
        return self.exchange.place(account, request, at)

    def cancel(self, account: str, order: Order, at: datetime) -> Order:
        """Cancel an open order."""
        return self.exchange.cancel(account, order.id, at)

    def find(self, account: str, number: int | None, client_id: str | None) -> Order:
        """Return an order by its number, or else by its client order id.

        Raises:
            OrderNotFound: The account has none.
        """
        return self.account(account).find(None if number is None else f"O{number}", client_id)

    def orders(self, account: str) -> Iterator[Order]:
        """Return all orders of an account, the oldest first."""
        return self.account(account).orders()

    def open_orders(self, account: str) -> list[Order]:
        """Return the open orders of an account, the oldest first."""
        return self.account(account).open_orders()

    def trades(self, account: str) -> Iterator[Trade]:
        """Return all fills of an account, the oldest first."""
        return self.account(account).trades()

    def trades_of(self, account: str, order: Order) -> list[Trade]:
        """Return the fills of one order, the oldest first."""
        return self.account(account).trades_of(order)

    def balances(self, account: str) -> dict[str, Balance]:
        """Return what an account has by asset."""
        return self.account(account).balances()

    def account(self, name: str) -> Account:
        """Return an account's records."""
        return self.exchange.account(name)

    def make_room(self, account: str, request: Request) -> None:
        """Pass an order for which the account has not too many open ones.

        They are counted again only after as many orders as would fit, for no order adds more than one.

        Raises:
            Refused: It has.
        """
        self._take_room(account, request.symbol, shapes.MOST_ORDERS, "MAX_NUM_ORDERS", waiting=False)
        if request.trigger is not None:
            self._take_room(account, request.symbol, shapes.MOST_TRIGGERS, "MAX_NUM_ALGO_ORDERS", waiting=True)

    def _take_room(self, account: str, symbol: str, most: int, name: str, *, waiting: bool) -> None:
        key = (account, symbol, waiting)
        left = self._room.get(key, 0)
        if not left:
            found = (order for order in self.open_orders(account) if order.symbol == symbol)
            left = most - sum(order.waits or not waiting for order in found)
        if left <= 0:
            raise errors.filtered(name)
        self._room[key] = left - 1
