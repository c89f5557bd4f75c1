"""Reads what the venues' own records say of the company's trades, and values it at the paper world's prices.

Nothing here comes from the company's books. What was held around an order is worked out from the opening balances and
the fills before it, so a limit that the company broke shows even when its own books do not know.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from company.grading.trades import Fill, Standing, VenueLedger
from company.home import Company
from company.ports import Json, decimal_of
from company.store import Run
from company.world import EPOCH, OPENING, Market, PaperVenue

HOURS = 300
"""Hours of prices from which correlations are taken, as many as the desk looks at."""

TOGETHER = 0.70
"""Correlation from which two symbols count together."""

_HOUR = timedelta(hours=1)
_ZERO = Decimal(0)


async def fills_of(company: Company) -> tuple[Fill, ...]:
    """Return every fill of the company on every venue, by time and then by the number of its order in the world."""
    fills = [fill for venue in company.world.venues.values() for fill in await _fills(venue)]
    return tuple(fill for _, fill in sorted(fills, key=lambda pair: (pair[1].at, pair[0])))


def standings_of(company: Company, fills: Sequence[Fill], runs: Sequence[Run]) -> tuple[Standing, ...]:
    """Return what the company held around every order that was filled, in the order they were filled."""
    book = _Book(company.world.market, company.settings.company.quote, len(company.world.venues))
    moments = [run.as_of for run in runs]
    return tuple(book.around(list(order), moments) for _, order in groupby(fills, key=lambda fill: (fill.key, fill.at)))


async def ledgers_of(company: Company, fills: Sequence[Fill]) -> tuple[VenueLedger, ...]:
    """Return what adding up every venue's ledger gives."""
    quote = company.settings.company.quote
    return tuple([await _ledger(venue, fills, quote) for venue in company.world.venues.values()])


async def _fills(venue: PaperVenue) -> list[tuple[int, Fill]]:
    """Return the fills of a venue with the numbers of their orders, `O12` the twelfth of all venues."""
    rows, listed = await venue.fetch_my_trades(), await venue.load_markets()
    keys = {row["order"]: (await venue.fetch_order(row["order"], row["symbol"]))["clientOrderId"] for row in rows}
    return [
        (int(row["order"].removeprefix("O")), _fill(venue.id, row, keys[row["order"]], listed[row["symbol"]]))
        for row in rows
    ]


def _fill(venue: str, row: Json, key: str, market: Json) -> Fill:
    return Fill(
        venue=venue,
        symbol=row["symbol"],
        side=row["side"],
        quantity=decimal_of(row["amount"]),
        cost=decimal_of(row["cost"]),
        fee=decimal_of(row["fee"]["cost"]),
        rate=decimal_of(market[row["takerOrMaker"]]),
        key=key,
        at=datetime.fromtimestamp(row["timestamp"] / 1000, UTC),
    )


async def _ledger(venue: PaperVenue, fills: Sequence[Fill], quote: str) -> VenueLedger:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in venue.exchange.ledger.entries():
        for posting in entry.postings:
            sums[posting.asset] += posting.amount
    total = (await venue.fetch_balance())["total"]
    held = _held(OPENING, (fill for fill in fills if fill.venue == venue.id), quote)
    unexplained = {asset: decimal_of(total.get(asset, 0)) - held.get(asset, _ZERO) for asset in {*held, *total}}
    return VenueLedger(venue.id, dict(sums), {asset: left for asset, left in unexplained.items() if left})


def _held(opening: Mapping[str, Decimal], fills: Iterable[Fill], quote: str) -> dict[str, Decimal]:
    """Return what is held by asset after some fills."""
    held = defaultdict(Decimal, opening)
    for fill in fills:
        sign = 1 if fill.side == "buy" else -1
        held[fill.symbol.partition("/")[0]] += sign * fill.quantity
        held[quote] -= sign * fill.cost + fill.fee
    return held


class _Book:
    """Goes through the fills in order and keeps what is held on all venues together."""

    def __init__(self, market: Market, quote: str, venues: int) -> None:
        self._market, self._quote = market, quote
        self._held = {asset: amount * venues for asset, amount in OPENING.items()}
        self._day: datetime | None = None
        self._day_equity = self._peak = _ZERO
        self._seen = 0
        self._returns: tuple[int, NDArray[np.float64]] = (-1, np.empty((0, 0)))

    def around(self, order: Sequence[Fill], moments: Sequence[datetime]) -> Standing:
        """Take one order into account and return what was held before and after it."""
        first = order[0]
        self._look_back(first.at, moments)
        equity = self._equity(first.at)
        self._held = _held(self._held, order, self._quote)
        values = self._values(first.at)
        return Standing(
            key=first.key,
            at=first.at,
            venue=first.venue,
            symbol=first.symbol,
            side=first.side,
            notional=sum((fill.cost for fill in order), _ZERO),
            equity=equity,
            day_equity=self._day_equity,
            drawdown=max(_ZERO, 1 - equity / max(self._peak, equity)),
            positions=values,
            together=self._together(first, values),
        )

    def _look_back(self, at: datetime, moments: Sequence[datetime]) -> None:
        """Value what was held at the day's beginning and at every run since the last order."""
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if midnight != self._day:
            self._day, self._day_equity = midnight, self._equity(midnight)
        passed = [moment for moment in moments[self._seen :] if moment <= at]
        self._seen += len(passed)
        self._peak = max([self._peak, *map(self._equity, passed)])

    def _equity(self, at: datetime) -> Decimal:
        return self._held.get(self._quote, _ZERO) + sum(self._values(at).values(), _ZERO)

    def _values(self, at: datetime) -> dict[str, Decimal]:
        held = {asset: amount for asset, amount in self._held.items() if asset != self._quote and amount}
        return {asset: amount * self._market.price(f"{asset}/{self._quote}", at) for asset, amount in held.items()}

    def _together(self, fill: Fill, values: Mapping[str, Decimal]) -> Decimal:
        """Return the largest value that moves with a held symbol and with the one that was traded.

        The value of each other symbol counts by its correlation with the held one, from `TOGETHER` on.
        """
        symbols = self._market.symbols
        matrix = np.corrcoef(self._hours(fill.at), rowvar=False)
        weights = np.where(matrix >= TOGETHER, matrix, 0.0)
        worth = np.array([float(values.get(symbol.partition("/")[0], _ZERO)) for symbol in symbols])
        group = (weights[symbols.index(fill.symbol)] > 0) & (worth > 0)
        return Decimal(str(round(float((weights @ worth)[group].max(initial=0.0)), 2)))

    def _hours(self, at: datetime) -> NDArray[np.float64]:
        """Return the returns of the last full hours, shape (hours, symbols)."""
        hour = (at - EPOCH) // _HOUR
        if self._returns[0] != hour:
            closes = [list(_closes(self._market, symbol, hour)) for symbol in self._market.symbols]
            prices = np.array(closes, dtype=np.float64).T
            self._returns = hour, prices[1:] / prices[:-1] - 1
        return self._returns[1]


def _closes(market: Market, symbol: str, hour: int) -> Iterator[float]:
    """Yield the closing prices, in ticks, of the `HOURS` hours before one, counted from the world's beginning."""
    for one in range(max(hour - HOURS, 0), hour):
        day, place = divmod(one, 24)
        yield float(market.minutes(symbol, day).close[place * 60 + 59])
