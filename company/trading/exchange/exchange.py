"""The exchange: accounts that place, cancel and replace orders on the books of its symbols.

It refuses what a real one would: a repeated client order id (for ever), an order off the grid, funds that are not
there, and an order that would trade with one of the same account. Orders of different accounts trade with each other.
Each change is one transaction of the books, so a process that is killed leaves a whole order or none.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from company.errors import BadSymbol, OrderNotFound
from company.ports import Books
from company.trading.exchange.account import OWN, Account
from company.trading.exchange.arrival import Arrivals
from company.trading.exchange.floor import Floor
from company.trading.exchange.liquidity import Liquidity
from company.trading.exchange.orders import Change, Order, Request
from company.trading.exchange.passing import Passing
from company.trading.exchange.records import Records
from company.trading.exchange.rules import check_grid, check_shape, check_waiting
from company.trading.ledger import Ledger
from company.trading.matching import Book, Depth, Instrument, Refused


class Exchange:
    """One exchange.

    Args:
        id: Its name; prefixes its records in the books.
        books: Where everything is kept.
        listed: What is traded, by symbol.
        liquidity: Who trades besides the accounts.
        maker_fee: Fraction of the cost a resting order pays, in the quote currency.
        taker_fee: Fraction of the cost an arriving order pays.
        numbers: Kind under which orders are numbered; exchanges that share it never give an order id twice.
    """

    def __init__(
        self,
        id: str,
        books: Books,
        listed: Mapping[str, Instrument],
        liquidity: Liquidity,
        *,
        maker_fee: Decimal,
        taker_fee: Decimal,
        numbers: str = "exchange.order",
    ) -> None:
        self.id, self.listed, self.liquidity = id, listed, liquidity
        self.maker_fee, self.taker_fee = maker_fee, taker_fee
        self._books, self._numbers = books, numbers
        self._records = Records(id, listed, books, {"maker": maker_fee, "taker": taker_fee})
        self._floor = Floor(id, listed, liquidity, books, self._records)
        self._arrivals = Arrivals(id, books, self._records, self._floor)
        self._passing = Passing(id, listed, liquidity, books, self._records, self._arrivals)

    @property
    def ledger(self) -> Ledger:
        """The double-entry ledger of all accounts; every asset in it sums to zero."""
        return self._records.ledger

    def open(self, name: str, balances: Mapping[str, Decimal], at: datetime) -> None:
        """Open an account with these balances, once for ever; one that is open stays as it is."""
        self._records.open(name, balances, at)

    def account(self, name: str = OWN) -> Account:
        """Return an account, to read its orders, trades and balances.

        Raises:
            VenueError: There is none of this name.
        """
        return self._records.opened(name)

    def open_orders(self, name: str, at: datetime) -> list[Order]:
        """Return the open orders of an account, the oldest first; bars that are over pass first.

        Raises:
            VenueError: There is no such account.
        """
        self.settle(at)
        return self._records.open_orders_of(name)

    def accounts(self) -> list[str]:
        """Return the names of the accounts, the exchange's own first."""
        own = [OWN] if self._records.account(OWN).is_open else []
        return [*own, *self._records.names()]

    def bar_at(self, at: datetime) -> int:
        """Return the number of the bar in progress."""
        return self.liquidity.bar_at(_ms(at))

    def check_listed(self, symbol: str) -> Instrument:
        """Return what is traded under a symbol.

        Raises:
            BadSymbol: It is not listed.
        """
        if symbol not in self.listed:
            raise BadSymbol(f"symbol {symbol!r} is not listed: choose one of {', '.join(self.listed)}")
        return self.listed[symbol]

    def settle(self, at: datetime) -> None:
        """Let the bars that are over by `at` pass; calling it again changes nothing."""
        until = self.bar_at(at)
        self._records.refresh()
        if self._passing.is_due(until):
            with self._records.writing():
                self._passing.settle(until)

    def depth(self, symbol: str, at: datetime, limit: int | None = None) -> Depth:
        """Return the visible book, the best `limit` levels of each side or all; bars that are over pass first.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        self.check_listed(symbol)
        self.settle(at)
        return self._floor.depth(symbol, self.bar_at(at), limit)

    def place(self, name: str, request: Request, at: datetime) -> Order:
        """Place an order for an account and return it with what it traded at once.

        What an IOC order, a market order or an unfillable FOK order could not trade ends it as `canceled`. A market
        order by cost trades the largest amount on the step grid that the visible book gives for it.

        Raises:
            VenueError: There is no such account.
            BadSymbol: The symbol is not listed.
            Refused: The order breaks a rule, which is named.
            DuplicateOrder: The client order id was used before.
            InsufficientFunds: The account does not hold what the order needs.
        """
        with self._records.writing():
            return self._place(name, request, at)

    def cancel(self, name: str, id: str, at: datetime) -> Order:
        """Cancel an open order and return it.

        Raises:
            OrderNotFound: The account has no such order, or it is not open.
        """
        with self._records.writing():
            return self._cancel(name, id, at)

    def cancel_all(self, name: str, at: datetime, symbol: str | None = None) -> list[Order]:
        """Cancel all open orders of an account, or those of one symbol, and return them, the oldest first."""
        with self._records.writing():
            found = [order for order in self._records.open_orders_of(name) if symbol in {None, order.symbol}]
            return [self._arrivals.cancel(name, order, at) for order in found]

    def replace(self, name: str, id: str, request: Request, at: datetime) -> Order:
        """Cancel an order and place another, both or neither, and return the new one.

        When the old order cannot be canceled the new one is not tried (STOP_ON_FAILURE); when the new one is refused
        the old one stands, with its place in the queue. The new one asks for its own amount, whatever the old one
        traded, and queues behind those at its price.

        Raises:
            OrderNotFound: The account has no such order, or it is not open.
            VenueError: The new order is refused; see `place`.
        """
        with self._records.writing():
            self._cancel(name, id, at)
            return self._place(name, request, at)

    def last_change(self) -> int:
        """Return the number of the newest change; 0 when there was none."""
        return self._records.last_change()

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """Return up to `limit` changes of all accounts that follow number `after`, the oldest first."""
        return self._records.changes(after, limit)

    def _place(self, name: str, request: Request, at: datetime) -> Order:
        account, instrument = self._records.opened(name), self.check_listed(request.symbol)
        check_shape(request)
        check_grid(request, instrument)
        if request.client_id is not None:
            account.check_new(request.client_id)
        bar = self.bar_at(at)
        if request.trigger is not None:
            order = self._order(request, request.amount, at)
            check_waiting(order, instrument, self.liquidity.quotes(request.symbol, bar))
            return self._arrivals.wait(name, order, at)
        book = self._floor.book(request.symbol, bar, request.side)
        amount = request.amount if request.cost is None else _amount(book, request, request.cost)
        return self._arrivals.place(name, self._order(request, amount, at), book, bar, at)

    def _cancel(self, name: str, id: str, at: datetime) -> Order:
        order = self._records.opened(name).find(id)
        if order.status != "open":
            raise OrderNotFound(f"order {id!r} on {self.id} is {order.status!r}: only open orders can be canceled")
        return self._arrivals.cancel(name, order, at)

    def _order(self, request: Request, amount: Decimal | None, at: datetime) -> Order:
        assert amount is not None
        return Order(
            id=f"O{self._books.next_number(self._numbers)}",
            client_id=request.client_id,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            price=request.price,
            amount=amount,
            time_in_force=request.time_in_force,
            post_only=request.post_only,
            created=_ms(at),
            cost_asked=request.cost,
            trigger=request.trigger,
            when=request.when,
        )


def _amount(book: Book, request: Request, cost: Decimal) -> Decimal:
    """Return how much a market order can buy or sell for a cost."""
    instrument = book.instrument
    steps = book.ladder.affordable(request.side, int(cost / (instrument.tick * instrument.step)))
    if not steps:
        raise Refused(
            f"cost {cost} of {instrument.symbol} does not reach for one step of {instrument.step} in the book: give"
            " more, or wait for somebody to trade with",
            rule="notional",
        )
    return instrument.amount(steps)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
