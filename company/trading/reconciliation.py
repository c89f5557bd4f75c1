"""Holds the desk's books against what the venues say: on start, and whenever something is not at its end.

Orders of ours that filled, were cancelled or got no answer are looked up and written down; trades and balances are
booked. What cannot be explained is named, never guessed: orders that are not ours, outcomes that nobody knows, balances
that no trade explains. A venue that fails does not keep the others from being asked.

People are told once of what happened while nobody looked. It is noted in the transaction that writes it down, and the
note goes in the transaction that tells it, so a process may be killed between the two.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from company.errors import VenueError
from company.ports import Books, Json
from company.trading.blotter import Blotter
from company.trading.bookkeeping import UNTOLD_MOVEMENTS
from company.trading.figures import Figure, Report
from company.trading.markets import Markets, Side
from company.trading.orders import DOUBTFUL, GRACE, OrderReport, state
from company.trading.portfolio import Portfolio

TOLD: Final = "trading.reconciled"
_ZERO = Decimal(0)

Tell = Callable[[str, Mapping[str, Any]], None]
"""Tells people of an event: its name and its value."""


class Doubt(Report):
    """An order of ours of which nobody knows what became.

    Attributes:
        key: Client order id.
        status: `unknown`; `lost` when the time in which the venue could still take it has passed.
        since: When it was sent, company time.
    """

    key: str
    venue: str
    symbol: str
    side: Side
    quantity: Figure
    status: str
    since: datetime


class Difference(Report):
    """A balance that trades do not explain: a deposit, a withdrawal, interest, or something that is wrong.

    Attributes:
        at: When it was seen, company time.
        venues: What came to each venue, negative when it went.
        net: Their sum; 0 when it went from one venue to another.
    """

    at: datetime
    currency: str
    venues: dict[str, Figure]
    net: Figure


class Reconciliation(Report):
    """How the books stand against the venues.

    Attributes:
        at: Company time.
        settled: Orders of ours that traded or ended while nobody looked, as they are now.
        doubtful: Orders of ours of which nobody knows what became.
        foreign: Open orders on our accounts that are not ours.
        differences: Balances that trades do not explain, since the last reconciliation.
        failures: What could not be looked at, in words.
    """

    at: datetime
    settled: list[OrderReport]
    doubtful: list[Doubt]
    foreign: list[OrderReport]
    differences: list[Difference]
    failures: list[str]

    @property
    def agrees(self) -> bool:
        """True when everything was looked at and nothing is unexplained."""
        return not (self.doubtful or self.foreign or self.differences or self.failures)

    def findings(self) -> Json:
        """Return what has to be known besides the orders that were settled, as an event tells it."""
        told = self.model_dump(mode="json", include={"doubtful", "differences", "failures"})
        return {**told, "foreign": [order.told() for order in self.foreign]}


class Reconciler:
    """Compares.

    Args:
        markets: The venues.
        books: Where it is kept what people were told.
        blotter: The orders.
        portfolio: Balances, trades and the ledger.
    """

    def __init__(self, *, markets: Markets, books: Books, blotter: Blotter, portfolio: Portfolio) -> None:
        self._markets, self._books, self._blotter, self._portfolio = markets, books, blotter, portfolio
        self._is_new = True

    async def reconcile(self, tell: Tell | None) -> Reconciliation:
        """Compare, book, and tell; with `tell` left out, what people must know stays noted for the next time."""
        orders, now = self._blotter.orders, self._markets.clock.now()
        rows, failures, foreign = orders.unsettled(), list[str](), list[OrderReport]()
        if self._is_new:
            rows |= orders.lost()
        if rows or self._is_new:
            foreign = await self._compare(rows, now, failures)
            self._is_new = bool(failures)
        with self._books.transaction():
            found = self._found(now, foreign, failures)
            if tell is not None:
                self._tell(tell, found)
        return found

    async def _compare(self, rows: Mapping[str, Json], now: datetime, failures: list[str]) -> list[OrderReport]:
        resting = {name: await self._resting(name, failures) for name in self._markets.venues}
        for key, row in rows.items():
            if (there := resting[row["venue"]]) is None:
                continue
            try:
                await self._settle(key, row, there, now)
            except VenueError as error:
                failures.append(str(error))
        try:
            await self._portfolio.booked()
        except VenueError as error:
            failures.append(str(error))
        return [order for there in resting.values() for order in there or () if not self._is_ours(order)]

    async def _resting(self, venue: str, failures: list[str]) -> list[OrderReport] | None:
        try:
            return await self._blotter.open_orders_at(venue)
        except VenueError as error:
            failures.append(f"{venue}: {error}")
            return None

    async def _settle(self, key: str, row: Json, resting: Sequence[OrderReport], now: datetime) -> None:
        """Find out how one order of ours stands."""
        orders, is_late = self._blotter.orders, now - datetime.fromisoformat(row["at"]) > GRACE
        if (known := state(row)) == "intent":
            if is_late:
                orders.mark(key, "unsent")
            return
        ids = {key, row.get("order_id")}
        report = next((order for order in resting if {order.client_order_id, order.order_id} & ids), None)
        report = report or await self._blotter.look(key)
        if report is not None:
            orders.settle(key, report, told=False)
        elif known in DOUBTFUL:
            orders.mark(key, "lost" if is_late else "unknown")
        else:
            raise VenueError(
                f"{row['venue']} does not know its own order {row.get('order_id')!r}, last heard of as {known}"
            )

    def _is_ours(self, order: OrderReport) -> bool:
        orders = self._blotter.orders
        written = orders.get(order.client_order_id) is not None
        return written or orders.key_of(order.venue, order.order_id) is not None

    def _found(self, now: datetime, foreign: list[OrderReport], failures: list[str]) -> Reconciliation:
        orders = self._blotter.orders
        rows = {**orders.unsettled(), **orders.lost()}
        moved = [name for name, _ in self._books.items(UNTOLD_MOVEMENTS)]
        return Reconciliation(
            at=now,
            settled=[report for _, report, _, _ in orders.untold()],
            doubtful=[_doubt(key, row) for key, row in rows.items() if row["status"] in ("unknown", "lost")],
            foreign=foreign,
            differences=[_difference(row) for name in moved if (row := self._portfolio.bookings.row(name))],
            failures=failures,
        )

    def _tell(self, tell: Tell, found: Reconciliation) -> None:
        orders = self._blotter.orders
        for key, report, before, has_ended in orders.untold():
            if report.filled > before:
                tell("trade.filled", {**report.traded(), "more": f"{report.filled - before:f}"})
            if has_ended and report.status != "closed":
                tell("order.cancelled", report.told())
            orders.tell(key)
        for name, _ in self._books.items(UNTOLD_MOVEMENTS):
            self._books.delete(UNTOLD_MOVEMENTS, name)
        findings, last = found.findings(), self._books.get(TOLD, "last") or {}
        standing = {name: value for name, value in findings.items() if name != "differences"}
        if found.differences or standing != {name: last.get(name, []) for name in standing}:
            tell("desk.reconciled", findings)
            self._books.put(TOLD, "last", standing)


def _doubt(key: str, row: Json) -> Doubt:
    return Doubt(
        key=key,
        venue=row["venue"],
        symbol=row["symbol"],
        side=row["side"],
        quantity=Decimal(row["quantity"]),
        status=row["status"],
        since=datetime.fromisoformat(row["at"]),
    )


def _difference(row: Json) -> Difference:
    venues = {venue: Decimal(amount) for venue, amount in row["accounts"].items()}
    at = datetime.fromisoformat(row["at"])
    return Difference(at=at, currency=row["currency"], venues=venues, net=sum(venues.values(), _ZERO))
