"""How the service is: what is left of quotas, who is left alone, what failed last, what the cache does."""

from datetime import datetime

from company.trading.feeds.breaker import State
from company.trading.feeds.source import Source
from company.trading.figures import Report


class WindowStatus(Report):
    """A quota: what it says, requests left in it, and seconds until it has room again (0 when it has)."""

    quota: str
    left: int
    free_in: float


class SourceStatus(Report):
    """A provider now.

    Attributes:
        provider: Its name.
        breaker: `closed` (asked), `open` (left alone after failing) or `half-open` (tried once more).
        quotas: What is left of its quotas.
        unknown_symbols: Symbols it is known not to know.
        last_error: Its last failure; None when there was none.
        last_error_at: When that was.
    """

    provider: str
    breaker: State
    quotas: list[WindowStatus]
    unknown_symbols: int
    last_error: str | None
    last_error_at: datetime | None


class CacheStatus(Report):
    """The cache.

    Attributes:
        kept: Answers in the memory of this process.
        used: How often one of them was used.
        asked: How often a provider was asked instead.
        redis: Empty when none is configured, `ok`, or why it is not used.
    """

    kept: int
    used: int
    asked: int
    redis: str


class FeedsStatus(Report):
    """The service now: the chains as configured, each provider once, and the cache."""

    prices: list[str]
    candles: list[str]
    providers: list[SourceStatus]
    cache: CacheStatus


async def status_of(source: Source) -> SourceStatus:
    """Return how a provider is."""
    windows = await source.quota.left()
    at, what = source.last_error or (None, None)
    return SourceStatus(
        provider=source.id,
        breaker=source.breaker.state,
        quotas=[WindowStatus(quota=w.quota, left=w.left, free_in=round(w.free_in, 3)) for w in windows],
        unknown_symbols=source.unknown,
        last_error=what,
        last_error_at=at,
    )
