"""Proves that orders, trades, ledger, holdings and balances tell the same story, or says where they first do not.

Everything that can be computed again is: the ledger's balances from its entries, each entry from its trade, the
holdings from the bookings, each order's fill from its trades. At last the ledger is held against what the venues say
they hold. Nothing is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from company.errors import IntegrityError
from company.ports import Json
from company.trading.bookings import DUST, OPENING, Bookings, Totals, replayed, trade_of
from company.trading.figures import Report, significant
from company.trading.holdings import Holding
from company.trading.ledger import Entry
from company.trading.orders import ENDED

Amounts = dict[tuple[str, str], Decimal]


class Audit(Report):
    """What the check came to.

    Attributes:
        difference: The first thing that does not agree, in words; empty when everything does.
        bookings: How many trades and movements were walked.
        orders: How many orders were held against their trades.
        balances: How many balances of venues were held against the ledger.
    """

    difference: str
    bookings: int
    orders: int
    balances: int

    @property
    def agrees(self) -> bool:
        """True when nothing differs."""
        return not self.difference


def audit(
    bookings: Bookings, holdings: Mapping[str, Holding], orders: Iterable[tuple[str, Json]], found: Totals
) -> Audit:
    """Walk the books and hold them against each other.

    Args:
        bookings: What was booked, with its ledger.
        holdings: Every symbol's account as it is kept.
        orders: Key and row of every order.
        found: What the venues say they hold.
    """
    rows, written = list(bookings.rows()), list(orders)
    parts = (
        _ledger(bookings),
        _entries(bookings, rows),
        _holdings(rows, holdings),
        _orders(rows, written),
        _balances(bookings, found),
    )
    difference = next((words for part in parts for words in part), "")
    balances = sum(len(held) for held in found.values())
    return Audit(difference=difference, bookings=len(rows), orders=len(written), balances=balances)


def _ledger(bookings: Bookings) -> Iterator[str]:
    try:
        bookings.ledger.verify()
    except IntegrityError as error:
        yield str(error)


def _entries(bookings: Bookings, rows: Iterable[tuple[str, Json]]) -> Iterator[str]:
    left = {entry.memo: entry for entry in bookings.ledger.entries()}
    for name, row in rows:
        if (entry := left.pop(name, None)) is None:
            yield f"booking {name!r} has no entry in the ledger"
        elif (booked := _moved(row)) != (posted := _posted(entry, booked)):
            yield f"booking {name!r} moved {_shown(booked)}, its entry in the ledger says {_shown(posted)}"
    for memo in left:
        yield f"ledger entry {memo!r} belongs to nothing that was booked"


def _moved(row: Json) -> Amounts:
    """What a booking moved at the venues, by venue and currency."""
    moved: Amounts = defaultdict(Decimal)
    if row["what"] == "movement":
        return {(venue, row["currency"]): Decimal(amount) for venue, amount in row["accounts"].items()}
    if row["what"] == OPENING:
        held = ((venue, name, amount) for venue, totals in row["accounts"].items() for name, amount in totals.items())
        return {(venue, name): Decimal(amount) for venue, name, amount in held}
    trade, (base, quote) = trade_of(row), row["symbol"].split("/")
    sign = 1 if trade.side == "buy" else -1
    moved[row["venue"], base] += sign * trade.quantity
    moved[row["venue"], quote] -= sign * Decimal(row["cost"])
    for currency, fee in row["fees"]:
        moved[row["venue"], currency] -= Decimal(fee)
    return dict(moved)


def _posted(entry: Entry, booked: Amounts) -> Amounts:
    """What an entry posted to the same accounts, and to any other venue's."""
    venues = {venue for venue, _ in booked}
    posted: Amounts = {place: Decimal(0) for place in booked}
    for posting in entry.postings:
        if posting.account in venues:
            place = posting.account, posting.asset
            posted[place] = posted.get(place, Decimal(0)) + posting.amount
    return posted


def _holdings(rows: Iterable[tuple[str, Json]], holdings: Mapping[str, Holding]) -> Iterator[str]:
    again = replayed(rows)
    for symbol in sorted(again.keys() | holdings.keys()):
        kept, computed = holdings.get(symbol, Holding()).parts, again.get(symbol, Holding()).parts
        if {part.owner: part for part in kept} != {part.owner: part for part in computed}:
            yield f"holding of {symbol} is kept as {_said(kept)}, its bookings come to {_said(computed)}"


def _orders(rows: Iterable[tuple[str, Json]], orders: Iterable[tuple[str, Json]]) -> Iterator[str]:
    """Hold orders against their trades; one that traded before the books of trades opened has none there."""
    traded: dict[str, Decimal] = defaultdict(Decimal)
    opened = ""
    for _, row in rows:
        opened = opened or (row["at"] if row["what"] == OPENING else "")
        if row["what"] == "trade" and row["key"]:
            traded[row["key"]] += Decimal(row["quantity"])
    for key, order in orders:
        filled, told = significant(traded[key], 8), Decimal(order.get("filled", 0))
        is_behind = told < filled and order["status"] not in ENDED  # it is looked up by the next reconciliation
        if filled != told and not is_behind and order["at"] >= opened:
            yield f"order {key!r} on {order['venue']} filled {told:f}, its trades sum to {filled:f}"


def _balances(bookings: Bookings, found: Totals) -> Iterator[str]:
    for venue, held in found.items():
        expected = bookings.expected(venue)
        for currency in sorted(expected.keys() | held.keys()):
            told, kept = held.get(currency, Decimal(0)), expected.get(currency, Decimal(0))
            if abs(told - kept) >= DUST:
                yield f"{venue} holds {told:f} {currency}, the ledger says {kept:f}"


def _shown(amounts: Amounts) -> str:
    return ", ".join(f"{amount:f} {currency} on {venue}" for (venue, currency), amount in sorted(amounts.items()))


def _said(parts: Iterable[object]) -> str:
    return "; ".join(str(part) for part in parts) or "nothing"
