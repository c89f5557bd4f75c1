"""The trading floor of a paper venue: where the company's orders meet the rest of the world.

The visible book is drawn around the venue's mid of the current minute and put into a `Book` together with the
company's resting orders; a taker walks it. What it takes stays taken until the minute is over.

Resting orders trade with the flow of the minutes that pass: **touched is not filled, crossed is**. A buy at 100 fills
when a minute trades below 100, a sell when it trades above its price, at its own price, as maker, and at most a fifth
of the minute's volume goes to the company. Only minutes that begin after the order was placed count, so no order sees
prices from before it existed.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Final

from company.ports import Books
from company.trading import matching
from company.trading.matching import Book, Fill, Side
from company.world.account import Order
from company.world.listings import LISTINGS, Listing, number_of
from company.world.market import ms_of
from company.world.paths import DAY
from company.world.quotes import Quotes

WORLD: Final = "world:"
"""Begins the ids of orders that are not the company's."""

_PARTICIPATION: Final = 5  # a minute's volume over what of it can reach the company


@dataclass(frozen=True, slots=True)
class Crossing:
    """A resting order that traded with the flow of a minute."""

    minute: int
    symbol: int
    fill: Fill


class Floor:
    """Books and flow of one venue.

    Args:
        venue: Id of the venue.
        quotes: What the venue shows of the market.
        books: Where it is kept what the company took in the current minute.
    """

    def __init__(self, venue: str, quotes: Quotes, books: Books) -> None:
        self._kind, self._quotes, self._books = f"{venue}.taken", quotes, books

    def book(self, listing: Listing, minute: int, orders: Sequence[Order]) -> Book:
        """Return the visible book: resting orders first, then what is left of the world's quotes.

        A quote of the world that would trade with a resting order is left out: that order fills when the minute is
        over.
        """
        book = _new_book(listing, listing.min_notional)
        for order in orders:
            _rest(book, order)
        taken = self._taken(listing.symbol, minute)
        for side, price, amount in self._quotes.shown(listing.symbol, minute):
            left = amount - Decimal(taken.get(str(price), 0))
            if left and not book.crosses(side, price):
                book.rest(f"{WORLD}{price}", side, left, price)
        return book

    def consume(self, symbol: str, minute: int, fills: tuple[Fill, ...]) -> None:
        """Remember what an arriving order took from the book of a minute."""
        if not fills:
            return
        taken = {price: Decimal(amount) for price, amount in self._taken(symbol, minute).items()}
        for fill in fills:
            taken[str(fill.price)] = taken.get(str(fill.price), Decimal(0)) + fill.quantity
        self._books.put(self._kind, symbol, {"minute": minute, "taken": taken})

    def crossings(self, orders: Sequence[Order], first: int, until: int) -> list[Crossing]:
        """Return what the orders trade in the minutes [first, until), in order of time and symbol."""
        by_symbol: dict[str, list[Order]] = {}
        for order in orders:
            by_symbol.setdefault(order.symbol, []).append(order)
        found = chain.from_iterable(self._flow(symbol, some, first, until) for symbol, some in by_symbol.items())
        return sorted(found, key=lambda crossing: (crossing.minute, crossing.symbol))

    def _flow(self, symbol: str, orders: Sequence[Order], first: int, until: int) -> Iterator[Crossing]:
        """Let the minutes' flow trade with one symbol's resting orders, first sellers, then buyers."""
        number, minute = number_of(symbol), first
        listing, waiting = LISTINGS[number], deque(sorted(orders, key=_eligible))
        book = _new_book(listing, Decimal(0))
        while minute < until:
            while waiting and _eligible(waiting[0]) <= minute:
                _rest(book, waiting.popleft())
            stop = min(until, _eligible(waiting[0])) if waiting else until
            crossed = self._quotes.first_crossing(symbol, minute, stop, book.best_bid, book.best_ask)
            minute = stop if crossed is None else crossed + 1
            if crossed is not None:
                for order in self._takers(symbol, listing, crossed):
                    yield from (Crossing(crossed, number, fill) for fill in book.submit(order).fills)

    def _taken(self, symbol: str, minute: int) -> Mapping[str, str]:
        """Return what the company took from the world's quotes in this minute, by price."""
        document = self._books.get(self._kind, symbol)
        return document["taken"] if document and document["minute"] == minute else {}

    def _takers(self, symbol: str, listing: Listing, minute: int) -> Iterator[matching.Order]:
        """Yield the flow of a minute: a seller down to just above its low, a buyer up to just below its high."""
        candles, place = self._quotes.day(symbol, minute // DAY), minute % DAY
        quantity = listing.amount(int(candles.volume[place]) // _PARTICIPATION)
        low, high = listing.price(int(candles.low[place])), listing.price(int(candles.high[place]))
        flow: tuple[tuple[Side, Decimal], ...] = (("sell", low + listing.tick), ("buy", high - listing.tick))
        if quantity:
            yield from (matching.Order(f"{WORLD}{side}", side, quantity, price, "IOC") for side, price in flow)


def _new_book(listing: Listing, min_notional: Decimal) -> Book:
    return Book(listing.symbol, tick=listing.tick, step=listing.step, min_notional=min_notional)


def _rest(book: Book, order: Order) -> None:
    assert order.price is not None
    book.rest(order.id, order.side, order.remaining, order.price)


def _eligible(order: Order) -> int:
    """Return the first minute that begins at or after the order's time."""
    return -(-(order.created - ms_of(0)) // 60_000)
