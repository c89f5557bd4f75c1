"""Writes one reading of the accounts into the books: all of it or, when something in it cannot be right, nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from company.ports import Books
from company.trading.accounts import Accounts
from company.trading.blotter import Blotter
from company.trading.bookings import Bookings, differences
from company.trading.executions import Execution, Movement
from company.trading.holdings import Holding
from company.trading.readings import CURSORS, Readings

HOLDINGS, UNTOLD_MOVEMENTS = "trading.holding", "trading.moved"
_ZERO = Decimal(0)


class Bookkeeper:
    """Books trades and movements; its calls belong in a transaction.

    Args:
        books: Where the holdings and the reading positions are kept.
        blotter: Knows how much an order was for.
        bookings: Trades, movements and their ledger.
    """

    def __init__(self, *, books: Books, blotter: Blotter, bookings: Bookings) -> None:
        self._books, self._blotter, self.bookings = books, blotter, bookings

    def holdings(self) -> dict[str, Holding]:
        """Return every symbol's account as it was booked last."""
        return {key: Holding.model_validate(raw) for key, raw in self._books.items(HOLDINGS)}

    def keep(self, holdings: Mapping[str, Holding]) -> None:
        """Write accounts of symbols down."""
        for symbol, holding in holdings.items():
            self._books.put(HOLDINGS, symbol, holding.model_dump(mode="json"))

    def book(self, accounts: Accounts, found: Readings, now: datetime) -> Decimal:
        """Bring books to balances: trades explain the change, the rest came or went without one.

        Returns:
            What came without a trade, at its marks, in quote units; negative when it went.

        Raises:
            VenueError: The trades of an order sum to more than was ordered.
        """
        executions = [execution for page in found.values() for execution in page.executions]
        before = self.holdings()
        if not self.bookings.are_open:  # a home of an earlier version: its books go on from here
            self._open_late(accounts, executions, before, now)
        holdings = dict(before)
        movements = self._movements(accounts, executions)
        for movement in (one for one in movements if one.net > 0):
            self._move(holdings, movement, now)
        executions.sort(key=lambda execution: execution.trade.at)
        for _, fills in groupby(executions, key=lambda execution: execution.trade.order):
            self._trade(holdings, list(fills))
        for movement in (one for one in movements if one.net <= 0):
            self._move(holdings, movement, now)
        for market, page in found.items():
            self._books.put(CURSORS, f"{market.venue}:{market.symbol}", page.cursor)
            self._blotter.orders.read(market.venue, market.symbol)
        self.keep({symbol: holding for symbol, holding in holdings.items() if holding != before.get(symbol)})
        return sum((movement.net * movement.price for movement in movements), _ZERO)

    def _open_late(
        self, accounts: Accounts, executions: Iterable[Execution], holdings: Mapping[str, Holding], now: datetime
    ) -> None:
        totals = {venue: dict(held) for venue, held in accounts.by_venue().items()}
        for execution in executions:
            held = totals.setdefault(execution.market.venue, {})
            for currency, gained in execution.flows().items():
                held[currency] = held.get(currency, _ZERO) - gained
        self.bookings.open(now, totals, holdings)

    def _movements(self, accounts: Accounts, executions: Sequence[Execution]) -> list[Movement]:
        held, found = accounts.held(), list[Movement]()
        expected = {venue: self.bookings.expected(venue) for venue in accounts.venues}
        for currency, moved in differences(accounts.by_venue(), expected, executions).items():
            symbol = f"{currency}/{accounts.quote}"
            total, value = accounts.total(currency), sum((row.value for row in held.get(symbol, [])), _ZERO)
            is_held = symbol in held or self._books.get(HOLDINGS, symbol) is not None
            price = Decimal(1) if currency == accounts.quote else value / total if total else _ZERO
            found.append(Movement(currency, symbol if is_held else "", price, moved))
        return found

    def _move(self, holdings: dict[str, Holding], movement: Movement, at: datetime) -> None:
        self._books.put(UNTOLD_MOVEMENTS, self.bookings.movement(movement, at), {})
        if movement.symbol:
            held = holdings.get(movement.symbol, Holding())
            holdings[movement.symbol] = held.moved(movement.net, movement.price)

    def _trade(self, holdings: dict[str, Holding], fills: Sequence[Execution]) -> None:
        new: list[Execution] = []
        for fill in fills:
            row = self._blotter.record(fill.key) if fill.key else None
            if self.bookings.trade(fill, Decimal(row["quantity"]) if row else None):
                new.append(fill)
        if new:
            symbol = new[0].market.symbol
            holdings[symbol] = holdings.get(symbol, Holding()).executed([fill.trade for fill in new])
