"""The records of all accounts of an exchange: who there is, which orders are open, and every change, numbered.

The open orders are kept in memory between calls, because each arriving order needs all of them. They are in line with
the books as long as the newest change in the books is the one seen last; when another process changed something, what
it changed is read again, and after a rollback everything is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from company.errors import VenueError
from company.ports import Books, Json
from company.trading.exchange.account import OWN, Account, Fills
from company.trading.exchange.orders import Change, Order, Role, What
from company.trading.ledger import Ledger
from company.trading.matching import Instrument

_NEAR: Final = 100  # changes of others that are read one by one; after more, all open orders are read
_Newest = list[tuple[str, Json]]


class Open(NamedTuple):
    """An open order with its owner.

    Attributes:
        account: Whose it is.
        order: The order.
        price: In ticks: its trigger while it waits, then its limit.
        left: In steps, what has not traded.
    """

    account: str
    order: Order
    price: int
    left: int


class Records:
    """Accounts, open orders and changes of one exchange.

    Args:
        exchange: Its id; prefixes all kinds in the books.
        listed: What is traded, by symbol.
        books: Where everything is kept.
        rates: Fraction of the cost that a maker and that a taker pays.

    Attributes:
        ledger: The exchange's double-entry ledger.
        version: Grows whenever an open order may be another one than before.
    """

    def __init__(
        self, exchange: str, listed: Mapping[str, Instrument], books: Books, rates: Mapping[Role, Decimal]
    ) -> None:
        self.ledger = Ledger(books, f"{exchange}.ledger")
        self.version = 0
        self._exchange, self._listed, self._books, self._rates = exchange, listed, books, rates
        self._accounts, self._changes = f"{exchange}.account", f"{exchange}.change"
        self._known: dict[str, Account] = {}
        self._opened: set[str] = set()  # seen open, and nothing was rolled back since
        self._open: dict[str, dict[str, Open]] = {}
        self._seen: _Newest | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make the calls inside one atomic change, which begins with what the books hold now."""
        try:
            with self._books.transaction():
                self.refresh()
                yield
        except BaseException:
            self._seen = None
            self._opened.clear()
            raise

    def refresh(self) -> None:
        """Bring the open orders in line with the books."""
        newest = self._books.newest(self._changes, 1)
        if newest == self._seen:
            return
        if not (self._seen and newest and self._follow(self._seen[0], int(newest[0][0]))):
            self._load()
        self._seen = newest

    def account(self, name: str) -> Account:
        """Return the account of a name, open or not."""
        if name not in self._known:
            self._known[name] = Account(self._exchange, name, self._books, self.ledger, self._rates)
        return self._known[name]

    def opened(self, name: str) -> Account:
        """Return an open account.

        Raises:
            VenueError: There is none of this name.
        """
        account = self.account(name)
        if not self._is_open(account):
            raise VenueError(f"{self._exchange} has no account {name!r}: open it first")
        return account

    def names(self) -> list[str]:
        """Return the names of all accounts but the exchange's own, the oldest first."""
        return [name for name, _ in self._books.items(self._accounts)]

    def open(self, name: str, balances: Mapping[str, Decimal], at: datetime) -> None:
        """Open an account once for ever; one that is open stays as it is."""
        account = self.account(name)
        if self._is_open(account):
            return
        with self._books.transaction():
            if not account.is_open:  # asked again: another process may have been first
                account.open(balances, at)
                if name != OWN:
                    self._books.put(self._accounts, name, {"opened": at})

    def open_orders(self, symbol: str) -> list[Open]:
        """Return the open orders of a symbol in order of their turn."""
        return list(self._open.get(symbol, {}).values())

    def open_orders_of(self, name: str) -> list[Order]:
        """Return the open orders of an account, the oldest first.

        Raises:
            VenueError: There is none of this name.
        """
        self.opened(name)
        found = [one.order for orders in self._open.values() for one in orders.values() if one.account == name]
        return sorted(found, key=_number)

    def symbols(self) -> list[str]:
        """Return the symbols with open orders."""
        return [symbol for symbol, orders in self._open.items() if orders]

    def owner(self, symbol: str, id: str) -> Open | None:
        """Return an open order with its owner; None when it is not an account's."""
        return self._open.get(symbol, {}).get(id)

    def change(
        self, name: str, before: Order | None, order: Order, what: What, fills: Fills, role: Role, at: datetime
    ) -> Order:
        """Apply a change to an order, number it, and return the order as it is then.

        Args:
            name: Whose order it is.
            before: The order as it was; None when it is new.
            order: As it shall be but for its fills.
            what: What happens to it.
            fills: Id, price and amount of each trade, the oldest first.
            role: Whether the order rested or arrived.
            at: When.

        Raises:
            InsufficientFunds: The account cannot pay the fills and hold what stays open.
        """
        number = self._books.next_number(self._changes)
        turn = number if what in {"placed", "triggered"} else order.turn
        after = self.account(name).change(before, order, turn, fills, role, at)
        document = {
            "account": name,
            "order": after.id,
            "symbol": after.symbol,
            "what": what,
            "trades": [fill[0] for fill in fills],
            "status": after.status,
            "at": int(at.timestamp() * 1000),
        }
        self._books.put(self._changes, str(number), document)
        self._note(name, after, moved=what == "triggered")
        self._seen = [(str(number), document)]
        return after

    def last_change(self) -> int:
        """Return the number of the newest change; 0 when there was none."""
        newest = self._books.newest(self._changes, 1)
        return int(newest[0][0]) if newest else 0

    def changes(self, after: int, limit: int) -> list[Change]:
        """Return up to `limit` changes that follow number `after`, the oldest first."""
        found: list[Change] = []
        while len(found) < limit and (row := self._books.get(self._changes, str(after + 1))):
            after += 1
            found.append(Change.model_validate({"number": after, **row}))
        return found

    def _follow(self, seen: tuple[str, Json], newest: int) -> bool:
        """Read the orders of the changes since `seen` again; False when it is far away or no longer in the books."""
        number, document = seen
        if not 0 <= newest - int(number) <= _NEAR or self._books.get(self._changes, number) != document:
            return False
        for change in self.changes(int(number), newest - int(number)):
            self._note(
                change.account, self.account(change.account).find(change.order), moved=change.what == "triggered"
            )
        return True

    def _is_open(self, account: Account) -> bool:
        if account.name not in self._opened and account.is_open:
            self._opened.add(account.name)
        return account.name in self._opened

    def _load(self) -> None:
        self._opened.clear()
        self.version += 1
        accounts = [self.account(name) for name in (OWN, *self.names())]
        found = [self._as_open(account.name, order) for account in accounts for order in account.open_orders()]
        self._open = {}
        for one in sorted(found, key=_turn):
            self._open.setdefault(one.order.symbol, {})[one.order.id] = one

    def _note(self, name: str, order: Order, *, moved: bool) -> None:
        self.version += 1
        orders = self._open.setdefault(order.symbol, {})
        if moved or order.status != "open":
            orders.pop(order.id, None)
        if order.status == "open":
            orders[order.id] = self._as_open(name, order)

    def _as_open(self, name: str, order: Order) -> Open:
        instrument, price = self._listed[order.symbol], order.trigger if order.waits else order.price
        assert price is not None
        return Open(name, order, int(price / instrument.tick), int(order.remaining / instrument.step))


def _turn(one: Open) -> tuple[int, int]:
    """Orders of before changes were numbered have turn 0: their ids tell who was first."""
    return one.order.turn, _number(one.order)


def _number(order: Order) -> int:
    return int(order.id[1:])
