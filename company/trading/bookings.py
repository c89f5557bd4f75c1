"""What changed the accounts, in the order in which it was booked: trades, and balances that no trade explains.

Each booking is kept with its figures under an id that cannot differ from one reading to the next: a trade's is its
venue, symbol and the venue's own id, a movement's is made of its currency and the time. An id is booked once, so a
trade that is heard of twice, out of order, or by two processes at once, counts once.

Beside it stands a double-entry ledger: one account for each venue, one for the fees, and `world`, which is everybody
else. So the ledger says what each venue must hold, and the holdings can be computed again from the bookings.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from company.errors import VenueError
from company.ports import Books, Json
from company.trading.answers import number
from company.trading.executions import WORLD, Execution, Movement
from company.trading.holdings import Holding, Trade
from company.trading.intents import NOBODY, Owner
from company.trading.ledger import Ledger, Posting
from company.trading.markets import Market

BOOKED, TRADED, COUNT = "trading.booked", "trading.traded", "trading.count"
LEDGER, OPENING = "trading.ledger", "opening"
DUST = Decimal("1e-8")  # venues tell balances as floats: what is less than this is their rounding
_ZERO = Decimal(0)

Totals = Mapping[str, Mapping[str, Decimal]]
"""Balances by venue and currency."""


class Bookings:
    """The bookings and their ledger.

    Args:
        books: Where they are kept.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self.ledger = Ledger(books, LEDGER)

    @property
    def are_open(self) -> bool:
        """True once it was written down what there was at first sight."""
        return self._books.get(BOOKED, OPENING) is not None

    def count(self) -> int:
        """Return how much was booked so far; as long as it is the same, so are ledger and holdings."""
        return int((self._books.get(COUNT, "bookings") or {"count": 0})["count"])

    def open(self, at: datetime, totals: Totals, holdings: Mapping[str, Holding]) -> None:
        """Write down what there is at first sight; call it in a transaction."""
        postings = [
            Posting(account=account, asset=currency, amount=sign * amount)
            for venue, held in totals.items()
            for currency, amount in held.items()
            for account, sign in ((venue, 1), (WORLD, -1))
        ]
        row = {
            "what": OPENING,
            "at": at,
            "accounts": {venue: {name: str(amount) for name, amount in held.items()} for venue, held in totals.items()},
            "holdings": {symbol: holding.model_dump(mode="json") for symbol, holding in holdings.items()},
        }
        self._add(OPENING, row, at, postings)

    def knows(self, market: Market, raw: Json) -> bool:
        """Tell whether a ccxt trade was booked.

        Raises:
            VenueError: It was, with other figures: a venue does not change what happened.
        """
        row = self._books.get(BOOKED, f"{market.venue} {market.symbol} {raw['id']}")
        if row is None:
            return False
        where = f"{market.venue} {market.symbol} trade {raw['id']!r}"
        for field, kept in (("amount", row["quantity"]), ("price", row["price"])):
            if (told := number(raw, field, where)) != Decimal(kept):
                raise VenueError(f"{where}: {field!r} is {told:f}, it was booked with {Decimal(kept):f}")
        return True

    def expected(self, venue: str) -> dict[str, Decimal]:
        """Return what a venue must hold, by currency."""
        return self.ledger.balances(venue)

    def trade(self, execution: Execution, most: Decimal | None) -> bool:
        """Book a trade, once; call it in a transaction.

        Args:
            execution: The trade.
            most: How much its order was for, in base units; None when the order is not ours.

        Returns:
            Whether it is new.

        Raises:
            VenueError: The trades of the order sum to more than was ordered.
        """
        if self._books.get(BOOKED, execution.id) is not None:
            return False
        if execution.key:
            self._fill(execution, most)
        at = datetime.fromtimestamp(execution.trade.at / 1000, UTC)
        self._add(execution.id, execution.row(), at, execution.postings())
        return True

    def movement(self, movement: Movement, at: datetime) -> str:
        """Book a movement; call it in a transaction.

        Returns:
            The id it is booked under.
        """
        stem, number = f"movement {movement.currency} {int(at.timestamp() * 1000)}", 0
        while self._books.get(BOOKED, f"{stem}.{number}") is not None:
            number += 1
        self._add(f"{stem}.{number}", movement.row(at), at, movement.postings())
        return f"{stem}.{number}"

    def rows(self) -> Iterator[tuple[str, Json]]:
        """Return id and row of everything that was booked, in that order."""
        return self._books.items(BOOKED)

    def row(self, id: str) -> Json | None:
        """Return what was booked under an id."""
        return self._books.get(BOOKED, id)

    def traded(self, key: str) -> Decimal:
        """Return how much the booked trades of one of our orders sum to, in base units."""
        return Decimal((self._books.get(TRADED, key) or {"quantity": "0"})["quantity"])

    def _fill(self, execution: Execution, most: Decimal | None) -> None:
        filled = self.traded(execution.key) + execution.trade.quantity
        if most is not None and filled - most > most * DUST:
            raise VenueError(
                f"{execution.market.venue} {execution.market.symbol} trade {execution.trade.id!r}: with it the trades"
                f" of order {execution.order_id!r} sum to {filled:f}, {most:f} were ordered"
            )
        self._books.put(TRADED, execution.key, {"quantity": filled})

    def _add(self, id: str, row: Json, at: datetime, postings: Iterable[Posting]) -> None:
        self._books.put(BOOKED, id, row)
        self.ledger.post(at, id, postings, key=id)
        self._books.put(COUNT, "bookings", {"count": self.count() + 1})


def differences(found: Totals, expected: Totals, executions: Sequence[Execution]) -> dict[str, dict[str, Decimal]]:
    """Return what trades do not explain, by currency and venue.

    Args:
        found: What the venues say they hold.
        expected: What the ledger says they held before.
        executions: The trades since.
    """
    left: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for totals, sign in ((found, 1), (expected, -1)):
        for venue, held in totals.items():
            for currency, amount in held.items():
                left[currency, venue] += sign * amount
    for execution in executions:
        for currency, gained in execution.flows().items():
            left[currency, execution.market.venue] -= gained
    unexplained: dict[str, dict[str, Decimal]] = {}
    for (currency, venue), amount in left.items():
        if abs(amount) >= DUST:
            unexplained.setdefault(currency, {})[venue] = amount
    return unexplained


def replayed(rows: Iterable[tuple[str, Json]]) -> dict[str, Holding]:
    """Compute the holdings again from the bookings, by symbol."""
    holdings: dict[str, Holding] = {}
    for _, row in rows:
        if row["what"] == OPENING:
            holdings = {symbol: Holding.model_validate(held) for symbol, held in row["holdings"].items()}
        elif row["what"] == "trade":
            holdings[row["symbol"]] = holdings.get(row["symbol"], Holding()).traded(trade_of(row))
        elif row["symbol"]:
            net = sum((Decimal(amount) for amount in row["accounts"].values()), _ZERO)
            holdings[row["symbol"]] = holdings.get(row["symbol"], Holding()).moved(net, Decimal(row["price"]))
    return holdings


def trade_of(row: Json) -> Trade:
    """Return a booked trade."""
    return Trade(
        id=row["order"],
        at=row["at"],
        side=row["side"],
        quantity=Decimal(row["quantity"]),
        price=Decimal(row["price"]),
        base_fee=Decimal(row["base_fee"]),
        fee=Decimal(row["fee"]),
        order=row["order"],
        owner=Owner(row["strategy"], row["role"]) if row["strategy"] or row["role"] else NOBODY,
    )
