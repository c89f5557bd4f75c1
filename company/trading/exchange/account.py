"""One account of an exchange: its orders, trades and money, all of it in the books.

Money lies in accounts of the exchange's double-entry ledger: `available` and `held` (what open orders may need) of
each account, and for the whole exchange `fees` (what it earned) and `world` (who is on the other side of every trade,
and who paid in the opening balances; when two accounts trade, what one gives the world the other takes from it). Fees
are taken in the quote currency and rounded down to 8 decimals, holds are rounded up, so a hold always covers its order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from company.errors import DuplicateOrder, InsufficientFunds, OrderNotFound
from company.ports import Books
from company.trading.exchange.orders import Balance, Order, Role, Trade
from company.trading.ledger import Ledger, Posting

OWN: Final = "company"
"""The account whose records carry no name but the exchange's: the only one of a company that trades alone."""

_CENT: Final = Decimal("1e-8")
_ZERO: Final = Decimal(0)

Fills = Sequence[tuple[str, Decimal, Decimal]]  # id, price, amount
_Move = tuple[str, str, Decimal]  # account of the ledger, asset, amount
_Net = Mapping[tuple[str, str], Decimal]  # amount by account of the ledger and asset


class Account:
    """Orders, trades and balances of one owner at one exchange.

    Args:
        exchange: Id of the exchange; prefixes all kinds in the books.
        name: Whose account it is.
        books: Where everything is kept.
        ledger: The exchange's ledger.
        rates: Fraction of the cost that a maker and that a taker pays.
    """

    def __init__(self, exchange: str, name: str, books: Books, ledger: Ledger, rates: Mapping[Role, Decimal]) -> None:
        self.name = name
        self._exchange, self._books, self._ledger, self._rates = exchange, books, ledger, rates
        self._prefix = exchange if name == OWN else f"{exchange}/{name}"
        self._available, self._held = (what if name == OWN else f"{name}/{what}" for what in ("available", "held"))
        self._orders, self._open = f"{self._prefix}.order", f"{self._prefix}.open"
        self._clients, self._trades = f"{self._prefix}.client", f"{self._prefix}.trade"

    @property
    def is_open(self) -> bool:
        """True once its opening balances are paid in."""
        return self._books.get(self._prefix, "account") is not None

    def open(self, balances: Mapping[str, Decimal], at: datetime) -> None:
        """Pay in the opening balances."""
        self._books.put(self._prefix, "account", {"opened": at})
        moves = [(self._available, asset, amount) for asset, amount in balances.items()]
        moves += [("world", asset, -amount) for asset, amount in balances.items()]
        self._post(at, "opening balance", _net(moves))

    def balances(self) -> dict[str, Balance]:
        """Return the balance of every asset the account ever held."""
        free, used = self._ledger.balances(self._available), self._ledger.balances(self._held)
        assets = dict.fromkeys([*free, *used])
        return {asset: Balance(free.get(asset, Decimal(0)), used.get(asset, Decimal(0))) for asset in assets}

    def check_new(self, client_id: str) -> None:
        """Make sure a client order id was never used.

        Raises:
            DuplicateOrder: An earlier order carries it.
        """
        if used := self._books.get(self._clients, client_id):
            raise DuplicateOrder(
                f"client order id {client_id!r} was used before on {self._exchange}, for order {used['id']!r}: look"
                " that order up instead of sending it again"
            )

    def find(self, id: str | None, client_id: str | None = None) -> Order:
        """Return an order by its id, or else by its client order id.

        Raises:
            OrderNotFound: The account has no such order.
        """
        found = id
        if id is None and client_id is not None:
            found = (self._books.get(self._clients, client_id) or {}).get("id")
        document = self._books.get(self._orders, found) if found is not None else None
        if document is None:
            wanted = f"client order id {client_id!r}" if id is None else f"id {id!r}"
            raise OrderNotFound(f"{self._exchange} knows no order with {wanted}")
        return Order.model_validate(document)

    def orders(self) -> Iterator[Order]:
        """Return all orders, the oldest first."""
        return (Order.model_validate(document) for _, document in self._books.items(self._orders))

    def open_orders(self) -> list[Order]:
        """Return the open orders, the oldest first."""
        return [self.find(key) for key, _ in self._books.items(self._open)]

    def trades(self) -> Iterator[Trade]:
        """Return all trades, the oldest first."""
        return (Trade.model_validate(document) for _, document in self._books.items(self._trades))

    def trades_of(self, order: Order) -> list[Trade]:
        """Return the trades of one order, the oldest first."""
        return [Trade.model_validate(self._books.get(self._trades, key)) for key in order.trades]

    def change(self, before: Order | None, order: Order, turn: int, fills: Fills, role: Role, at: datetime) -> Order:
        """Apply fills to an order and bring money, hold and status in line.

        Args:
            before: The order as it was; None when it is new.
            order: The order as it shall be but for its turn and its fills; `open` if what they leave stays open.
            turn: Number of the change that put it into the book.
            fills: Id, price and amount of each, the oldest first.
            role: Whether it rested or arrived.
            at: When.

        Raises:
            InsufficientFunds: The account cannot pay the fills and hold what stays open.
        """
        ms = int(at.timestamp() * 1000)
        trades = [self._trade(order, *fill, role, ms) for fill in fills]
        held = before.held if before else Decimal(0)
        after = self._after(order, turn, trades, held)
        moves = [move for trade in trades for move in self._moves(trade)]
        moves += [(self._held, after.pays_with, after.held - held)]
        moves += [(self._available, after.pays_with, held - after.held)]
        net = _net(moves)
        self._demand(after, net)
        self._post(at, ", ".join([f"order {order.id}", *(f"trade {trade.id}" for trade in trades)]), net)
        for trade in trades:
            self._books.put(self._trades, trade.id, trade.model_dump(mode="json"))
        self._books.put(self._orders, after.id, after.document())
        self._list(after, is_new=before is None)
        return after

    def _list(self, order: Order, *, is_new: bool) -> None:
        if is_new and order.client_id is not None:
            self._books.put(self._clients, order.client_id, {"id": order.id})
        if is_new and order.status == "open":
            self._books.put(self._open, order.id, {"symbol": order.symbol})
        if not is_new and order.status != "open":
            self._books.delete(self._open, order.id)

    def _trade(self, order: Order, id: str, price: Decimal, amount: Decimal, role: Role, ms: int) -> Trade:
        cost, rate = price * amount, self._rates[role]
        return Trade(
            id=id,
            order=order.id,
            symbol=order.symbol,
            side=order.side,
            role=role,
            price=price,
            amount=amount,
            cost=cost,
            fee=(cost * rate).quantize(_CENT, rounding=ROUND_FLOOR),
            rate=rate,
            at=ms,
        )

    def _after(self, order: Order, turn: int, trades: Sequence[Trade], held: Decimal) -> Order:
        filled = order.filled + sum((trade.amount for trade in trades), Decimal(0))
        spent = sum((trade.cost + trade.fee for trade in trades), Decimal(0)) if order.side == "buy" else Decimal(0)
        status = "closed" if filled == order.amount else order.status
        changes = {
            "turn": turn,
            "status": status,
            "filled": filled,
            "cost": order.cost + sum((trade.cost for trade in trades), Decimal(0)),
            "fee": order.fee + sum((trade.fee for trade in trades), Decimal(0)),
            "held": self._hold(order, order.amount - filled, held - spent) if status == "open" else Decimal(0),
            "traded": trades[-1].at if trades else order.traded,
            "trades": (*order.trades, *(trade.id for trade in trades)),
        }
        return order.model_copy(update=changes)

    def _hold(self, order: Order, amount: Decimal, left: Decimal) -> Decimal:
        """Return what an open order must hold so that the rest can trade at its worst price.

        What is left of an earlier hold covers that as well; it is kept where rounding up once more would take more.
        """
        if order.side == "sell" or order.worst is None:
            return amount
        rate = max(self._rates.values()) if order.waits else self._rates["maker"]
        cost = amount * order.worst
        needed = (cost + cost * rate).quantize(_CENT, rounding=ROUND_CEILING)
        return min(needed, left) if left > 0 else needed

    def _moves(self, trade: Trade) -> list[_Move]:
        base, _, quote = trade.symbol.partition("/")
        sign = 1 if trade.side == "buy" else -1
        return [
            (self._available, base, sign * trade.amount),
            ("world", base, -sign * trade.amount),
            (self._available, quote, -sign * trade.cost - trade.fee),
            ("world", quote, sign * trade.cost),
            ("fees", quote, trade.fee),
        ]

    def _demand(self, order: Order, net: _Net) -> None:
        asset = order.pays_with
        needed, available = -net[self._available, asset], self._ledger.balance(self._available, asset)
        if needed > available:
            raise InsufficientFunds(
                f"{order.type} {order.side} of {order.amount} {order.symbol} on {self._exchange} needs {needed:f}"
                f" {asset}, available are {available:f}: order less or free some"
            )

    def _post(self, at: datetime, memo: str, net: _Net) -> None:
        postings = [Posting(name, asset, amount) for (name, asset), amount in net.items() if amount]
        if postings:
            self._ledger.post(at, memo, postings)


def _net(moves: Iterable[_Move]) -> _Net:
    net: dict[tuple[str, str], Decimal] = {}
    for name, asset, amount in moves:
        net[name, asset] = net.get((name, asset), _ZERO) + amount
    return net
