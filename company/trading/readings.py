"""Reads our own trades from the venues, from where the last reading ended, so a long history is never read twice.

Which markets are asked follows from what changed: those where an order of ours traded, those whose currency is not what
the ledger says, and all of a venue only when its quote currency has changed and these do not explain it. A venue may
list four hundred symbols, and most of the time nothing happened in any of them.

A venue may show a trade later than a younger one. So each reading begins a little before the last one ended, and what
was booked already is left out by its id.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from company.errors import VenueError
from company.ports import Books, Json
from company.trading.answers import answer, charges, number
from company.trading.blotter import Blotter
from company.trading.bookings import Bookings, Totals, differences
from company.trading.executions import Execution
from company.trading.markets import Market, Markets

CURSORS, MARKS = "trading.cursor", "trading.marks"
OVERLAP = 300_000  # milliseconds before the end of the last reading from which the next one begins

Mark = Callable[[str, str], Awaitable[Decimal | None]]


@dataclass(frozen=True, slots=True)
class Reading:
    """The new trades of one market, oldest first, and where the next reading begins."""

    executions: tuple[Execution, ...]
    cursor: Json


Readings = Mapping[Market, Reading]


class TradeReader:
    """Reads trades.

    Args:
        markets: The venues and what they list.
        books: Where the reading positions and the bookings are.
        blotter: Knows which orders are ours.
        mark: Values a currency on a venue in quote units; None when no venue quotes it.

    Attributes:
        bookings: What was booked.
    """

    def __init__(self, *, markets: Markets, books: Books, blotter: Blotter, mark: Mark) -> None:
        self._markets, self._books, self._blotter, self._mark = markets, books, blotter, mark
        self.bookings = Bookings(books)

    async def beginnings(self, now: datetime, currencies: Iterable[str]) -> dict[str, Json]:
        """Return the reading positions, by market, at which the books open.

        Trades of this very millisecond may be in the balances already; they are told from later ones by their ids.
        """
        at, found = _milliseconds(now), dict[str, Json]()
        listed = await self._markets.listed()
        for symbol in (f"{currency}/{self._markets.quote}" for currency in currencies):
            for market in listed.get(symbol, {}).values():
                ids = [str(raw["id"]) for raw in await self._fetch(market, at) if raw["timestamp"] >= at]
                found[f"{market.venue}:{symbol}"] = {"at": at, "ids": ids, "from": {"at": at, "ids": ids}}
        return found

    async def read(self, found: Totals) -> Readings:
        """Return the new trades of every market where something may have happened.

        Args:
            found: What the venues hold now.

        Raises:
            VenueError: A trade cannot be right, or its fee cannot be valued.
        """
        listed = await self._markets.listed()
        everywhere = [market for markets in listed.values() for market in markets.values()]
        if not self.bookings.are_open:
            return {market: await self._of(market) for market in everywhere}
        changed, unread = self._changed(found, []), set(self._blotter.orders.unread())
        read = {
            market: await self._of(market)
            for market in everywhere
            if (market.venue, market.base) in changed or f"{market.venue} {market.symbol}" in unread
        }
        left = self._changed(found, [execution for reading in read.values() for execution in reading.executions])
        unexplained = {venue for venue, currency in left if currency == self._markets.quote}
        rest = [market for market in everywhere if market.venue in unexplained and market not in read]
        return {**read, **{market: await self._of(market) for market in rest}}

    def cursor(self, venue: str, symbol: str) -> Json:
        """Return the reading position: a time, and the ids already read at that time."""
        if kept := self._books.get(CURSORS, f"{venue}:{symbol}"):
            return kept
        opened = self._books.get(MARKS, "opened")
        began = datetime.fromisoformat(opened["at"]) if opened else self._markets.clock.now()
        return {"at": _milliseconds(began), "ids": []}

    def _changed(self, found: Totals, executions: list[Execution]) -> set[tuple[str, str]]:
        """Return venue and currency of balances that are not what they were, the trades apart."""
        expected = {venue: self.bookings.expected(venue) for venue in self._markets.venues}
        left = differences(found, expected, executions)
        return {(venue, currency) for currency, moved in left.items() for venue in moved}

    async def _of(self, market: Market) -> Reading:
        cursor = self.cursor(market.venue, market.symbol)
        found = await self._new(market, cursor)
        prices = await self._fee_prices(market, found)
        executions = []
        for raw in found:
            key, owner = await self._blotter.owner(market.venue, market.symbol, str(raw.get("order") or ""))
            executions.append(Execution.read(raw, market, self._markets.quote, prices, key, owner))
        executions.sort(key=lambda execution: execution.trade.at)
        return Reading(tuple(executions), _moved(cursor, found))

    async def _new(self, market: Market, cursor: Json) -> list[Json]:
        """Return the trades that are not booked, page by page."""
        first = cursor.get("from", cursor)
        since = max(first["at"], cursor["at"] - OVERLAP)
        found: dict[str, Json] = {}
        while page := [raw for raw in await self._fetch(market, since) if str(raw["id"]) not in found]:
            found |= {str(raw["id"]): raw for raw in page}
            since = max(since, *(int(raw["timestamp"]) for raw in page))
        old = set(first["ids"])
        return [
            raw
            for name, raw in found.items()
            if raw["timestamp"] >= first["at"] and name not in old and not self.bookings.knows(market, raw)
        ]

    async def _fee_prices(self, market: Market, page: Iterable[Json]) -> dict[str, Decimal]:
        """Value the currencies in which fees were taken, in quote units."""
        prices: dict[str, Decimal] = {}
        for raw in page:
            where = f"{market.venue} {market.symbol} trade {raw.get('id')!r}"
            for currency, _ in charges(raw, where):
                if currency not in prices and currency != market.base:
                    if (price := await self._mark(market.venue, currency)) is None:
                        raise VenueError(
                            f"{where}: its fee is in {currency!r}, which no venue prices in {market.symbol}"
                        )
                    prices[currency] = price
        return prices

    async def _fetch(self, market: Market, since: int) -> list[Json]:
        venue = self._markets.venues[market.venue]
        page = await answer(market.venue, venue.fetch_my_trades(market.symbol, since))
        for raw in page:
            where = f"{market.venue} {market.symbol} trade {raw.get('id')!r}"
            if raw.get("id") in (None, ""):
                raise VenueError(f"{where}: 'id' is missing in the venue's answer")
            if raw.get("symbol") not in (None, market.symbol):
                raise VenueError(f"{where}: 'symbol' is {raw['symbol']!r}, {market.symbol} was asked for")
            if number(raw, "timestamp", where) < 0:
                raise VenueError(f"{where}: 'timestamp' is {raw['timestamp']!r}, before 1970")
        return page


def _moved(cursor: Json, found: Iterable[Json]) -> Json:
    """Return the reading position after trades."""
    read = [(int(raw["timestamp"]), str(raw["id"])) for raw in found]
    at = max([cursor["at"], *(time for time, _ in read)])
    ids = cursor["ids"] if at == cursor["at"] else []
    new = [name for time, name in read if time == at and name not in ids]
    return {"at": at, "ids": [*ids, *new], "from": cursor.get("from", {"at": cursor["at"], "ids": cursor["ids"]})}


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
