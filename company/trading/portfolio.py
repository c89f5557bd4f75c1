"""What the desk owns and what it earned.

Balances of the venues are the truth about quantities; trades explain them. The desk's own books open at its first
sight of the accounts: what is there then is inventory, taken in at its mark of that moment, and older trades do not
count. Later a balance that trades do not explain is a deposit or a withdrawal. Trades are read from where the last
reading ended, so a long history is never read twice; the reading position and the holding change in one transaction.

Everything is valued at the mid price of the venue that holds it. A currency that no venue quotes cannot be valued: it
is named in `unpriced`, and counts nothing.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from statistics import median

from company.errors import VenueError
from company.ports import Books, Json, decimal_of
from company.trading.answers import answer, charges, number, optional
from company.trading.curve import EquityCurve
from company.trading.figures import Figure, Report, money, percent, significant
from company.trading.holdings import Holding, Trade
from company.trading.markets import Market, Markets
from company.trading.risk import BookState, EquityMarks, mark_equity

HOLDINGS, CURSORS, MARKS = "trading.holding", "trading.cursor", "trading.marks"
READINGS = 5  # attempts at balances and trades that belong together
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
        day: Equity against the beginning of the UTC day; `day_percent` is of the equity then.
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


@dataclass(frozen=True, slots=True)
class Account:
    """One currency on one venue, exactly. `mark` is its price in quote units, None when no venue quotes it."""

    venue: str
    currency: str
    free: Decimal
    total: Decimal
    mark: Decimal | None

    @property
    def value(self) -> Decimal:
        """Worth in quote units; 0 when it cannot be valued."""
        return self.total * self.mark if self.mark is not None else _ZERO


@dataclass(frozen=True, slots=True)
class Accounts:
    """All balances at one moment."""

    quote: str
    rows: tuple[Account, ...]

    @property
    def equity(self) -> Decimal:
        """Value of everything that can be valued, in quote units."""
        return _sum(row.value for row in self.rows)

    @property
    def cash(self) -> Decimal:
        """Quote currency on all venues."""
        return self.total(self.quote)

    @property
    def unpriced(self) -> list[str]:
        """Currencies that cannot be valued."""
        return list(dict.fromkeys(row.currency for row in self.rows if row.mark is None))

    def held(self) -> dict[str, list[Account]]:
        """Return the priced accounts other than the quote currency, by symbol."""
        symbols: dict[str, list[Account]] = {}
        for row in self.rows:
            if row.currency != self.quote and row.mark is not None:
                symbols.setdefault(f"{row.currency}/{self.quote}", []).append(row)
        return symbols

    def total(self, currency: str) -> Decimal:
        """Return the balance of a currency over all venues."""
        return _sum(row.total for row in self.rows if row.currency == currency)

    def totals(self) -> list[tuple[str, str, Decimal]]:
        """Return venue, currency and balance of every account."""
        return [(row.venue, row.currency, row.total) for row in self.rows]

    def free(self, venue: str, currency: str) -> Decimal:
        """Return the free balance of a currency on a venue."""
        return next((row.free for row in self.rows if row.venue == venue and row.currency == currency), _ZERO)


class Portfolio:
    """Balances, positions and results over all venues.

    Args:
        markets: Prices, and the venues the accounts are on.
        books: Where the desk's own books are kept.
    """

    def __init__(self, *, markets: Markets, books: Books) -> None:
        self._markets = markets
        self._books = books
        self._curve = EquityCurve(books)
        self._reading = asyncio.Lock()  # balances and trades that are booked together must be read together

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
        accounts = Accounts(self._markets.quote, tuple(rows))
        if self._books.get(MARKS, "opened") is None:
            await self._open(accounts)
        return accounts

    async def state(self, accounts: Accounts | None = None) -> BookState:
        """Return what the limits are held against, and remember the equity's mark."""
        accounts = accounts or await self.accounts()
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
        accounts, holdings = await self._booked()
        rows = [_position(symbol, rows, holdings.get(symbol, Holding())) for symbol, rows in accounts.held().items()]
        return sorted(rows, key=lambda position: (-position.value, position.symbol))

    async def profit_and_loss(self) -> ProfitAndLoss:
        """Return the result since the books opened, and of today."""
        accounts, holdings = await self._booked()
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
            day_percent=percent(marks.day_profit / marks.day_equity if marks.day_equity > 0 else _ZERO),
            peak=money(marks.peak),
            drawdown_percent=percent(marks.drawdown),
            since=datetime.fromisoformat(opened["at"]),
            unpriced=accounts.unpriced,
        )

    async def closed_trades(self) -> ClosedTrades:
        """Return how many trades were closed, and how many of them earned."""
        _, holdings = await self._booked()
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
        """Value of the open buy orders by symbol, at their limit, or at the mark when they have none."""
        pending: dict[str, Decimal] = {}
        listed = await self._markets.listed()
        for name, venue in self._markets.venues.items():
            for order in await answer(name, venue.fetch_open_orders()):
                if order["side"] == "buy" and (symbol := order["symbol"]) in listed:
                    where = f"{name} open order {order.get('id')!r}"
                    left = optional(order, "remaining", where) or number(order, "amount", where)
                    price = optional(order, "price", where) or await self._mark(name, symbol.split("/")[0]) or _ZERO
                    pending[symbol] = pending.get(symbol, _ZERO) + left * price
        return pending

    def _remember(self, equity: Decimal) -> EquityMarks:
        """Mark the equity; the peak, the day's beginning and the curve survive the process."""
        raw, now = self._books.get(MARKS, "equity"), self._markets.clock.now()
        last = EquityMarks.model_validate(raw) if raw else None
        marks = mark_equity(last, equity, now)
        if marks != last or not self._curve.holds(now, equity):
            with self._books.transaction():
                self._books.put(MARKS, "equity", marks.model_dump(mode="json"))
                self._curve.mark(now, equity)
        return marks

    async def _open(self, accounts: Accounts) -> None:
        """Open the books: what is held is inventory at its mark, and reading of trades begins now."""
        now = self._markets.clock.now()
        cursors: dict[str, Json] = {}
        for symbol, markets in (await self._markets.listed()).items():
            for market in markets.values():
                cursor = self._cursor(market.venue, symbol)
                cursors[f"{market.venue}:{symbol}"] = _moved(cursor, await self._fetch(market, cursor["at"]))
        with self._books.transaction():
            if self._books.get(MARKS, "opened") is not None:
                return
            for key, cursor in cursors.items():
                self._books.put(CURSORS, key, cursor)
            for symbol, rows in accounts.held().items():
                quantity, value = _sum(row.total for row in rows), _sum(row.value for row in rows)
                self._books.put(HOLDINGS, symbol, Holding(quantity=quantity, cost=value).model_dump(mode="json"))
            self._books.put(MARKS, "opened", {"at": now, "equity": accounts.equity})

    async def _booked(self) -> tuple[Accounts, dict[str, Holding]]:
        """Read balances and new trades, book them, and return both."""
        async with self._reading:
            accounts, found = await self._read()
            held = accounts.held()
            for symbol, trades in found.items():
                await self._book(symbol, trades, held.get(symbol, []))
        return accounts, {key: Holding.model_validate(raw) for key, raw in self._books.items(HOLDINGS)}

    async def _read(self) -> tuple[Accounts, dict[str, dict[Market, list[Json]]]]:
        """Read balances and the trades that explain them; again, when something was filled in between."""
        before = await self.accounts()
        for _ in range(READINGS):
            found = {
                symbol: {market: await self._new_trades(market) for market in markets.values()}
                for symbol, markets in (await self._markets.listed()).items()
            }
            accounts = await self.accounts()
            if accounts.totals() == before.totals():
                return accounts, found
            before = accounts
        raise VenueError(f"balances changed during each of {READINGS} readings: try again", retryable=True)

    async def _new_trades(self, market: Market) -> list[Json]:
        """Return the trades after the reading position, page by page."""
        cursor = self._cursor(market.venue, market.symbol)
        found: list[Json] = []
        while page := _unread(await self._fetch(market, cursor["at"]), cursor):
            found += page
            cursor = _moved(cursor, page)
        return found

    async def _book(self, symbol: str, found: Mapping[Market, list[Json]], rows: Iterable[Account]) -> None:
        """Bring one symbol's holding to its balances: trades explain the change, the rest came or went without one."""
        total, value = _sum(row.total for row in rows), _sum(row.value for row in rows)
        prices = {market: await self._fee_prices(market, page) for market, page in found.items()}
        with self._books.transaction():
            raw = self._books.get(HOLDINGS, symbol)
            before = holding = Holding.model_validate(raw) if raw else Holding()
            trades: list[Trade] = []
            for market, page in found.items():
                cursor = self._cursor(market.venue, market.symbol)
                if unread := _unread(page, cursor):
                    where = f"{market.venue} {symbol}"
                    trades += [Trade.read(entry, where, market.base, prices[market]) for entry in unread]
                    self._books.put(CURSORS, f"{market.venue}:{symbol}", _moved(cursor, unread))
            unexplained = total - holding.quantity - _sum(trade.change for trade in trades)
            mark = value / total if total else _ZERO
            holding = holding.moved(max(unexplained, _ZERO), mark)
            trades.sort(key=lambda trade: trade.at)
            for _, fills in groupby(trades, key=lambda trade: trade.order):
                holding = holding.executed(list(fills))
            holding = holding.moved(min(unexplained, _ZERO), mark)
            if holding != before:
                self._books.put(HOLDINGS, symbol, holding.model_dump(mode="json"))

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
            number(raw, "timestamp", f"{market.venue} {market.symbol} trade {raw.get('id')!r}")
        return page

    def read_until(self, venue: str, symbol: str) -> int:
        """Return the time up to which trades are booked, UTC epoch milliseconds; later ones may be still to come."""
        return int(self._cursor(venue, symbol)["at"])

    def _cursor(self, venue: str, symbol: str) -> Json:
        """Return the reading position: a time, and the ids already read at that time."""
        now = int(self._markets.clock.now().timestamp() * 1000)
        return self._books.get(CURSORS, f"{venue}:{symbol}") or {"at": now, "ids": []}


def _unread(page: Iterable[Json], cursor: Json) -> list[Json]:
    at, ids = cursor["at"], set(cursor["ids"])
    return [raw for raw in page if raw["timestamp"] > at or (raw["timestamp"] == at and str(raw["id"]) not in ids)]


def _moved(cursor: Json, page: Iterable[Json]) -> Json:
    """Return the reading position after `page`."""
    read = [(raw["timestamp"], str(raw["id"])) for raw in page]
    at = max([cursor["at"], *(time for time, _ in read)])
    ids = cursor["ids"] if at == cursor["at"] else []
    return {"at": at, "ids": [*ids, *(trade for time, trade in read if time == at)]}


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
