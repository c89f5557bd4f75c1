"""Orders that arrive at a book: what they trade, with whom, and what both sides' accounts make of it."""

from datetime import datetime
from decimal import Decimal

from company.ports import Books
from company.trading import matching
from company.trading.exchange.floor import Floor
from company.trading.exchange.orders import Order, Status
from company.trading.exchange.records import Open, Records
from company.trading.matching import Book, Execution, Fill, Instrument, Refused


class Arrivals:
    """Executes orders and settles their trades.

    Args:
        exchange: Id of the exchange.
        books: Where trades are numbered.
        records: The accounts.
        floor: The books of orders.
    """

    def __init__(self, exchange: str, books: Books, records: Records, floor: Floor) -> None:
        self._exchange, self._books, self._records, self._floor = exchange, books, records, floor
        self._trades = f"{exchange}.trade"

    def place(self, name: str, order: Order, book: Book, bar: int, at: datetime) -> Order:
        """Let a new order arrive at a book and return it as it is then.

        Raises:
            Refused: It breaks a filter, is post-only and would take, or would trade with an order of its own account.
            InsufficientFunds: The account cannot pay it.
        """
        execution = book.submit(_arriving(order, book.instrument))
        if own := self._own(name, order.symbol, execution):
            raise Refused(
                f"{order.side} of {order.symbol} on {self._exchange} would trade with the account's own order"
                f" {own.maker!r} at {own.price}: cancel that one first",
                rule="self_trade",
            )
        placed = order.model_copy(update={"status": "canceled"}) if execution.dropped else order
        fills = self._numbered(execution)
        after = self._records.change(name, None, placed, "placed", fills, "taker", at)
        self._settle_makers(order.symbol, bar, execution, fills, at)
        return after

    def wait(self, name: str, order: Order, at: datetime) -> Order:
        """Note a new order that waits for its trigger.

        Raises:
            InsufficientFunds: The account cannot set aside what it may need.
        """
        return self._records.change(name, None, order, "placed", [], "taker", at)

    def wake(self, one: Open, bar: int, at: datetime) -> None:
        """Let an order whose trigger was met arrive at the book of a bar that begins."""
        waiting = self._records.owner(one.order.symbol, one.order.id)
        if waiting is None:  # an order woken just before, of the same account, met it
            return
        name, order = waiting.account, waiting.order
        execution = self._executed(name, order, bar, at)
        woken = order.model_copy(update={"triggered": int(at.timestamp() * 1000), "status": _status(execution)})
        fills = self._numbered(execution)
        self._records.change(name, order, woken, "triggered", fills, "taker", at)
        self._settle_makers(order.symbol, bar, execution, fills, at)

    def fill(self, one: Open, price: Decimal, amount: Decimal, at: datetime) -> None:
        """Let a resting order trade with the world."""
        self._fill_maker(one, (self._next_trade(), price, amount), at)

    def cancel(self, name: str, order: Order, at: datetime) -> Order:
        """Close an open order and release what it held."""
        canceled = order.model_copy(update={"status": "canceled"})
        return self._records.change(name, order, canceled, "canceled", [], "maker", at)

    def _executed(self, name: str, order: Order, bar: int, at: datetime) -> Execution:
        """Execute a woken order, once the account's own orders are out of its way."""
        while True:
            book = self._floor.book(order.symbol, bar, order.side)
            execution = book.execute(_arriving(order, book.instrument))
            own = self._own(name, order.symbol, execution)
            if own is None:
                return execution
            in_the_way = self._records.owner(order.symbol, own.maker)
            assert in_the_way is not None
            self.cancel(name, in_the_way.order, at)

    def _own(self, name: str, symbol: str, execution: Execution) -> Fill | None:
        """Return the first fill with an order of the same account."""
        for fill in execution.fills:
            owner = self._records.owner(symbol, fill.maker)
            if owner is not None and owner.account == name:
                return fill
        return None

    def _settle_makers(
        self, symbol: str, bar: int, execution: Execution, fills: list[tuple[str, Decimal, Decimal]], at: datetime
    ) -> None:
        """Give the other side of each trade to whom it belongs."""
        self._floor.consume(symbol, bar, execution.fills)
        for fill, numbered in zip(execution.fills, fills, strict=True):
            if maker := self._records.owner(symbol, fill.maker):
                self._fill_maker(maker, numbered, at)

    def _fill_maker(self, one: Open, fill: tuple[str, Decimal, Decimal], at: datetime) -> None:
        order = one.order
        self._records.change(one.account, order, order, "filled", [fill], "maker", at)

    def _numbered(self, execution: Execution) -> list[tuple[str, Decimal, Decimal]]:
        return [(self._next_trade(), fill.price, fill.quantity) for fill in execution.fills]

    def _next_trade(self) -> str:
        return f"T{self._books.next_number(self._trades)}"


def _arriving(order: Order, instrument: Instrument) -> matching.Order:
    worst = order.worst
    if order.price is None and worst is not None:
        worst = instrument.price(int(worst / instrument.tick))
    return matching.Order(
        id=order.id,
        side=order.side,
        quantity=order.remaining,
        price=worst,
        time_in_force="IOC" if order.type == "market" and order.time_in_force == "GTC" else order.time_in_force,
        post_only=order.post_only,
    )


def _status(execution: Execution) -> Status:
    return "canceled" if execution.dropped else "open"
