"""What the desk owns and what it earned.

Balances of the venues are the truth about quantities; trades explain them. The desk's own books open at its first
sight of the accounts: what is there then is inventory, taken in at its mark of that moment, and older trades do not
count. Later a balance that trades do not explain is a deposit or a withdrawal, and is kept as what it is. One reading
is booked in one transaction, or not at all.

Everything is valued at the mid price of the venue that holds it. A currency that no venue quotes cannot be valued: it
is named in `unpriced`, and counts nothing.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median

from company.errors import VenueError
from company.ports import Books, decimal_of
from company.trading.accounts import Account, Accounts
from company.trading.answers import answer, number, optional
from company.trading.blotter import Blotter
from company.trading.bookkeeping import Bookkeeper
from company.trading.curve import EquityCurve
from company.trading.figures import Figure, Report, money, percent, significant
from company.trading.holdings import Holding
from company.trading.markets import Markets
from company.trading.orders import DOUBTFUL, state
from company.trading.readings import CURSORS, MARKS, Readings, TradeReader
from company.trading.risk import BookState, EquityMarks, flow_factor, mark_equity, moved_equity

READINGS = 5  # attempts at balances and trades that belong together
JUMP = Decimal("0.01")
"""Change of the equity since the last mark, as a fraction, that is explained by a booking before it is marked."""

_ZERO = Decimal(0)


class Balance(Report):
    """One currency on one venue. `value` is in quote units, None when no venue quotes the currency."""

    venue: str
    currency: str
    free: Figure
    total: Figure
    value: Figure | None


class Position(Report):
    """One held symbol over all venues.

    Attributes:
        quantity: In base units.
        average_cost: Paid for a base unit, without fees.
        price: Its mark now, weighted by where it is held.
        value: Quantity at its marks, in quote units.
        unrealised: Value less cost; `unrealised_percent` is of the cost.
        realised: Profit of what was sold since the books opened, before fees.
        fees: Fees since the books opened.
        venues: Base units by venue.
    """

    symbol: str
    quantity: Figure
    average_cost: Figure
    price: Figure
    value: Figure
    unrealised: Figure
    unrealised_percent: Figure
    realised: Figure
    fees: Figure
    venues: dict[str, Figure]


class ProfitAndLoss(Report):
    """What was earned, in quote units.

    Attributes:
        equity: Value of everything on all venues.
        net: Realised and unrealised profit less fees, since the books opened.
        day: What the UTC day earned so far; `day_percent` is what each unit of money that was there earned.
        drawdown_percent: Fall of the equity from its peak.
        since: When the books opened.
        unpriced: Currencies held that no venue quotes; they count nothing.
    """

    quote: str
    equity: Figure
    realised: Figure
    unrealised: Figure
    fees: Figure
    net: Figure
    day: Figure
    day_percent: Figure
    peak: Figure
    drawdown_percent: Figure
    since: datetime
    unpriced: list[str]


@dataclass(frozen=True, slots=True)
class ClosedTrades:
    """Orders that sold something since they are counted, and how many of them earned after the fees of both ways."""

    count: int
    won: int


class Portfolio:
    """Balances, positions and results over all venues.

    Args:
        markets: Prices, and the venues the accounts are on.
        books: Where the desk's own books are kept.
        blotter: Knows which orders are ours.
    """

    def __init__(self, *, markets: Markets, books: Books, blotter: Blotter) -> None:
        self._markets = markets
        self._books = books
        self._blotter = blotter
        self._curve = EquityCurve(books)
        self._trades = TradeReader(markets=markets, books=books, blotter=blotter, mark=self._mark)
        self._reading = asyncio.Lock()  # balances and trades that are booked together must be read together
        self._keeper = Bookkeeper(books=books, blotter=blotter, bookings=self._trades.bookings)
        self.bookings = self._trades.bookings

    async def accounts(self) -> Accounts:
        """Read all balances and value them; opens the desk's books at the first sight."""
        rows: list[Account] = []
        for name, venue in self._markets.venues.items():
            balance = await answer(name, venue.fetch_balance())
            free = balance.get("free") or {}
            for currency, raw in (balance.get("total") or {}).items():
                if raw is not None and (total := decimal_of(raw)):
                    mark = await self._mark(name, currency)
                    rows.append(Account(name, currency, decimal_of(free.get(currency) or 0), total, mark))
        accounts = Accounts(self._markets.quote, tuple(rows), tuple(self._markets.venues))
        if self._books.get(MARKS, "opened") is None:
            await self._open(accounts)
        return accounts

    async def state(self, accounts: Accounts | None = None) -> BookState:
        """Return what the limits are held against, and remember the equity's mark."""
        accounts = accounts or await self.accounts()
        if self._has_jumped(accounts.equity):
            accounts, _ = await self.booked()  # what came or went without a trade is no result: find it before marking
        marks = self._remember(accounts.equity)
        held = accounts.held()
        return BookState(
            equity=accounts.equity,
            day_equity=marks.day_equity,
            drawdown=marks.drawdown,
            notionals={symbol: _sum(row.value for row in rows) for symbol, rows in held.items()},
            held={symbol: _sum(row.total for row in rows) for symbol, rows in held.items()},
            pending=await self._pending(),
        )

    async def balances(self) -> list[Balance]:
        """Return every balance that is not zero, by venue."""
        return [
            Balance(
                venue=row.venue,
                currency=row.currency,
                free=significant(row.free, 8),
                total=significant(row.total, 8),
                value=None if row.mark is None else money(row.value),
            )
            for row in (await self.accounts()).rows
        ]

    async def positions(self) -> list[Position]:
        """Return what is held, the most valuable first."""
        accounts, holdings = await self.booked()
        rows = [_position(symbol, rows, holdings.get(symbol, Holding())) for symbol, rows in accounts.held().items()]
        return sorted(rows, key=lambda position: (-position.value, position.symbol))

    async def profit_and_loss(self) -> ProfitAndLoss:
        """Return the result since the books opened, and of today."""
        accounts, holdings = await self.booked()
        marks = self._remember(accounts.equity)
        opened = self._books.get(MARKS, "opened") or {}
        held = _sum(row.value for rows in accounts.held().values() for row in rows)
        unrealised = held - _sum(holding.cost for holding in holdings.values())
        realised = _sum(holding.realised for holding in holdings.values())
        fees = _sum(holding.fees for holding in holdings.values())
        return ProfitAndLoss(
            quote=self._markets.quote,
            equity=money(accounts.equity),
            realised=money(realised),
            unrealised=money(unrealised),
            fees=money(fees),
            net=money(realised + unrealised - fees),
            day=money(marks.day_profit),
            day_percent=percent(marks.day_return),
            peak=money(marks.peak),
            drawdown_percent=percent(marks.drawdown),
            since=datetime.fromisoformat(opened["at"]),
            unpriced=accounts.unpriced,
        )

    async def closed_trades(self) -> ClosedTrades:
        """Return how many trades were closed, and how many of them earned."""
        _, holdings = await self.booked()
        return ClosedTrades(
            count=sum(holding.closed for holding in holdings.values()),
            won=sum(holding.won for holding in holdings.values()),
        )

    async def _mark(self, venue: str, currency: str) -> Decimal | None:
        """Price of a currency: the venue's own mid, else the median of the others', else None."""
        if currency == self._markets.quote:
            return Decimal(1)
        symbol = f"{currency}/{self._markets.quote}"
        if symbol not in await self._markets.listed():
            return None
        mids = {quote.market.venue: quote.mid for quote in await self._markets.quotes(symbol)}
        return mids[venue] if venue in mids else median(mids.values())

    async def _pending(self) -> dict[str, Decimal]:
        """Value of the buy orders by symbol that are open, or may be: at their limit, else at the price to expect."""
        pending: dict[str, Decimal] = {}
        listed, resting = await self._markets.listed(), set[str]()
        for name, venue in self._markets.venues.items():
            for order in await answer(name, venue.fetch_open_orders()):
                resting.add(str(order.get("clientOrderId")))
                if order["side"] == "buy" and (symbol := order["symbol"]) in listed:
                    where = f"{name} open order {order.get('id')!r}"
                    left = optional(order, "remaining", where) or number(order, "amount", where)
                    price = optional(order, "price", where) or await self._mark(name, symbol.split("/")[0]) or _ZERO
                    pending[symbol] = pending.get(symbol, _ZERO) + left * price
        for symbol, value in self._doubtful(resting):
            pending[symbol] = pending.get(symbol, _ZERO) + value
        return pending

    def _doubtful(self, resting: Collection[str]) -> Iterator[tuple[str, Decimal]]:
        """Value of the buy orders that were sent and may have happened, at the price they were sent for."""
        for key, row in self._blotter.orders.unsettled().items():
            if state(row) in DOUBTFUL and row["side"] == "buy" and key not in resting:
                price = row.get("expected") or row["price"] or 0
                yield row["symbol"], Decimal(row["quantity"]) * Decimal(price)

    def _remember(self, equity: Decimal) -> EquityMarks:
        """Mark the equity; the peak, the day's beginning and the curve survive the process."""
        last, now = self._last_marks(), self._markets.clock.now()
        marks = mark_equity(last, equity, now)
        if marks != last or not self._curve.holds(now, equity):
            with self._books.transaction():  # read again: another process must not lose its peak or its deepest fall
                marks = mark_equity(self._last_marks(), equity, now)
                self._books.put(MARKS, "equity", marks.model_dump(mode="json"))
                self._curve.mark(now, equity)
        return marks

    def _has_jumped(self, equity: Decimal) -> bool:
        last = self._last_marks()
        return last is not None and last.equity > 0 and abs(equity / last.equity - 1) > JUMP

    def _move(self, equity: Decimal, flow: Decimal, now: datetime) -> None:
        """Take what came or went without a trade out of peak, day and curve; call it where that is booked."""
        if flow and (last := self._last_marks()) is not None:
            marks = moved_equity(last, equity, flow, now)
            self._books.put(MARKS, "equity", marks.model_dump(mode="json"))
            self._curve.move(now, flow_factor(equity, flow))

    def _last_marks(self) -> EquityMarks | None:
        raw = self._books.get(MARKS, "equity")
        return EquityMarks.model_validate(raw) if raw else None

    async def _open(self, accounts: Accounts) -> None:
        """Open the books: what is held is inventory at its mark, and reading of trades begins now."""
        now = self._markets.clock.now()
        cursors = await self._trades.beginnings(now, {row.currency for row in accounts.rows})
        holdings = {
            symbol: Holding.found(_sum(row.total for row in rows), _sum(row.value for row in rows))
            for symbol, rows in accounts.held().items()
        }
        with self._books.transaction():
            if self._books.get(MARKS, "opened") is not None:
                return
            for key, cursor in cursors.items():
                self._books.put(CURSORS, key, cursor)
            self._keeper.keep(holdings)
            self.bookings.open(now, accounts.by_venue(), holdings)
            self._books.put(MARKS, "opened", {"at": now, "equity": accounts.equity})

    async def booked(self) -> tuple[Accounts, dict[str, Holding]]:
        """Read balances and new trades, book them, and return both."""
        async with self._reading:
            for _ in range(READINGS):
                count = self.bookings.count()
                accounts, found = await self._read()
                with self._books.transaction():
                    if self.bookings.count() == count:  # else another process booked something meanwhile
                        now = self._markets.clock.now()
                        self._move(accounts.equity, self._keeper.book(accounts, found, now), now)
                        return accounts, self.holdings()
        raise VenueError(f"another process booked trades during each of {READINGS} readings: try again", retryable=True)

    def holdings(self) -> dict[str, Holding]:
        """Return every symbol's account as it was booked last."""
        return self._keeper.holdings()

    async def _read(self) -> tuple[Accounts, Readings]:
        """Read balances and the trades that explain them; again, when something was filled in between."""
        before = await self.accounts()
        for _ in range(READINGS):
            found = await self._trades.read(before.by_venue())
            accounts = await self.accounts()
            if accounts.totals() == before.totals():
                return accounts, found
            before = accounts
        raise VenueError(f"balances changed during each of {READINGS} readings: try again", retryable=True)

    def read_until(self, venue: str, symbol: str) -> int:
        """Return the time up to which trades are booked, UTC epoch milliseconds; later ones may be still to come."""
        return int(self._trades.cursor(venue, symbol)["at"])


def _position(symbol: str, rows: list[Account], holding: Holding) -> Position:
    quantity, value = _sum(row.total for row in rows), _sum(row.value for row in rows)
    unrealised = value - holding.cost
    return Position(
        symbol=symbol,
        quantity=significant(quantity, 8),
        average_cost=significant(holding.average),
        price=significant(value / quantity if quantity else _ZERO),
        value=money(value),
        unrealised=money(unrealised),
        unrealised_percent=percent(unrealised / holding.cost if holding.cost > 0 else _ZERO),
        realised=money(holding.realised),
        fees=money(holding.fees),
        venues={row.venue: significant(row.total, 8) for row in rows},
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
