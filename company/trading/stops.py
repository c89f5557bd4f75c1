"""Stops that the desk watches: at which price what an order bought is to be sold again.

A stop comes with a purchase and is kept in its order's row. It is not an order at a venue: nothing is locked, and it
works at venues that have no such orders, but only while somebody looks. Who looks is told what fell to its stop, and
sells it; the desk sells nothing by itself.

The bookings are followed one by one, as the ensemble does: what was bought with a stop is a lot, and what is sold of
the symbol at the same venue, by whomever and for whatever reason, ends the lots with the highest stops first, which are
the next to be reached.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from company.ports import Books, Json
from company.trading.bookings import BOOKED, OPENING, Bookings, trade_of
from company.trading.figures import Figure, Report, significant
from company.trading.orders import Orders

LOTS: Final = "trading.stop"
FOLLOWED: Final = "trading.stop.followed"
_ZERO = Decimal(0)

Place = tuple[str, str]
"""Venue and symbol."""


class Lot(Report):
    """What is left of one purchase with a stop: base units, the stop in quote units, and the order's key."""

    key: str
    quantity: Decimal
    stop: Decimal


class Lots(Report):
    """The lots of one symbol at one venue, the highest stop first."""

    lots: tuple[Lot, ...] = ()

    def bought(self, lot: Lot) -> "Lots":
        """Return the lots with one more; parts of one order are one lot."""
        same = next((one for one in self.lots if one.key == lot.key), None)
        rest = [one for one in self.lots if one is not same]
        whole = lot if same is None else lot.model_copy(update={"quantity": lot.quantity + same.quantity})
        return Lots(lots=tuple(sorted([*rest, whole], key=lambda one: -one.stop)))

    def sold(self, quantity: Decimal) -> "Lots":
        """Return what is left of the lots after a sale."""
        left: list[Lot] = []
        for lot in self.lots:
            ended = min(lot.quantity, quantity)
            quantity -= ended
            if lot.quantity > ended:
                left.append(lot.model_copy(update={"quantity": lot.quantity - ended}))
        return Lots(lots=tuple(left))

    def reached(self, price: Decimal) -> Decimal:
        """Return how much has a stop at or above a price, in base units."""
        return sum((lot.quantity for lot in self.lots if lot.stop >= price), _ZERO)


class Watched(Report):
    """The stops of one symbol at one venue.

    Attributes:
        price: Now, in quote units.
        quantity: Base units that have a stop.
        stop: The highest of their stops, the next to be reached, in quote units.
        reached: Base units whose stop the price has reached or passed, to be sold now.
    """

    venue: str
    symbol: str
    price: Figure
    quantity: Figure
    stop: Figure
    reached: Figure


class Stops:
    """Follows the bookings.

    Args:
        books: Where the lots are kept.
        bookings: What the desk traded.
        orders: Which order had a stop.
    """

    def __init__(self, *, books: Books, bookings: Bookings, orders: Orders) -> None:
        self._books, self._bookings, self._orders = books, bookings, orders

    def follow(self) -> None:
        """Bring the lots up to what was booked; another process may do so at the same time."""
        with self._books.transaction():
            count, known = self._bookings.count(), (self._books.get(FOLLOWED, "bookings") or {"count": 0})["count"]
            if count == known:
                return
            before = self._kept()
            after = dict(before)
            self._take(reversed(self._books.newest(BOOKED, count - known)), after)
            for place, lots in after.items():
                if lots != before.get(place):
                    self._books.put(LOTS, " ".join(place), lots.model_dump(mode="json"))
            self._books.put(FOLLOWED, "bookings", {"count": count})

    def watched(self, prices: Mapping[str, Decimal], held: Mapping[Place, Decimal] | None = None) -> list[Watched]:
        """Return the stops of every symbol that has one and a price, by venue.

        Args:
            prices: By symbol, in quote units.
            held: Base units by venue and symbol, of which no more can be sold; None looks at the lots alone.
        """
        found = []
        for place, lots in self._kept().items():
            if (price := prices.get(place[1])) is None or not lots.lots:
                continue
            quantity = sum((lot.quantity for lot in lots.lots), _ZERO)
            most = quantity if held is None else held.get(place, _ZERO)
            if most > 0:
                found.append(_watched(place, price, lots, min(quantity, most), min(lots.reached(price), most)))
        return found

    def _kept(self) -> dict[Place, Lots]:
        rows = ((name.partition(" "), row) for name, row in self._books.items(LOTS))
        return {(venue, symbol): Lots.model_validate(row) for (venue, _, symbol), row in rows}

    def _take(self, rows: Iterable[tuple[str, Json]], lots: dict[Place, Lots]) -> None:
        for _, row in rows:
            if row["what"] == OPENING:
                lots.update(dict.fromkeys(lots, Lots()))
            elif row["what"] == "trade":
                place = row["venue"], row["symbol"]
                lots[place] = self._after(row, lots.get(place, Lots()))

    def _after(self, row: Json, lots: Lots) -> Lots:
        trade = trade_of(row)
        if trade.side == "sell":
            return lots.sold(trade.quantity)
        if (stop := (self._orders.get(row["key"]) or {}).get("stop")) is None:
            return lots
        return lots.bought(Lot(key=row["key"], quantity=trade.quantity - trade.base_fee, stop=Decimal(stop)))


def _watched(place: Place, price: Decimal, lots: Lots, quantity: Decimal, reached: Decimal) -> Watched:
    return Watched(
        venue=place[0],
        symbol=place[1],
        price=significant(price),
        quantity=significant(quantity, 8),
        stop=lots.lots[0].stop,
        reached=significant(reached, 8),
    )
