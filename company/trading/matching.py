"""A price-time priority order book: the one matching core of paper trading and backtests.

It is pure and synchronous: no clock, no fees, no accounts, no owners. Whoever uses it gives each order a unique id and
settles the fills. Prices and quantities are exact Decimals on the venue's grid; an order that leaves the grid is
refused, never rounded.

`submit` is for orders that arrive: they are held to the filters and may trade. `rest` puts a quote into the book
without trading, for liquidity from elsewhere and for orders that come back after a restart.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Final, Literal

from company.errors import InvalidOrder, OrderNotFound

Side = Literal["buy", "sell"]
TimeInForce = Literal["GTC", "IOC", "FOK"]

_LARGEST: Final = Decimal(10) ** 12  # keeps every product within the 28 digits of a Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """An order that arrives at the book.

    Attributes:
        id: Unique among the orders in the book.
        side: `buy` or `sell`.
        quantity: In the base currency, a positive multiple of the step.
        price: Worst price accepted, a positive multiple of the tick; None takes any price (a market order).
        time_in_force: `GTC` rests what did not trade, `IOC` drops it, `FOK` trades all or nothing. What a market order
            could not trade never rests.
        post_only: Refuse the order rather than let it take liquidity.
    """

    id: str
    side: Side
    quantity: Decimal
    price: Decimal | None = None
    time_in_force: TimeInForce = "GTC"
    post_only: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade between two orders, at the price of the one that rested.

    Attributes:
        maker: Id of the order that rested.
        taker: Id of the order that arrived.
        side: Side of the taker.
        price: In the quote currency.
        quantity: In the base currency.
    """

    maker: str
    taker: str
    side: Side
    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Execution:
    """What became of an order on arrival.

    Attributes:
        fills: Its trades, best price first.
        filled: Quantity that traded.
        resting: Quantity that now rests in the book.
        dropped: Quantity that neither traded nor rests.
    """

    fills: tuple[Fill, ...]
    filled: Decimal
    resting: Decimal
    dropped: Decimal


@dataclass(frozen=True, slots=True)
class Depth:
    """Aggregated quantities as (price, quantity), the best price first."""

    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


@dataclass(slots=True)
class _Level:
    """All orders at one price; the mapping keeps their order of arrival."""

    quantity: Decimal = Decimal(0)
    orders: dict[str, Decimal] = field(default_factory=dict)


class _Half:
    """One side of the book: its levels and their prices in ascending order."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._prices: list[Decimal] = []
        self._levels: dict[Decimal, _Level] = {}

    @property
    def best(self) -> Decimal | None:
        if not self._prices:
            return None
        return self._prices[-1] if self.side == "buy" else self._prices[0]

    def meets(self, limit: Decimal | None) -> bool:
        """True when an order of the other side with this limit would trade with the best level."""
        if self.best is None or limit is None:
            return self.best is not None
        return limit <= self.best if self.side == "buy" else limit >= self.best

    def levels(self) -> Iterator[tuple[Decimal, _Level]]:
        for price in reversed(self._prices) if self.side == "buy" else self._prices:
            yield price, self._levels[price]

    def add(self, id: str, price: Decimal, quantity: Decimal) -> None:
        level = self._levels.get(price)
        if level is None:
            level = self._levels[price] = _Level()
            insort(self._prices, price)
        level.orders[id] = quantity
        level.quantity += quantity

    def reduce(self, id: str, price: Decimal, quantity: Decimal) -> None:
        level = self._levels[price]
        level.quantity -= quantity
        level.orders[id] -= quantity
        if not level.orders[id]:
            del level.orders[id]
        if not level.orders:
            del self._levels[price]
            del self._prices[bisect_left(self._prices, price)]

    def first(self) -> tuple[str, Decimal]:
        """Return id and quantity of the oldest order at the best price."""
        assert self.best is not None
        return next(iter(self._levels[self.best].orders.items()))

    def available(self, limit: Decimal | None, wanted: Decimal) -> Decimal:
        """Return how much an order with this limit could trade, up to `wanted`."""
        found = Decimal(0)
        for price, level in self.levels():
            beyond = limit is not None and (price < limit if self.side == "buy" else price > limit)
            if beyond or found >= wanted:
                break
            found += level.quantity
        return min(found, wanted)

    def remaining(self, id: str, price: Decimal) -> Decimal:
        return self._levels[price].orders[id]


class Book:
    """The orders of one symbol.

    Args:
        symbol: Named in errors.
        tick: Grid of prices.
        step: Grid of quantities.
        min_notional: Least price x quantity of an arriving order, in the quote currency.
    """

    def __init__(self, symbol: str, *, tick: Decimal, step: Decimal, min_notional: Decimal) -> None:
        self.symbol, self.tick, self.step, self.min_notional = symbol, tick, step, min_notional
        self._bids, self._asks = _Half("buy"), _Half("sell")
        self._where: dict[str, tuple[_Half, Decimal]] = {}

    @property
    def best_bid(self) -> Decimal | None:
        """The highest price somebody pays; None when nobody does."""
        return self._bids.best

    @property
    def best_ask(self) -> Decimal | None:
        """The lowest price somebody asks; None when nobody does."""
        return self._asks.best

    def depth(self, limit: int | None = None) -> Depth:
        """Return the best `limit` levels of each side, or all."""
        bids, asks = (
            tuple((price, level.quantity) for price, level in islice(half.levels(), limit))
            for half in (self._bids, self._asks)
        )
        return Depth(bids=bids, asks=asks)

    def crosses(self, side: Side, price: Decimal) -> bool:
        """True when an order with this limit would trade at once."""
        return self._against(side).meets(price)

    def remaining(self, id: str) -> Decimal:
        """Return how much of an order still rests; 0 when it does not rest."""
        if id not in self._where:
            return Decimal(0)
        half, price = self._where[id]
        return half.remaining(id, price)

    def submit(self, order: Order) -> Execution:
        """Match an arriving order and rest what its time in force allows.

        Raises:
            InvalidOrder: It breaks a filter of the book, its id rests already, or it is post-only and would take. The
                book is unchanged.
        """
        self._check(order)
        against = self._against(order.side)
        if order.post_only and against.meets(order.price):
            raise InvalidOrder(
                f"post-only {order.side} of {self.symbol} at {order.price} would take the other side at {against.best}:"
                " choose a price behind it"
            )
        if order.time_in_force == "FOK" and against.available(order.price, order.quantity) < order.quantity:
            return Execution(fills=(), filled=Decimal(0), resting=Decimal(0), dropped=order.quantity)
        fills = tuple(self._match(order, against))
        filled = sum((fill.quantity for fill in fills), Decimal(0))
        left = order.quantity - filled
        if not left or order.price is None or order.time_in_force != "GTC":
            return Execution(fills=fills, filled=filled, resting=Decimal(0), dropped=left)
        self._add(order.id, order.side, left, order.price)
        return Execution(fills=fills, filled=filled, resting=left, dropped=Decimal(0))

    def rest(self, id: str, side: Side, quantity: Decimal, price: Decimal) -> None:
        """Put a quote behind those at its price, without trading and without the least notional.

        Raises:
            InvalidOrder: It would trade, leaves the grid, or its id rests already. The book is unchanged.
        """
        self._check_new(id)
        self._check_grid("amount", quantity, self.step, "step")
        self._check_grid("price", price, self.tick, "tick")
        if self.crosses(side, price):
            raise InvalidOrder(f"{side} {id!r} of {self.symbol} at {price} would cross the book: submit it instead")
        self._add(id, side, quantity, price)

    def cancel(self, id: str) -> Decimal:
        """Take an order out of the book and return the quantity that rested.

        Raises:
            OrderNotFound: It does not rest in this book.
        """
        quantity = self.remaining(id)
        if not quantity:
            raise OrderNotFound(f"order {id!r} does not rest in the book of {self.symbol}")
        half, price = self._where.pop(id)
        half.reduce(id, price, quantity)
        return quantity

    def _against(self, side: Side) -> _Half:
        return self._asks if side == "buy" else self._bids

    def _add(self, id: str, side: Side, quantity: Decimal, price: Decimal) -> None:
        half = self._bids if side == "buy" else self._asks
        half.add(id, price, quantity)
        self._where[id] = (half, price)

    def _match(self, order: Order, against: _Half) -> Iterator[Fill]:
        left = order.quantity
        while left and against.meets(order.price):
            price = against.best
            assert price is not None
            maker, offered = against.first()
            traded = min(left, offered)
            against.reduce(maker, price, traded)
            if traded == offered:
                del self._where[maker]
            left -= traded
            yield Fill(maker=maker, taker=order.id, side=order.side, price=price, quantity=traded)

    def _check(self, order: Order) -> None:
        self._check_new(order.id)
        self._check_grid("amount", order.quantity, self.step, "step")
        if order.price is not None:
            self._check_grid("price", order.price, self.tick, "tick")
        if order.post_only and (order.price is None or order.time_in_force != "GTC"):
            raise InvalidOrder(f"a post-only order of {self.symbol} must be able to rest: give it a price and GTC")
        price = order.price if order.price is not None else self._against(order.side).best
        if price is not None and price * order.quantity < self.min_notional:
            raise InvalidOrder(
                f"{order.quantity} {self.symbol} at {price} is worth {price * order.quantity}, less than the minimum"
                f" notional {self.min_notional}: order more"
            )

    def _check_new(self, id: str) -> None:
        if id in self._where:
            raise InvalidOrder(
                f"order id {id!r} rests in the book of {self.symbol} already: give each order its own id"
            )

    def _check_grid(self, what: str, value: Decimal, grid: Decimal, name: str) -> None:
        if not value.is_finite() or not 0 < value <= _LARGEST or value % grid:
            raise InvalidOrder(
                f"{what} {value} of {self.symbol} is not a multiple of the {name} {grid}, from {grid} to {_LARGEST:f}"
            )
