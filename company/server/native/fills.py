"""The company's own fills: what traded from the desk's records, who did it from the journal.

The newest 500 orders are looked at. The desk's record tells when, in company time, and at which price; the event
`trade.filled` of the same order tells the run, the fee, and where in the journal it stands.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator

from company.events import Event
from company.newsroom.plain import visible
from company.ports import Json
from company.server.native.views import View
from company.store import Store
from company.trading import Desk
from company.trading.figures import Figure
from company.trading.markets import Side

LOOKED_AT = 500
READ_AT_ONCE = 20_000
"""Events at the end of the journal that are searched in one go; fills before them are found run by run."""

FILLED = frozenset({"trade.filled"})

Words = Annotated[str, AfterValidator(lambda text: visible(text)[:400])]
"""Text that strangers may have had a hand in: no control, bidirectional or invisible characters, bounded."""


class Fill(View):
    """What traded of one order; quantity in base units, `price` its average, `at` company time of the order."""

    at: datetime
    side: Side
    price: Figure
    quantity: Figure
    order_id: str


class Trade(View):
    """A fill with who did it.

    Attributes:
        seq: Number of its event.
        at: Company time of the order.
        price: Average, in quote units.
        fee: In quote units; None when the venue does not tell it.
        reason: Why the order was placed.
    """

    seq: int
    run: str
    at: datetime
    venue: str
    symbol: str
    side: Side
    quantity: Figure
    price: Figure
    notional: Figure
    fee: Figure | None
    reason: Words
    order_id: str


class Fills:
    """Reads the fills.

    Args:
        desk: Wrote the orders down.
        store: Holds journal and effects.
    """

    def __init__(self, desk: Desk, store: Store) -> None:
        self._desk, self._store = desk, store
        self._events: dict[str, Event] = {}
        self._seen = max(0, store.journal.last_seq() - READ_AT_ONCE)

    def trades(self, limit: int) -> list[Trade]:
        """Return up to `limit` trades, newest first; one that is not in the journal yet is left out."""
        found: list[Trade] = []
        self._read_on()
        for key, written in self._filled():
            if (event := self._event(key)) is not None:
                found.append(_trade(written, event))
            if len(found) == limit:
                break
        return found

    def of(self, symbol: str, since: datetime) -> list[Fill]:
        """Return the fills of a symbol from company time `since` on, oldest first."""
        found = [
            _fill(written, price)
            for key, written in self._filled()
            if written["symbol"] == symbol and _at(written) >= since and (price := self._price(key, written))
        ]
        return found[::-1]

    def _filled(self) -> Iterator[tuple[str, Json]]:
        orders = self._desk.newest_orders(LOOKED_AT)
        return ((key, written) for key, written in orders if Decimal(written.get("filled", 0)))

    def _price(self, key: str, written: Json) -> str | None:
        """Return at which price an order traded; an older home has it in the journal only."""
        if "average" in written:
            return str(written["average"])
        event = self._event(key)
        return None if event is None else str(event.body["value"]["price"])

    def _event(self, key: str) -> Event | None:
        """Return the event of an order; the others of its run are remembered with it."""
        if key not in self._events and (effect := self._store.effects.get(key)) is not None:
            self._remember(self._store.journal.read(run_id=effect.run_id, types=FILLED))
        return self._events.get(key)

    def _read_on(self) -> None:
        end = self._store.journal.last_seq()
        self._remember(self._store.journal.read(after=self._seen, types=FILLED))
        self._seen = end

    def _remember(self, events: Iterable[Event]) -> None:
        self._events |= {event.body["value"]["clientOrderId"]: event for event in events}
        for key in list(self._events)[: max(0, len(self._events) - 2 * LOOKED_AT)]:
            del self._events[key]


def _at(written: Json) -> datetime:
    return datetime.fromisoformat(written["at"])


def _fill(written: Json, price: str) -> Fill:
    return Fill(
        at=_at(written),
        side=written["side"],
        price=Decimal(price),
        quantity=Decimal(written["filled"]),
        order_id=written["order_id"],
    )


def _trade(written: Json, event: Event) -> Trade:
    value: dict[str, Any] = event.body["value"]
    same = {name: value[name] for name in ("venue", "symbol", "side", "quantity", "price", "notional", "fee", "reason")}
    return Trade(seq=event.seq, run=event.run_id, at=_at(written), order_id=value["orderId"], **same)
