"""A paper venue: an account on an exchange, and the world's prices around it, in ccxt's unified interface.

The exchange (`company.trading.exchange`) keeps the accounts and matches; the world only brings quotes and flow. The
venue adds what the world shows to everybody: tickers, candles and public trades.
"""

import re
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from company.errors import UsageError
from company.ports import Books, Clock, Json
from company.trading.exchange import Exchange, ExchangeVenue
from company.trading.exchange.unified import page
from company.world import unified
from company.world.candles import Candles, closed, minutes_of
from company.world.liquidity import PaperLiquidity
from company.world.listings import LISTINGS, number_of
from company.world.market import Market, minute_of, ms_of
from company.world.paths import DAY
from company.world.quotes import Microstructure, Quotes

_CANDLES: Final = 500
_TRADES: Final = 500
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")  # a dot would name another account's records


class PaperVenue(ExchangeVenue):
    """One exchange account of the paper world; implements `company.ports.Venue`.

    Args:
        id: Name of the venue; seeds its book and prefixes its records.
        market: The prices all venues share.
        clock: What the venue takes for now.
        books: Where the accounts live.
        maker_fee: Fraction of the cost a resting order pays, in the quote currency.
        taker_fee: Fraction of the cost an arriving order pays.
        balances: What every account is opened with, by asset.
        structure: How the venue's quotes differ from others'.
    """

    def __init__(
        self,
        id: str,
        market: Market,
        clock: Clock,
        books: Books,
        *,
        maker_fee: Decimal,
        taker_fee: Decimal,
        balances: Mapping[str, Decimal],
        structure: Microstructure | None = None,
    ) -> None:
        self._quotes, self._balances = Quotes(market, id, structure or Microstructure()), balances
        exchange = Exchange(
            id,
            books,
            {listing.symbol: listing.instrument for listing in LISTINGS},
            PaperLiquidity(self._quotes),
            maker_fee=maker_fee,
            taker_fee=taker_fee,
            numbers="paper.order",  # one count for all venues, so an order id names one order of the world
        )
        super().__init__(exchange, clock)

    def for_account(self, name: str) -> "PaperVenue":
        """Return this venue as another account sees it, which is opened with the same balances on first use.

        Args:
            name: 1 to 40 letters, digits, `_` or `-`; `company` is the account of the company itself.

        Raises:
            UsageError: It is no name.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"account name {name!r} is not 1 to 40 letters, digits, _ or -",
                where=f"{self.id}.for_account(name=)",
                cure="choose another name",
            )
        other = copy(self)
        other.account = name
        return other

    def _present(self) -> datetime:
        now = super()._present()
        self.exchange.open(self.account, self._balances, now)
        return now

    async def fetch_ticker(self, symbol: str) -> Json:
        """Return price, best bid and ask, and the figures of the last 24 hours.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        listing, now = LISTINGS[number_of(symbol)], self._clock.now()
        minute = minute_of(now)
        last = self._quotes.mid(symbol, minute)
        depth = self.exchange.depth(symbol, now, 1)
        return unified.ticker(listing, now, depth, last, self._last_day(symbol, minute))

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str = "1m", since: int | None = None, limit: int | None = None
    ) -> list[list[Any]]:
        """Return closed candles `[epoch ms, open, high, low, close, volume]` with float figures, oldest first.

        Args:
            symbol: Unified name.
            timeframe: One of 1m 5m 15m 1h 4h 1d.
            since: Earliest beginning in epoch ms; without it the newest candles are returned.
            limit: How many at most; 500 unless told otherwise.

        Raises:
            BadSymbol: The symbol is not listed.
            VenueError: The timeframe does not exist.
        """
        listing, size, count = LISTINGS[number_of(symbol)], minutes_of(timeframe), limit or _CANDLES
        last = minute_of(self._clock.now())
        if since is None:
            first = (last // size - count) * size
        else:
            first = -(-max(since - ms_of(0), 0) // (60_000 * size)) * size
            last = min(last, first + count * size)
        rows = closed(lambda day: self._quotes.day(symbol, day), listing, timeframe, first, last)
        return [[ms_of(row[0]), *row[1:]] for row in rows]

    async def fetch_trades(self, symbol: str, since: int | None = None, limit: int | None = None) -> list[Json]:
        """Return what the world traded, oldest first: the minutes that are over as four trades each.

        Args:
            symbol: Unified name.
            since: Earliest time in epoch ms; without it the newest trades are returned.
            limit: How many at most; 500 unless told otherwise.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        listing, count = LISTINGS[number_of(symbol)], limit or _TRADES
        last, wanted = minute_of(self._clock.now()), count // 4 + 2
        first = max(last - wanted, 0) if since is None else max(since - ms_of(0), 0) // 60_000
        minutes = range(first, min(last, first + wanted))
        days = ((minute, *divmod(minute, DAY)) for minute in minutes)
        rows = (
            row
            for minute, day, place in days
            for row in unified.minute_trades(listing, minute, ms_of(minute), self._quotes.day(symbol, day), place)
        )
        return page(rows, since, count)

    def _last_day(self, symbol: str, minute: int) -> Candles:
        """Return the minutes of the last 24 hours, or the first minute of all when none has passed."""
        day, moment = divmod(minute, DAY)
        today = self._quotes.day(symbol, day)
        if not day:
            return today.part(slice(0, max(moment, 1)))
        return self._quotes.day(symbol, day - 1).part(slice(moment, DAY)).join(today.part(slice(0, moment)))
