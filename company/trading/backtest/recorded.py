"""A recorded paper session once more: the same orders at the same times, and whether they fill as they did.

What an exchange of the paper world keeps of each order is enough to place it again: what was asked for, when it came
and when it was canceled. On a fresh exchange of the same world every order must then fill as it did, at the same
prices, quantities, fees and times, whether the session asked its venues every second or once a day.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from company.errors import OrderNotFound, VenueError
from company.trading.backtest.timeline import moment
from company.trading.exchange import Change, Exchange, Order, Request
from company.trading.figures import Figure, Report
from company.trading.markets import Side

_Place = tuple[str, str]


class Execution(Report):
    """One execution of an order; figures in base and quote units."""

    at: datetime
    role: str
    price: Figure
    quantity: Figure
    fee: Figure


class Difference(Report):
    """An order that did not fill as it had.

    Attributes:
        recorded: What it filled in the session.
        replayed: What it filled now.
        refused: Why it was refused now; empty when it was not.
    """

    venue: str
    order: str
    symbol: str
    side: Side
    recorded: list[Execution]
    replayed: list[Execution]
    refused: str = ""


class Comparison(Report):
    """A session held against its replay.

    Attributes:
        orders: Orders that were placed again.
        cancels: Of those, how many were canceled again.
        fills: Executions that were compared.
        differences: Orders that did not fill as they had; empty when all did.
    """

    orders: int
    cancels: int
    fills: int
    differences: list[Difference]


def replay(
    recorded: Mapping[str, Exchange], fresh: Mapping[str, Exchange], opening: Mapping[str, Decimal]
) -> Comparison:
    """Place the orders of a session again, and compare.

    Args:
        recorded: The exchanges of the session by venue; they are only read.
        fresh: Exchanges of the same world without any order.
        opening: What every account is opened with, by asset.
    """
    parts = [_Replay(venue, exchange, fresh[venue], opening).run() for venue, exchange in recorded.items()]
    return Comparison(
        orders=sum(part.orders for part in parts),
        cancels=sum(part.cancels for part in parts),
        fills=sum(part.fills for part in parts),
        differences=[difference for part in parts for difference in part.differences],
    )


class _Replay:
    """One venue's session."""

    def __init__(self, venue: str, recorded: Exchange, fresh: Exchange, opening: Mapping[str, Decimal]) -> None:
        self._venue, self._recorded, self._fresh, self._opening = venue, recorded, fresh, opening
        self._ids: dict[_Place, str] = {}  # of the order here, by account and id of the order there
        self._refusals: dict[_Place, str] = {}
        self._cancels = 0

    def run(self) -> Comparison:
        """Do again what the session did, in its order, and compare."""
        for change in self._changes():
            place, at = (change.account, change.order), moment(change.at)
            self._fresh.settle(at)
            if change.what == "placed":
                self._place(place, at)
            elif change.what == "canceled" and place in self._ids:
                self._cancel(place, at)
        pairs = [(place, *self._executions(place)) for place in [*self._ids, *self._refusals]]
        return Comparison(
            orders=len(pairs),
            cancels=self._cancels,
            fills=sum(len(before) for _, before, _ in pairs),
            differences=[
                self._difference(place, before, now)
                for place, before, now in pairs
                if before != now or place in self._refusals
            ],
        )

    def _changes(self) -> Iterator[Change]:
        after = 0
        while page := self._recorded.changes(after):
            yield from page
            after = page[-1].number

    def _place(self, place: _Place, at: datetime) -> None:
        account, known = place
        self._fresh.open(account, self._opening, at)
        try:
            order = self._fresh.place(account, _request(self._recorded.account(account).find(known)), at)
        except VenueError as error:
            self._refusals[place] = str(error)
        else:
            self._ids[place] = order.id

    def _cancel(self, place: _Place, at: datetime) -> None:
        self._cancels += 1
        with suppress(OrderNotFound):  # it filled here, which the comparison tells, or the exchange itself canceled it
            self._fresh.cancel(place[0], self._ids[place], at)

    def _executions(self, place: _Place) -> tuple[list[Execution], list[Execution]]:
        before = _executions(self._recorded, place[0], place[1])
        return before, _executions(self._fresh, place[0], self._ids[place]) if place in self._ids else []

    def _difference(self, place: _Place, before: list[Execution], now: list[Execution]) -> Difference:
        order = self._recorded.account(place[0]).find(place[1])
        return Difference(
            venue=self._venue,
            order=order.client_id or order.id,
            symbol=order.symbol,
            side=order.side,
            recorded=before,
            replayed=now,
            refused=self._refusals.get(place, ""),
        )


def _executions(exchange: Exchange, account: str, id: str) -> list[Execution]:
    owner = exchange.account(account)
    return [
        Execution(at=moment(trade.at), role=trade.role, price=trade.price, quantity=trade.amount, fee=trade.fee)
        for trade in owner.trades_of(owner.find(id))
    ]


def _request(order: Order) -> Request:
    """Return what an order asked for when it came."""
    return Request(
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        amount=order.amount if order.cost_asked is None else None,
        price=order.price,
        time_in_force=order.time_in_force,
        post_only=order.post_only,
        cost=order.cost_asked,
        trigger=order.trigger,
        when=order.when,
        client_id=order.client_id,
    )
