"""The trading floor: where the accounts' orders meet each other and the rest of the world.

The book of a bar holds the accounts' resting orders first, then what is left of the world's quotes; a taker walks it.
What the accounts take of a quote stays taken until the bar is over. A quote that would trade with a resting order is
left out: that order trades with the flow when the bar is over.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from company.ports import Books
from company.trading.exchange.liquidity import Liquidity, Quote
from company.trading.exchange.records import Records
from company.trading.matching import Book, Depth, Fill, Instrument, Side

WORLD: Final = "world:"
"""Begins the ids of orders that are no account's."""


class Floor:
    """The books of an exchange.

    Args:
        exchange: Its id.
        listed: What is traded, by symbol.
        liquidity: The world's quotes.
        books: Where it is kept what the accounts took in the bar in progress.
        records: The accounts' open orders.
    """

    def __init__(
        self, exchange: str, listed: Mapping[str, Instrument], liquidity: Liquidity, books: Books, records: Records
    ) -> None:
        self._kind, self._listed, self._liquidity = f"{exchange}.taken", listed, liquidity
        self._books, self._records = books, records
        self._seen: dict[str, tuple[tuple[int, int], Book | _Quoted, dict[int | None, Depth]]] = {}

    def depth(self, symbol: str, bar: int, limit: int | None) -> Depth:
        """Return the best `limit` levels of each side of the visible book of a bar, or all."""
        book, depths = self._look(symbol, bar)
        if limit not in depths:
            depths[limit] = book.depth(limit)
        return depths[limit]

    def _look(self, symbol: str, bar: int) -> tuple["Book | _Quoted", dict[int | None, Depth]]:
        """Return what is kept of a book until somebody trades or the bar is over, with its depths by their limit.

        What the accounts took of a bar changes together with an order, so the version of the records covers it.
        """
        now = bar, self._records.version
        kept = self._seen.get(symbol)
        if kept is None or kept[0] != now:
            is_touched = self._records.open_orders(symbol) or self._taken(symbol, bar)
            quoted = _Quoted(self._listed[symbol], self._liquidity.quotes(symbol, bar))
            kept = self._seen[symbol] = now, self.book(symbol, bar) if is_touched else quoted, {}
        return kept[1:]

    def book(self, symbol: str, bar: int, taker: Side | None = None) -> Book:
        """Return the visible book of a bar, to match orders with; of the world, only what a `taker` can meet."""
        instrument = self._listed[symbol]
        book = Book(instrument)
        ladder = book.ladder
        for _, order, price, left in self._records.open_orders(symbol):
            if not order.waits:
                ladder.rest(order.id, order.side, price, left)
        taken = self._taken(symbol, bar)
        for side, price, amount in self._liquidity.quotes(symbol, bar):
            if side == taker:
                continue
            left = amount - taken.get(str(price), 0) if taken else amount
            if left and not ladder.crosses(side, price):
                ladder.rest(f"{WORLD}{price}", side, price, left)
        return book

    def consume(self, symbol: str, bar: int, fills: Iterable[Fill]) -> None:
        """Remember what an order took of the world's quotes."""
        instrument, eaten = self._listed[symbol], [fill for fill in fills if fill.maker.startswith(WORLD)]
        if not eaten:
            return
        taken = dict(self._taken(symbol, bar))
        for fill in eaten:
            price = fill.maker.removeprefix(WORLD)
            taken[price] = taken.get(price, 0) + int(fill.quantity / instrument.step)
        self._books.put(self._kind, symbol, {"bar": bar, "steps": taken})

    def _taken(self, symbol: str, bar: int) -> Mapping[str, int]:
        """Return what the accounts took of the quotes of a bar, by price in ticks."""
        document = self._books.get(self._kind, symbol)
        return document["steps"] if document and document.get("bar") == bar else {}


class _Quoted:
    """A book that no account has an order in or took from: what the world quotes.

    Args:
        instrument: What is traded.
        quotes: Bids, then asks, the best first.
    """

    def __init__(self, instrument: Instrument, quotes: Iterable[Quote]) -> None:
        self._instrument = instrument
        self._sides: dict[Side, dict[int, int]] = {"buy": {}, "sell": {}}
        for side, price, amount in quotes:
            if amount:
                self._sides[side][price] = self._sides[side].get(price, 0) + amount

    def depth(self, limit: int | None = None) -> Depth:
        """Return the best `limit` levels of each side, or all."""
        price, amount = self._instrument.price, self._instrument.amount
        bids, asks = (
            tuple((price(ticks), amount(steps)) for ticks, steps in islice(levels.items(), limit))
            for levels in self._sides.values()
        )
        return Depth(bids=bids, asks=asks)
