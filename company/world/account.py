"""The company's account at one paper venue: orders, trades and money, all of it in the books.

Money lies in four accounts of a double-entry ledger: `available`, `held` (what open orders may need), `fees` (what the
venue earned) and `world` (whoever is on the other side, and who paid in the opening balances). Fees are taken in the
quote currency and rounded down to 8 decimals, holds are rounded up, so a hold always covers its order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from company.errors import DuplicateOrder, InsufficientFunds, OrderNotFound
from company.ports import Books
from company.trading.ledger import Ledger, Posting
from company.trading.matching import Side, TimeInForce
from company.world.listings import LISTINGS, Listing, number_of

_CENT: Final = Decimal("1e-8")
_ORDER_NUMBER: Final = "paper.order"  # one count for all venues, so an order id names one order of the world

Role = Literal["maker", "taker"]


class Order(BaseModel):
    """An order as the venue keeps it; quantities in base, `cost` and `fee` in quote currency, times in epoch ms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    client_id: str | None
    symbol: str
    side: Side
    type: Literal["market", "limit"]
    price: Decimal | None
    amount: Decimal
    time_in_force: TimeInForce
    post_only: bool
    created: int
    status: Literal["open", "closed", "canceled"] = "open"
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    traded: int | None = None
    trades: tuple[str, ...] = ()

    @property
    def remaining(self) -> Decimal:
        """What has not traded."""
        return self.amount - self.filled

    @property
    def listing(self) -> Listing:
        """The listing of its symbol."""
        return LISTINGS[number_of(self.symbol)]

    @property
    def pays_with(self) -> str:
        """The asset it gives away and holds."""
        return self.listing.quote if self.side == "buy" else self.listing.base


class Trade(BaseModel):
    """One fill of an order; times in epoch ms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    order: str
    symbol: str
    side: Side
    role: Role
    price: Decimal
    amount: Decimal
    cost: Decimal
    fee: Decimal
    rate: Decimal
    at: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account has of one asset."""

    free: Decimal
    used: Decimal


class Account:
    """Orders, trades and balances at one venue.

    Args:
        venue: Id of the venue; prefixes all kinds in the books.
        books: Where everything is kept.
        maker_fee: Fraction of the cost a maker pays.
        taker_fee: Fraction of the cost a taker pays.
        opening: What the account is opened with, by asset.
    """

    def __init__(
        self, venue: str, books: Books, *, maker_fee: Decimal, taker_fee: Decimal, opening: Mapping[str, Decimal]
    ) -> None:
        self._venue, self._books, self._opening = venue, books, opening
        self._rates: dict[Role, Decimal] = {"maker": maker_fee, "taker": taker_fee}
        self._orders, self._open = f"{venue}.order", f"{venue}.open"
        self._clients, self._trades = f"{venue}.client", f"{venue}.trade"
        self.ledger = Ledger(books, f"{venue}.ledger")

    def open(self, at: datetime) -> None:
        """Pay in the opening balances, once for ever."""
        if self._is_open:
            return
        with self._books.transaction():
            if not self._is_open:  # asked again: another process may have been first
                self._books.put(self._venue, "account", {"opened": at})
                moves = [("available", asset, amount) for asset, amount in self._opening.items()]
                moves += [("world", asset, -amount) for asset, amount in self._opening.items()]
                self._post(at, "opening balance", moves)

    @property
    def _is_open(self) -> bool:
        return self._books.get(self._venue, "account") is not None

    def balances(self) -> dict[str, Balance]:
        """Return the balance of every asset the account ever held."""
        free, used = self.ledger.balances("available"), self.ledger.balances("held")
        assets = dict.fromkeys([*free, *used])
        return {asset: Balance(free.get(asset, Decimal(0)), used.get(asset, Decimal(0))) for asset in assets}

    def next_id(self) -> str:
        """Return a new order id."""
        return f"O{self._books.next_number(_ORDER_NUMBER)}"

    def check_new(self, client_id: str) -> None:
        """Make sure a client order id was never used.

        Raises:
            DuplicateOrder: An earlier order carries it.
        """
        if used := self._books.get(self._clients, client_id):
            raise DuplicateOrder(
                f"client order id {client_id!r} was used before on {self._venue}, for order {used['id']!r}: look that"
                " order up instead of sending it again"
            )

    def add(self, order: Order, fills: Iterable[tuple[Decimal, Decimal]], at: datetime) -> Order:
        """Record a new order with the fills (price, quantity) it got as a taker.

        Args:
            order: The order as it arrived; `open` if what the fills leave rests, else in its last status.
            fills: The best price first.
            at: When it arrived.

        Raises:
            InsufficientFunds: The account cannot pay the fills and hold what rests.
        """
        with self._books.transaction():
            if order.client_id is not None:
                self._books.put(self._clients, order.client_id, {"id": order.id})
            if order.status == "open":
                self._books.put(self._open, order.id, {"symbol": order.symbol})
            return self._change(order, fills, "taker", at)

    def fill(self, order: Order, price: Decimal, quantity: Decimal, at: datetime) -> Order:
        """Record a fill of a resting order."""
        return self._change(order, [(price, quantity)], "maker", at)

    def cancel(self, order: Order, at: datetime) -> Order:
        """Close an open order and release what it held."""
        return self._change(order.model_copy(update={"status": "canceled"}), [], "maker", at)

    def find(self, id: str | None, client_id: str | None) -> Order:
        """Return an order by its id, or else by its client order id.

        Raises:
            OrderNotFound: There is no such order.
        """
        found = id
        if id is None and client_id is not None:
            found = (self._books.get(self._clients, client_id) or {}).get("id")
        document = self._books.get(self._orders, found) if found is not None else None
        if document is None:
            wanted = f"client order id {client_id!r}" if id is None else f"id {id!r}"
            raise OrderNotFound(f"{self._venue} knows no order with {wanted}")
        return Order.model_validate(document)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Return the open orders, the oldest first."""
        rows = list(self._books.items(self._open))
        return [self.find(key, None) for key, row in rows if symbol in {None, row["symbol"]}]

    def trades(self) -> Iterable[Trade]:
        """Return all trades, the oldest first."""
        return (Trade.model_validate(document) for _, document in self._books.items(self._trades))

    def trades_of(self, order: Order) -> list[Trade]:
        """Return the trades of one order, the oldest first."""
        return [Trade.model_validate(self._books.get(self._trades, key)) for key in order.trades]

    def _change(self, order: Order, fills: Iterable[tuple[Decimal, Decimal]], role: Role, at: datetime) -> Order:
        """Apply fills to an order and bring money, hold and status in line, all or nothing."""
        with self._books.transaction():
            trades = [self._trade(order, price, quantity, role, at) for price, quantity in fills]
            after = self._after(order, trades)
            moves = [move for trade in trades for move in _moves(trade, after.listing)]
            moves += [("held", after.pays_with, after.held - order.held)]
            moves += [("available", after.pays_with, order.held - after.held)]
            self._demand(after, moves)
            self._post(at, ", ".join([f"order {order.id}", *(f"trade {trade.id}" for trade in trades)]), moves)
            for trade in trades:
                self._books.put(self._trades, trade.id, trade.model_dump(mode="json"))
            self._books.put(self._orders, after.id, after.model_dump(mode="json"))
            if after.status != "open":
                self._books.delete(self._open, after.id)
        return after

    def _trade(self, order: Order, price: Decimal, quantity: Decimal, role: Role, at: datetime) -> Trade:
        cost, rate = price * quantity, self._rates[role]
        return Trade(
            id=f"T{self._books.next_number(self._trades)}",
            order=order.id,
            symbol=order.symbol,
            side=order.side,
            role=role,
            price=price,
            amount=quantity,
            cost=cost,
            fee=(cost * rate).quantize(_CENT, rounding=ROUND_FLOOR),
            rate=rate,
            at=int(at.timestamp() * 1000),
        )

    def _after(self, order: Order, trades: list[Trade]) -> Order:
        filled = order.filled + sum((trade.amount for trade in trades), Decimal(0))
        status = "closed" if filled == order.amount else order.status
        changes = {
            "status": status,
            "filled": filled,
            "cost": order.cost + sum((trade.cost for trade in trades), Decimal(0)),
            "fee": order.fee + sum((trade.fee for trade in trades), Decimal(0)),
            "held": self._hold(order, order.amount - filled) if status == "open" else Decimal(0),
            "traded": trades[-1].at if trades else order.traded,
            "trades": (*order.trades, *(trade.id for trade in trades)),
        }
        return order.model_copy(update=changes)

    def _hold(self, order: Order, quantity: Decimal) -> Decimal:
        """Return what an open order must hold so that the rest can trade at its price."""
        if order.side == "sell" or order.price is None:
            return quantity
        cost = quantity * order.price
        return (cost + cost * self._rates["maker"]).quantize(_CENT, rounding=ROUND_CEILING)

    def _demand(self, order: Order, moves: Iterable[tuple[str, str, Decimal]]) -> None:
        asset = order.pays_with
        needed = -sum((amount for name, what, amount in moves if (name, what) == ("available", asset)), Decimal(0))
        available = self.ledger.balance("available", asset)
        if needed > available:
            raise InsufficientFunds(
                f"{order.type} {order.side} of {order.amount} {order.symbol} on {self._venue} needs {needed:f} {asset},"
                f" available are {available:f}: order less or free some"
            )

    def _post(self, at: datetime, memo: str, moves: Iterable[tuple[str, str, Decimal]]) -> None:
        net: dict[tuple[str, str], Decimal] = {}
        for name, asset, amount in moves:
            net[name, asset] = net.get((name, asset), Decimal(0)) + amount
        postings = [Posting(account=name, asset=asset, amount=amount) for (name, asset), amount in net.items()]
        if any(posting.amount for posting in postings):
            self.ledger.post(at, memo, postings)


def _moves(trade: Trade, listing: Listing) -> list[tuple[str, str, Decimal]]:
    """Return what a trade moves as (account, asset, amount)."""
    sign = 1 if trade.side == "buy" else -1
    return [
        ("available", listing.base, sign * trade.amount),
        ("world", listing.base, -sign * trade.amount),
        ("available", listing.quote, -sign * trade.cost - trade.fee),
        ("world", listing.quote, sign * trade.cost),
        ("fees", listing.quote, trade.fee),
    ]
