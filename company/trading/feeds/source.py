"""One provider with everything that stands between it and the company: breaker, quota, retries, cache.

A question goes this way: cache -> one flight -> circuit breaker -> for each attempt: quota, then the provider. Only
failures after which the same question may succeed are tried again, after a pause that doubles with jitter, or after
what the provider asks for when that is short. A longer `Retry-After` keeps everybody away until it is over.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from company.ports import Clock
from company.trading.features import TIMEFRAMES, Bars
from company.trading.feeds.breaker import Breaker
from company.trading.feeds.cache import AHEAD, Cache, Datum
from company.trading.feeds.faults import FeedError
from company.trading.feeds.flights import Flights
from company.trading.feeds.provider import Provider, checked, of_seconds
from company.trading.feeds.quota import Quota, Sleep

if TYPE_CHECKING:
    from tenacity import RetryCallState

PRICE_KEPT = 10.0
"""Seconds for which a price is not asked for again."""

BARS_KEPT = {"1m": 15, "5m": 60, "15m": 180, "1h": 600, "4h": 1_800, "1d": 3_600}
"""Seconds for which bars of a timeframe are not asked for again; never past the close of the next bar."""

UNKNOWN_KEPT = 3_600.0
"""Seconds for which a provider is not asked again about a symbol it does not know."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_LONGEST_HOLD = 86_400.0
_MOST_UNKNOWN = 1_000


class Source:
    """Asks one provider.

    Args:
        provider: Who is asked.
        clock: Time by which its values age: the company's for the paper world, the wall's for all others.
        quota: How often it may be asked.
        breaker: Whether it may be asked now.
        cache: Where answers are kept; None to ask each time, for what is in the process anyway.
        attempts: How often a question is put at most.
        patience: Longest pause that a provider may ask for between two attempts, in seconds.
        symbols: The provider's own names of symbols, as a person gave them; they come first.
        chance: Randomness of the jitter.
        sleep: Waits.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        clock: Clock,
        quota: Quota,
        breaker: Breaker,
        cache: Cache | None,
        attempts: int,
        patience: float,
        symbols: Mapping[str, str],
        chance: random.Random,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.provider, self.clock, self.quota, self.breaker = provider, clock, quota, breaker
        self.last_error: tuple[datetime, str] | None = None
        self._cache, self._attempts, self._patience, self._symbols = cache, attempts, patience, symbols
        self._chance, self._sleep = chance, sleep
        self._flights = Flights()
        self._unknown: dict[str, tuple[float, str]] = {}

    @property
    def id(self) -> str:
        """Name of the provider."""
        return self.provider.id

    @property
    def unknown(self) -> int:
        """How many symbols it is known not to know."""
        return len(self._unknown)

    async def price(self, symbol: str) -> tuple[Datum[Decimal], bool]:
        """Return the last price, and whether it was kept from before.

        Raises:
            FeedError: There is no usable answer.
        """
        listing = self._listing(symbol)

        async def _ask() -> Datum[Decimal]:
            now = self.clock.now()
            quoted = await self.provider.price(listing)
            if quoted.as_of is not None and quoted.as_of - now > AHEAD:
                what = f"its price is dated in the future: {quoted.as_of.isoformat()}"
                raise FeedError(f"{self.id} {listing}: {what}", kind="malformed")
            return Datum(quoted.price, listing, now, quoted.as_of)

        return await self._kept(f"price:{self.id}:{listing}", listing, self._is_new_price, _ask)

    async def bars(self, symbol: str, timeframe: str, count: int) -> tuple[Datum[Bars], bool]:
        """Return the last `count` closed bars, and whether they were kept from before.

        Raises:
            FeedError: There is no usable answer.
        """
        if timeframe not in self.provider.timeframes:
            offered = ", ".join(name for name in TIMEFRAMES if name in self.provider.timeframes) or "none"
            raise FeedError(f"{self.id} has no {timeframe} bars; it has {offered}", kind="unsupported")
        listing = self._listing(symbol)

        async def _ask() -> Datum[Bars]:
            now = self.clock.now()
            rows = await self.provider.rows(listing, timeframe, count)
            bars = checked(rows, provider=self.id, symbol=symbol, timeframe=timeframe, now=now, count=count)
            return Datum(bars, listing, now, of_seconds(bars.closes_at / 1000))

        key = f"bars:{self.id}:{listing}:{symbol}:{timeframe}:{count}"
        return await self._kept(key, listing, lambda datum: self._is_new_bars(datum, timeframe), _ask)

    async def last_price(self, symbol: str) -> Datum[Decimal] | None:
        """Return the price that was kept last, however old."""
        return await self._last(f"price:{self.id}:{self._listing(symbol)}")

    async def last_bars(self, symbol: str, timeframe: str, count: int) -> Datum[Bars] | None:
        """Return the bars that were kept last, however old."""
        return await self._last(f"bars:{self.id}:{self._listing(symbol)}:{symbol}:{timeframe}:{count}")

    async def _last(self, key: str) -> Datum[Any] | None:
        return None if self._cache is None else await self._cache.get(key)

    def _listing(self, symbol: str) -> str:
        return self._symbols.get(symbol) or self.provider.listing(symbol)

    async def _kept(
        self,
        key: str,
        listing: str,
        is_new: Callable[[Datum[Any]], bool],
        ask: Callable[[], Coroutine[Any, Any, Datum[Any]]],
    ) -> tuple[Datum[Any], bool]:
        kept = None if self._cache is None else await self._cache.get(key)
        if kept is not None and is_new(kept):
            return kept, True

        async def _fresh() -> Datum[Any]:
            datum = await self._noted(listing, ask)
            if self._cache is not None:
                await self._cache.put(key, datum)
            return datum

        return await self._flights.once(key, _fresh), False

    async def _noted(self, listing: str, ask: Callable[[], Coroutine[Any, Any, Datum[Any]]]) -> Datum[Any]:
        try:
            return await self._asked(listing, ask)
        except FeedError as error:
            self.last_error = self.clock.now(), str(error)
            raise

    def _is_new_price(self, datum: Datum[Any]) -> bool:
        return 0 <= (self.clock.now() - datum.asked_at).total_seconds() < PRICE_KEPT

    def _is_new_bars(self, datum: Datum[Any], timeframe: str) -> bool:
        now, asked, size = self.clock.now().timestamp(), datum.asked_at.timestamp(), TIMEFRAMES[timeframe]
        return 0 <= now - asked < BARS_KEPT[timeframe] and now // size == asked // size

    async def _asked(self, listing: str, ask: Callable[[], Coroutine[Any, Any, Datum[Any]]]) -> Datum[Any]:
        """Ask, unless it is known that there is no answer."""
        known = self._unknown.get(listing)
        if known is not None and self.clock.monotonic() < known[0]:
            raise FeedError(f"{known[1]} (kept from an earlier question)", kind="unknown")
        try:
            with self.breaker.guard():
                return await self._tried(ask)
        except FeedError as error:
            if error.kind == "unknown":
                self._forget()
                self._unknown[listing] = self.clock.monotonic() + UNKNOWN_KEPT, str(error)
            if error.kind in {"busy", "exhausted", "down"} and (error.retry_after or 0) > self._patience:
                self.quota.hold(min(error.retry_after or 0, _LONGEST_HOLD))
            raise

    async def _tried(self, ask: Callable[[], Coroutine[Any, Any, Datum[Any]]]) -> Datum[Any]:
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception(self._is_worth_another),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )

        async def _once() -> Datum[Any]:
            await self.quota.take()
            return await ask()

        return await attempts(_once)

    def _is_worth_another(self, error: BaseException) -> bool:
        return isinstance(error, FeedError) and error.retryable and (error.retry_after or 0.0) <= self._patience

    def _pause(self, state: "RetryCallState") -> float:
        """Half to the whole of a pause that doubles, and never less than the provider asks for."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, FeedError) and error.retry_after else 0.0
        longest = min(_FIRST_PAUSE * 2 ** (state.attempt_number - 1), _LONGEST_PAUSE)
        return max(asked, self._chance.uniform(longest / 2, longest))

    def _forget(self) -> None:
        now = self.clock.monotonic()
        for listing in [listing for listing, (until, _) in self._unknown.items() if until <= now]:
            del self._unknown[listing]
        while len(self._unknown) >= _MOST_UNKNOWN:
            del self._unknown[next(iter(self._unknown))]
