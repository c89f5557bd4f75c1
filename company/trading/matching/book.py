"""The order book of one symbol in Decimals: filters, time in force, and post-only over a `Ladder`.

`submit` is for orders that arrive: they are held to the filters and may trade. `execute` is the same without the
filters, for an order that passed them earlier. `rest` puts a quote into the book without trading, for orders that come
back after a restart.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from company.errors import OrderNotFound
from company.trading.matching.instrument import Instrument, Refused
from company.trading.matching.ladder import Ladder, Side

TimeInForce = Literal["GTC", "IOC", "FOK"]

_NOTHING: Final = Decimal(0)


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


class Fill(NamedTuple):
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


class Execution(NamedTuple):
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


class Depth(NamedTuple):
    """Aggregated quantities as (price, quantity), the best price first."""

    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


class Book:
    """The orders of one symbol.

    Args:
        instrument: Its grid and filters.

    Attributes:
        ladder: What rests, in ticks and steps. Liquidity of the world is put there directly.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.ladder = Ladder()

    @property
    def best_bid(self) -> Decimal | None:
        """The highest price somebody pays; None when nobody does."""
        return self._best("buy")

    @property
    def best_ask(self) -> Decimal | None:
        """The lowest price somebody asks; None when nobody does."""
        return self._best("sell")

    def depth(self, limit: int | None = None) -> Depth:
        """Return the best `limit` levels of each side, or all."""
        price, amount = self.instrument.price, self.instrument.amount
        bids, asks = (
            tuple((price(ticks), amount(steps)) for ticks, steps in self.ladder.levels(side, limit))
            for side in ("buy", "sell")
        )
        return Depth(bids=bids, asks=asks)

    def remaining(self, id: str) -> Decimal:
        """Return how much of an order still rests; 0 when it does not rest."""
        return self.instrument.amount(self.ladder.left(id))

    def submit(self, order: Order) -> Execution:
        """Match an arriving order and rest what its time in force allows.

        Raises:
            Refused: It breaks a filter of the book, its id rests already, or it is post-only and would take. The book
                is unchanged.
        """
        return self._execute(order, *self._checked(order))

    def execute(self, order: Order) -> Execution:
        """Match an order that passed the filters earlier: like `submit`, but it may be worth less by now.

        Raises:
            Refused: It leaves the grid, its id rests already, or it is post-only and would take.
        """
        self._check_new(order.id)
        price = None if order.price is None else self.instrument.ticks(order.price)
        return self._execute(order, self.instrument.steps(order.quantity), price)

    def rest(self, id: str, side: Side, quantity: Decimal, price: Decimal) -> None:
        """Put a quote behind those at its price, without trading and without the least notional.

        Raises:
            Refused: It would trade, leaves the grid, or its id rests already. The book is unchanged.
        """
        self._check_new(id)
        steps, ticks = self.instrument.steps(quantity), self.instrument.ticks(price)
        if self.ladder.crosses(side, ticks):
            raise Refused(
                f"{side} {id!r} of {self.instrument.symbol} at {price} would cross the book: submit it instead",
                rule="post_only",
            )
        self.ladder.rest(id, side, ticks, steps)

    def cancel(self, id: str) -> Decimal:
        """Take an order out of the book and return the quantity that rested.

        Raises:
            OrderNotFound: It does not rest in this book.
        """
        try:
            steps = self.ladder.cancel(id)
        except KeyError:
            symbol = self.instrument.symbol
            raise OrderNotFound(f"order {id!r} does not rest in the book of {symbol}") from None
        return self.instrument.step * steps

    def _execute(self, order: Order, steps: int, limit: int | None) -> Execution:
        side, ladder = order.side, self.ladder
        if order.post_only:
            self._check_maker(order, limit)
        if order.time_in_force == "FOK" and ladder.available(side, steps, limit) < steps:
            return Execution((), _NOTHING, _NOTHING, order.quantity)
        if limit is not None and not ladder.crosses(side, limit):
            return self._leave(order, (), _NOTHING, order.quantity, steps, limit)
        tick, step, left, fills = self.instrument.tick, self.instrument.step, steps, []
        for maker, price, amount in ladder.take(side, steps, limit):
            quantity = order.quantity if amount == steps else step * amount  # written as it was asked for
            fills.append(Fill(maker, order.id, side, tick * price, quantity))
            left -= amount
        if not left:
            return Execution(tuple(fills), order.quantity, _NOTHING, _NOTHING)
        return self._leave(order, tuple(fills), step * (steps - left), step * left, left, limit)

    def _leave(
        self, order: Order, fills: tuple[Fill, ...], filled: Decimal, left: Decimal, steps: int, limit: int | None
    ) -> Execution:
        """Rest or drop what did not trade."""
        if limit is None or order.time_in_force != "GTC":
            return Execution(fills, filled, _NOTHING, left)
        self.ladder.rest(order.id, order.side, limit, steps)
        return Execution(fills, filled, left, _NOTHING)

    def _best(self, side: Side) -> Decimal | None:
        best = self.ladder.best(side)
        return None if best is None else self.instrument.price(best)

    def _checked(self, order: Order) -> tuple[int, int | None]:
        """Return amount in steps and limit in ticks of an order that keeps the filters."""
        instrument, price = self.instrument, order.price
        self._check_new(order.id)
        steps = instrument.steps(order.quantity)
        ticks = None if price is None else instrument.ticks(price)
        if order.post_only and (ticks is None or order.time_in_force != "GTC"):
            raise Refused(
                f"a post-only order of {instrument.symbol} must be able to rest: give it a price and GTC",
                rule="post_only",
            )
        if price is None:
            price = self._best("sell" if order.side == "buy" else "buy")
        if price is not None:
            instrument.check_notional(price, order.quantity)
        return steps, ticks

    def _check_new(self, id: str) -> None:
        if id in self.ladder:
            raise Refused(
                f"order id {id!r} rests in the book of {self.instrument.symbol} already: give each order its own id",
                rule="id",
            )

    def _check_maker(self, order: Order, limit: int | None) -> None:
        if limit is not None and self.ladder.crosses(order.side, limit):
            best = self.best_ask if order.side == "buy" else self.best_bid
            raise Refused(
                f"post-only {order.side} of {self.instrument.symbol} at {order.price} would take the other side at"
                f" {best}: choose a price behind it",
                rule="post_only",
            )
