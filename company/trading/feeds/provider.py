"""What a provider of market data is to the service: it names listings, and answers about them or says why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import numpy as np

from company.trading.features import TIMEFRAMES, Bars
from company.trading.feeds.faults import FeedError
from company.trading.feeds.holes import find_fault

Row = Sequence[Any]
"""A candle as ccxt has it: opening time in UTC epoch milliseconds, open, high, low, close, volume in base units."""

FIAT = frozenset({"AUD", "BRL", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "INR", "JPY", "KRW", "SEK", "USD"})
"""Currencies of states; two of them make a pair of foreign exchange."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A price as a provider told it; `as_of` is None when it does not date it."""

    price: Decimal
    as_of: datetime | None


class Provider(Protocol):
    """One source of market data.

    Attributes:
        id: Its name in the settings.
        timeframes: Bars it has; none when it has no candles with volume.
    """

    id: str
    timeframes: frozenset[str]

    def listing(self, symbol: str) -> str:
        """Return the provider's own name of a symbol.

        Raises:
            FeedError: It has no such thing (`unsupported`).
        """

    async def price(self, listing: str) -> Quoted:
        """Return the last price.

        Raises:
            FeedError: There is no usable answer.
        """

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Return the last bars, oldest first: at least `count` closed ones when there are so many.

        Raises:
            FeedError: There is no usable answer.
        """


def halves(symbol: str) -> tuple[str, str]:
    """Return base and quote of a unified symbol; a symbol without a quote, as AAPL, has an empty one."""
    base, _, quote = symbol.upper().partition("/")
    return base, quote


def ms_of(moment: datetime) -> int:
    """Return a moment as UTC epoch milliseconds."""
    return int(moment.timestamp() * 1000)


def of_seconds(seconds: float) -> datetime:
    """Return a moment given in seconds since 1970."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def checked(rows: Sequence[Row], *, provider: str, symbol: str, timeframe: str, now: datetime, count: int) -> Bars:
    """Return the last `count` closed bars of a provider's answer.

    Args:
        rows: The answer.
        provider: Who gave it, for errors.
        symbol: Unified name.
        timeframe: A key of `TIMEFRAMES`.
        now: Bars that close later are still forming and are left out.
        count: Most bars.

    Raises:
        FeedError: A row is broken (`malformed`; the error tells its number, from 0), or none is closed (`empty`).
    """
    where = f"{provider}: candles of {symbol} {timeframe}"
    end = ms_of(now) - TIMEFRAMES[timeframe] * 1000
    try:
        table = np.array([row[:6] for row in rows], dtype=np.float64).reshape(-1, 6)
    except (TypeError, ValueError, OverflowError) as error:
        raise FeedError(f"{where} hold something that is no number: {error}", kind="malformed") from None
    table = table[~(table[:, 0] > end)]  # a time that is no number stays, to be found
    if fault := find_fault(table, timeframe):
        shown = ", ".join(f"{value:.15g}" for value in table[fault.row])
        raise FeedError(f"{where}: row {fault.row} {fault.what}: {shown}", kind="malformed")
    if not len(table):
        raise FeedError(f"{where}: there is no closed bar", kind="empty")
    return Bars.read(table[-count:].tolist(), symbol=symbol, timeframe=timeframe, source=provider)
