"""The market data service: asks the providers a person chose, in that order, and says what it did.

There is no fallback to anybody else. When a provider of the chain has no fresh answer, the next one of the chain is
asked, and the answer tells who was passed over and why. When none has a fresh one, the least old answer comes back
marked as stale; when there is none at all, the answer is that there is none.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from company.errors import ToolError
from company.trading.features import TIMEFRAMES, Bars, timeframe_seconds
from company.trading.feeds.cache import Cache, Datum
from company.trading.feeds.faults import FeedError
from company.trading.feeds.holes import find_holes
from company.trading.feeds.reading import Failure, Reading, age_text
from company.trading.feeds.source import Source
from company.trading.feeds.status import CacheStatus, FeedsStatus, status_of

MOST_BARS = 5_000
_LATE_BARS = 2  # bars that may be missing at the end: providers take a while to publish one
_SYMBOL = re.compile(r"[A-Za-z0-9^][A-Za-z0-9.^=:_-]{0,29}(/[A-Za-z0-9]{2,10})?")
_KEPT = "nobody has a newer one; it was kept from before"


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of each provider of a chain; `flaw` says what is wrong with an answer at a time, or nothing."""

    symbol: str
    chain: Sequence[Source]
    ask: Callable[[Source], Awaitable[tuple[Datum[Any], bool]]]
    last: Callable[[Source], Awaitable[Datum[Any] | None]]
    flaw: Callable[[Datum[Any], datetime], str]
    remark: Callable[[Datum[Any]], str]

    def reading(self, source: Source, datum: Datum[Any], *, cached: bool) -> Reading[Any]:
        """Judge an answer."""
        now = source.clock.now()
        flaw = self.flaw(datum, now)
        return Reading(
            state="stale" if flaw else "fresh",
            symbol=self.symbol,
            value=datum.value,
            provider=source.id,
            listing=datum.listing,
            asked_at=datum.asked_at,
            as_of=datum.as_of,
            age=max(timedelta(0), now - (datum.as_of or datum.asked_at)),
            reason=flaw or self.remark(datum),
            holes=find_holes(datum.value) if isinstance(datum.value, Bars) else (),
            cached=cached,
        )


class Feeds:
    """Prices and candles from the configured providers.

    Args:
        prices: Whom to ask for prices, in this order; at least one.
        candles: Whom to ask for candles, in this order; at least one.
        cache: Where their answers are kept.
        fresh: Age up to which a price is fresh.
    """

    def __init__(self, *, prices: Sequence[Source], candles: Sequence[Source], cache: Cache, fresh: timedelta) -> None:
        self._prices, self._candles, self._cache, self._fresh = tuple(prices), tuple(candles), cache, fresh
        self._answers = {True: 0, False: 0}

    async def price(self, symbol: str) -> Reading[Decimal]:
        """Return the last price of a symbol.

        Args:
            symbol: `BTC/USDT`, or a share such as `AAPL`.

        Raises:
            ToolError: The text cannot be a symbol.
        """
        symbol = _checked(symbol)
        return await self._answer(
            _Question(
                symbol=symbol,
                chain=self._prices,
                ask=lambda source: source.price(symbol),
                last=lambda source: source.last_price(symbol),
                flaw=self._old_price,
                remark=lambda datum: "",
            )
        )

    async def bars(self, symbol: str, timeframe: str, count: int) -> Reading[Bars]:
        """Return the last closed bars of a symbol, oldest first; fewer than `count` when the provider has no more.

        Args:
            symbol: `BTC/USDT`, or a share such as `AAPL`.
            timeframe: A key of `TIMEFRAMES`.
            count: How many, from 1 to 5,000.

        Raises:
            ToolError: The text cannot be a symbol, the timeframe is unknown or the count out of range.
        """
        symbol = _checked(symbol)
        timeframe_seconds(timeframe)
        if not 1 <= count <= MOST_BARS:
            raise ToolError(f"count is {count!r}; give a number from 1 to {MOST_BARS}")
        return await self._answer(
            _Question(
                symbol=symbol,
                chain=self._candles,
                ask=lambda source: source.bars(symbol, timeframe, count),
                last=lambda source: source.last_bars(symbol, timeframe, count),
                flaw=_old_bars,
                remark=lambda datum: _few_bars(datum.value, count),
            )
        )

    async def status(self) -> FeedsStatus:
        """Return quotas left, breakers, last errors and the cache."""
        sources = {source.id: source for source in (*self._prices, *self._candles)}
        used, asked = self._answers[True], self._answers[False]
        return FeedsStatus(
            prices=[source.id for source in self._prices],
            candles=[source.id for source in self._candles],
            providers=[await status_of(source) for source in sources.values()],
            cache=CacheStatus(kept=len(self._cache), used=used, asked=asked, redis=self._cache.redis),
        )

    def _old_price(self, datum: Datum[Decimal], now: datetime) -> str:
        age = now - (datum.as_of or datum.asked_at)
        return f"the price is {age_text(age)} old, more than {age_text(self._fresh)}" if age > self._fresh else ""

    async def _answer(self, question: _Question) -> Reading[Any]:
        failures: list[Failure] = []
        old: list[Reading[Any]] = []
        for source in question.chain:
            try:
                datum, cached = await question.ask(source)
            except FeedError as error:
                failures.append(Failure(source.id, error.kind, str(error)))
                continue
            self._answers[cached] += 1
            reading = question.reading(source, datum, cached=cached)
            if reading.state == "fresh":
                return replace(reading, failures=tuple(failures))
            failures.append(Failure(source.id, "stale", reading.reason))
            old.append(reading)
        return _least_old([*old, *await _kept(question, failures)], question, failures)


async def _kept(question: _Question, failures: Sequence[Failure]) -> list[Reading[Any]]:
    """Return what those who gave no answer now told earlier."""
    silent = {one.provider for one in failures if one.kind not in {"stale", "unknown", "unsupported"}}
    found = []
    for source in question.chain:
        if source.id in silent and (datum := await question.last(source)) is not None:
            reading = question.reading(source, datum, cached=True)
            found.append(replace(reading, reason="; ".join(part for part in (reading.reason, _KEPT) if part)))
    return found


def _least_old(readings: Sequence[Reading[Any]], question: _Question, failures: Sequence[Failure]) -> Reading[Any]:
    if readings:
        best = min(readings, key=lambda reading: reading.age or timedelta(0))
        others = (one for one in failures if (one.provider, one.kind) != (best.provider, "stale"))
        return replace(best, failures=tuple(others))
    return Reading(
        state="missing",
        symbol=question.symbol,
        value=None,
        provider="",
        listing="",
        asked_at=max(source.clock.now() for source in question.chain),
        as_of=None,
        age=None,
        reason="no provider of the chain has it",
        failures=tuple(failures),
    )


def _old_bars(datum: Datum[Bars], now: datetime) -> str:
    bars = datum.value
    late = int((now.timestamp() * 1000 - bars.closes_at) // (TIMEFRAMES[bars.timeframe] * 1000))
    return f"the last bar closed {bars.at(-1).isoformat()}, {late} are missing since" if late > _LATE_BARS else ""


def _few_bars(bars: Bars, count: int) -> str:
    return f"{len(bars)} of {count} bars are there" if len(bars) < count else ""


def _checked(symbol: str) -> str:
    if not _SYMBOL.fullmatch(plain := symbol.strip()):
        raise ToolError(f"{symbol!r} cannot be a symbol; write BTC/USDT, or AAPL for a share")
    return plain.upper()
