"""An ear at a venue: it listens within a time limit, and remembers what was said.

Everything a picture of the desk needs is asked in one go, and only a complete answer replaces the one before, so
balances, orders, trades and prices always belong together. A venue that failed is left alone for a while. Candles are
asked when they are wanted, within the same limit, and kept until the next bar closes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal, TypeVar

from company.errors import VenueError
from company.ports import Clock, Venue
from company.trading.answers import answer
from company.trading.features import timeframe_seconds
from company.trading.figures import Report
from company.trading.heard import Words
from company.trading.markets import DEPTH, trades_spot

PATIENCE = 2.0
"""Seconds in which a venue must answer."""

RESPITE = 10.0
"""Seconds for which a venue that failed is not asked again."""

_SAID = 200  # characters of an error
_MOST_BARS = 100  # series of candles that are kept

Reply = TypeVar("Reply")
Rows = list[list[Any]]


class VenueState(Report):
    """How a venue answers.

    Attributes:
        status: `ok`; `stale` when it fails now and what it said before is shown; `down` when it never answered.
        age_seconds: Company time since its last complete answer; None before the first.
        symbols: How many symbols it lists that the desk trades.
        error: Why it is not `ok`; one line, in part a stranger's words.
    """

    name: str
    status: Literal["ok", "stale", "down"]
    age_seconds: int | None
    symbols: int
    error: str


class Ear:
    """Listens to one venue.

    Args:
        name: The venue's name.
        venue: The venue; it is only asked, never given an order.
        clock: The company's time.
        quote: Currency of the symbols that are of interest.
        patience: Seconds in which it must answer.
    """

    def __init__(self, name: str, venue: Venue, *, clock: Clock, quote: str, patience: float = PATIENCE) -> None:
        self.name = name
        self._venue, self._clock, self._quote, self._patience = venue, clock, quote, patience
        self._words: Words | None = None
        self._bars: dict[tuple[str, str, int | None], tuple[int, Rows]] = {}
        self._error, self._left_alone_until = "", 0.0
        self._asking = asyncio.Lock()

    async def listen(self, booked: Callable[[str, str], int]) -> Words | None:
        """Ask for everything anew, unless the venue failed a moment ago.

        Args:
            booked: Time up to which trades of a venue and symbol are known, UTC epoch milliseconds.

        Returns:
            Its last complete answer; None before the first.
        """
        async with self._asking:
            if not self.is_left_alone and (words := await self._within_patience(self._everything(booked))):
                self._words, self._error = words, ""
        return self._words

    async def candles(self, symbol: str, timeframe: str, limit: int | None) -> Rows:
        """Return ccxt's newest candles, those of before while the bar that forms is still the same.

        Raises:
            VenueError: It does not answer, and told none before.
        """
        key = symbol, timeframe, limit
        async with self._asking:
            forming = int(self._clock.now().timestamp()) // timeframe_seconds(timeframe)
            known = self._bars.get(key)
            if (known is None or known[0] != forming) and not self.is_left_alone:
                rows = await self._within_patience(self._venue.fetch_ohlcv(symbol, timeframe, None, limit))
                if rows is not None:
                    known = self._keep(key, (forming, rows))
        if known is None:
            raise VenueError(f"{self.name} did not tell the candles of {symbol} {timeframe}: {self._error}")
        return known[1]

    @property
    def is_left_alone(self) -> bool:
        """True for a while after it failed."""
        return bool(self._error) and asyncio.get_running_loop().time() < self._left_alone_until

    @property
    def has_failed(self) -> bool:
        """True when it did not answer the last time it was asked."""
        return bool(self._error)

    def state(self) -> VenueState:
        """Return how the venue answers."""
        words = self._words
        return VenueState(
            name=self.name,
            status="ok" if not self._error else "stale" if words else "down",
            age_seconds=_seconds(words.at, self._clock.now()) if words else None,
            symbols=len(words.tickers) if words else 0,
            error=self._error,
        )

    async def _everything(self, booked: Callable[[str, str], int]) -> Words:
        venue, now = self._venue, self._clock.now()
        words = Words(now, await venue.load_markets(), await venue.fetch_balance(), await venue.fetch_open_orders())
        for symbol in [symbol for symbol, market in words.markets.items() if trades_spot(market, self._quote)]:
            words.tickers[symbol] = ticker = await venue.fetch_ticker(symbol)
            words.trades[symbol] = await venue.fetch_my_trades(symbol, booked(self.name, symbol))
            if ticker.get("bid") is None or ticker.get("ask") is None:
                words.books[symbol] = await venue.fetch_order_book(symbol, DEPTH)
        return words

    async def _within_patience(self, call: Awaitable[Reply]) -> Reply | None:
        """Return the answer, None when there is none in time."""
        try:
            async with asyncio.timeout(self._patience):
                return await answer(self.name, call)
        except TimeoutError:
            self._failed(f"no answer within {self._patience:g} s")
        except VenueError as error:
            self._failed(str(error))
        return None

    def _failed(self, why: str) -> None:
        self._error = "".join(char if char.isprintable() else " " for char in why[:_SAID])
        self._left_alone_until = asyncio.get_running_loop().time() + RESPITE

    def _keep(self, key: tuple[str, str, int | None], bars: tuple[int, Rows]) -> tuple[int, Rows]:
        self._bars.pop(key, None)
        self._bars[key] = bars
        if len(self._bars) > _MOST_BARS:
            del self._bars[next(iter(self._bars))]
        return bars


def _seconds(since: datetime, now: datetime) -> int:
    return int((now - since).total_seconds())
