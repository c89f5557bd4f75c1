"""What is written down of every order: one row for each key, from the intent to the end.

A row goes through these states. Each is written before or after the call to the venue that it tells of, never both:

    intent      decided, certainly not sent yet
    sent        the request may have left; nobody knows more
    open        the venue has it; partially filled when `filled` is above 0
    closed, canceled, expired, rejected      it ended, in the words of ccxt
    unknown     no usable answer came, and the venue does not show the order, yet
    lost        still so after `GRACE`; the key is never sent again, and the row waits for proof or for a person
    abandoned   a person closed a lost one: nothing is waited for any more, and the key is never sent again
    unsent      an intent that nobody sent within `GRACE`: its process was ended before

What a venue says of an order can be older than what is known already, because two people may look at once. So a fill
never shrinks, and what ended is not open again.

An index of what is not at its end, and of the venue's order ids, keeps looking at the rows cheap, however many there
are.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from company.errors import UsageError, VenueError
from company.ports import Books, Json
from company.trading.figures import Figure, Report
from company.trading.intents import NOBODY, WAITING, Intent, OrderType, Owner
from company.trading.markets import Side

__all__ = [
    "ABANDONED",
    "DOUBTFUL",
    "ENDED",
    "GRACE",
    "NOBODY",
    "ORDERS",
    "SEARCHED",
    "WAITING",
    "Intent",
    "OrderReport",
    "OrderType",
    "Orders",
    "Owner",
    "state",
]

ORDERS: Final = "trading.order"
UNSETTLED, PLACED, UNREAD, UNTOLD = "trading.unsettled", "trading.placed", "trading.unread", "trading.untold"

GRACE: Final = timedelta(seconds=120)
"""After it a request that got no answer cannot be taken any more: Binance refuses one that is older than its
`recvWindow`, which is 60 seconds at most, and the other half is for clocks that disagree."""

SEARCHED = 200  # newest rows searched for what the index does not hold: rows of a home that had none
DOUBTFUL: Final = frozenset({"sent", "unknown", "lost"})
ABANDONED: Final = "abandoned"
ENDED: Final = frozenset({"closed", "canceled", "expired", "rejected", "lost", "unsent", ABANDONED})
SHORTEST: Final = 6  # characters of a key that name an order
_ZERO = Decimal(0)


class OrderReport(Report):
    """An order and what became of it.

    Attributes:
        order_id: The venue's id.
        client_order_id: The key it was sent with.
        status: open, closed (filled), canceled, rejected or expired, as ccxt names them; unknown when not told.
        quantity: Ordered, in base units; `filled` is what has traded of it.
        price: Average price of what traded, else the limit, in quote units; None for an unfilled market order.
        trigger: Price that it waits for, or waited for, in quote units; None when it never did.
        notional: What traded, in quote units.
        fee: Fees so far in quote units; None when the venue does not tell them.
        reason: Why the desk placed it; empty for an order that is not the desk's.
        sources: The documents of strangers that had been read when the reason was written.
    """

    order_id: str
    client_order_id: str
    venue: str
    symbol: str
    side: Side
    type: str
    status: str
    quantity: Figure
    filled: Figure
    price: Figure | None
    trigger: Figure | None = None
    notional: Figure
    fee: Figure | None
    reason: str
    sources: tuple[str, ...] = ()

    def told(self) -> dict[str, str | None]:
        """Return what an event says of the order."""
        return {
            "venue": self.venue,
            "symbol": self.symbol,
            "side": self.side,
            "price": None if self.price is None else f"{self.price:f}",
            "status": self.status,
            "orderId": self.order_id,
            "clientOrderId": self.client_order_id,
        }

    def news(self) -> list[tuple[str, dict[str, str | None]]]:
        """Return the events, name and value, that tell of an order that was just placed."""
        placed = ("order.placed", {**self.told(), "quantity": f"{self.quantity:f}", "type": self.type})
        return [placed, ("trade.filled", self.traded())] if self.filled else [placed]

    def traded(self) -> dict[str, str | None]:
        """Return what the event `trade.filled` says: all that traded of the order, and all of it new."""
        return {
            **self.told(),
            "quantity": f"{self.filled:f}",
            "more": f"{self.filled:f}",
            "notional": f"{self.notional:f}",
            "reason": self.reason,
            "fee": None if self.fee is None else f"{self.fee:f}",
        }


class Orders:
    """The rows.

    Args:
        books: Where they are kept.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._searched = False

    def get(self, key: str) -> Json | None:
        """Return the row of a key.

        That is the intent and its `status`; once known its `order_id` and `filled`, and the `average` price of that.
        """
        return self._books.get(ORDERS, key)

    def newest(self, limit: int = SEARCHED) -> list[tuple[str, Json]]:
        """Return key and row of the newest orders, the last written first."""
        return self._books.newest(ORDERS, limit)

    def begin(self, intent: Intent, at: datetime) -> None:
        """Write an intent down."""
        with self._books.transaction():
            self._books.put(ORDERS, intent.key, intent.row(at))
            self._books.put(UNSETTLED, intent.key, {})

    def again(self, key: str) -> None:
        """Note that an order which was looked up and is nowhere may be sent anew, with whatever it rests on now."""
        self.mark(key, "intent")

    def mark(self, key: str, status: str) -> None:
        """Write down how far an order is, or how it ended."""
        with self._books.transaction():
            self._put(key, {**self._row(key), "status": status})

    def settle(self, key: str, report: OrderReport, *, told: bool, ended: bool = True) -> None:
        """Write down what a venue says of an order of ours; of one that is not, nothing.

        Args:
            key: Its client order id.
            report: What the venue says.
            told: Whoever asked tells people of what traded; otherwise the next reconciliation does.
            ended: The reconciliation also tells that the order ended.

        Raises:
            VenueError: The venue speaks of another order than the one that was written down.
        """
        with self._books.transaction():
            if (row := self.get(key)) is None:
                return
            _same(key, row, report)
            after = _after(row, report)
            if after == row and not told:
                return
            grown = Decimal(after["filled"]) > Decimal(row.get("filled", 0))
            has_ended = ended and after["status"] != row["status"] and after["status"] in ENDED
            if told:
                self._books.delete(UNTOLD, key)
            elif grown or has_ended:
                after = {**after, "meanwhile": True}
                self._note(key, row, report, has_ended)
            if grown:
                self._books.put(UNREAD, f"{report.venue} {report.symbol}", {})
            if after != row:
                self._put(key, after)

    def unsettled(self) -> dict[str, Json]:
        """Return the rows, by key, of orders that are not at their end."""
        if not self._searched:
            self._index()
        keys = [key for key, _ in self._books.items(UNSETTLED)]
        return {key: row for key in keys if (row := self.get(key))}

    def lost(self) -> dict[str, Json]:
        """Return the newer rows, by key, that wait for proof or for a person."""
        return {key: row for key, row in self.newest() if row["status"] == "lost"}

    def abandon(self, beginning: str, *, by: str, reason: str, at: datetime) -> tuple[str, Json]:
        """Close a lost order on a person's word; it is not looked up, waited for or reported any more.

        Args:
            beginning: Its key, or the first six characters of it or more.
            by: The person.
            reason: How they know what became of it.
            at: Company time.

        Returns:
            Its key and its row.

        Raises:
            UsageError: There is no such order, or it is not lost.
        """
        with self._books.transaction():
            key, row = self._named(beginning)
            if row["status"] != "lost":
                cure = (
                    "the next reconciliation finds it out" if row["status"] in DOUBTFUL else "company orders shows it"
                )
                raise UsageError(f"order {key} is {row['status']}, not lost", where="KEY", cure=cure)
            row = {**row, "status": ABANDONED, "abandoned": {"by": by, "reason": reason, "at": at.isoformat()}}
            self._put(key, row)
            return key, row

    def _named(self, beginning: str) -> tuple[str, Json]:
        found = [(key, row) for key, row in self._books.items(ORDERS) if key.startswith(beginning)]
        if len(beginning) < SHORTEST or len(found) != 1:
            many = "several orders begin" if len(found) > 1 else "no order begins"
            what = (
                f"{many} with {beginning!r}" if len(beginning) >= SHORTEST else f"{beginning!r} is too short for a key"
            )
            raise UsageError(what, where="KEY", cure="company orders --json and company audit tell the keys")
        return found[0]

    def doubtful(self, venue: str) -> dict[str, Json]:
        """Return the rows, by key, that a venue may hold an order for without our knowing."""
        rows = {key: row for key, row in self.unsettled().items() if row["venue"] == venue}
        return {key: row for key, row in rows.items() if state(row) in DOUBTFUL}

    def key_of(self, venue: str, order_id: str) -> str | None:
        """Return the key of one of our orders by the venue's id; None when it is not known to be ours."""
        if placed := self._books.get(PLACED, f"{venue} {order_id}"):
            return str(placed["key"])
        same = (key for key, row in self.newest() if (row["venue"], row.get("order_id")) == (venue, order_id))
        return next(same, None)

    def owner_of(self, key: str) -> Owner:
        """Return whose idea an order was."""
        row = self.get(key) or {}
        return Owner(row.get("strategy", ""), row.get("role", ""))

    def unread(self) -> list[str]:
        """Return venue and symbol, as one text, where an order of ours traded since trades were booked last."""
        return [where for where, _ in self._books.items(UNREAD)]

    def read(self, venue: str, symbol: str) -> None:
        """Note that the trades of a market are booked; call it in the transaction that books them."""
        self._books.delete(UNREAD, f"{venue} {symbol}")

    def untold(self) -> list[tuple[str, OrderReport, Decimal, bool]]:
        """Return what people were not told of yet: key, order, what they know has traded of it, whether it ended."""
        return [
            (key, OrderReport.model_validate(note["report"]), Decimal(note["before"]), note["ended"])
            for key, note in self._books.items(UNTOLD)
        ]

    def tell(self, key: str) -> None:
        """Note that people were told of an order; call it in the transaction that tells them."""
        self._books.delete(UNTOLD, key)

    def _note(self, key: str, row: Json, report: OrderReport, ended: bool) -> None:
        """Keep what people have to be told; a note that nobody has told yet knows what they know."""
        earlier = self._books.get(UNTOLD, key) or {"before": row.get("filled", "0"), "ended": False}
        note = {"report": report.model_dump(mode="json"), "before": earlier["before"]}
        self._books.put(UNTOLD, key, {**note, "ended": ended or earlier["ended"]})

    def _index(self) -> None:
        """Put orders of an earlier version, which kept no index, into it."""
        for key, row in self.newest():
            if state(row) not in ENDED and self._books.get(UNSETTLED, key) is None:
                self._books.put(UNSETTLED, key, {})
        self._searched = True

    def _row(self, key: str) -> Json:
        if (row := self.get(key)) is None:
            raise KeyError(f"no order was written down for {key!r}")
        return row

    def _put(self, key: str, row: Mapping[str, Any]) -> None:
        self._books.put(ORDERS, key, row)
        if "order_id" in row and self._books.get(PLACED, placed := f"{row['venue']} {row['order_id']}") is None:
            self._books.put(PLACED, placed, {"key": key})
        if row["status"] in ENDED:
            self._books.delete(UNSETTLED, key)
        elif self._books.get(UNSETTLED, key) is None:
            self._books.put(UNSETTLED, key, {})


def state(row: Json) -> str:
    """Return the state of a row; an earlier version knew no `sent` and called that an intent."""
    return "sent" if row["status"] == "intent" and "strategy" not in row else str(row["status"])


def _same(key: str, row: Json, report: OrderReport) -> None:
    told, written = (report.symbol, report.side), (row["symbol"], row["side"])
    if told != written:
        where = f"{report.venue} order {report.order_id!r}"
        raise VenueError(
            f"{where}: the venue says it is to {told[1]} {told[0]}, but {key!r} was sent to {written[1]} {written[0]}"
        )
    if (most := Decimal(row["quantity"])) < report.filled and report.filled - most > most * Decimal("1e-8"):
        raise VenueError(
            f"{report.venue} order {report.order_id!r}: 'filled' is {report.filled:f}, more than the {most:f} ordered"
        )


def _after(row: Json, report: OrderReport) -> Json:
    """Return the row with what the venue says, as far as that is newer than what is known."""
    filled = Decimal(row.get("filled", 0))
    has_ended = "order_id" in row and row["status"] in ENDED
    if report.filled < filled or (has_ended and report.status not in ENDED):
        return {"filled": f"{filled:f}", **row}
    after = {**row, "status": report.status, "order_id": report.order_id, "filled": f"{report.filled:f}"}
    if report.filled and report.price is not None:
        after["average"] = f"{report.price:f}"
    return after
