"""What was asked for lately: in memory, and in Redis when several processes share it.

A cache only saves questions. When Redis is absent or fails, memory goes on alone, the status says why, and Redis is
tried again after 30 s; a read never fails for it. What comes back from Redis is checked like any other answer.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from company.errors import CompanyError, UsageError
from company.trading.features import Bars
from company.trading.feeds.reading import Value
from company.trading.feeds.wire import Node

AHEAD = timedelta(minutes=5)
"""By how much a provider's clock may be ahead of ours."""

_MOST = 1_000
_REST = 30.0
_KEPT = 86_400_000  # milliseconds an entry stays in Redis, to be shown as stale when nobody answers
_PREFIX = "company:feeds:1:"
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Datum(Generic[Value]):
    """What a provider told: value, its own name of it, when it was asked and when the value is dated."""

    value: Value
    listing: str
    asked_at: datetime
    as_of: datetime | None


class Memory:
    """Keeps the latest answers of this process, at most 1,000."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Datum[Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Datum[Any] | None:
        """Return what was kept, however old."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, datum: Datum[Any]) -> None:
        """Keep an answer; the one that nobody asked for longest goes when there are too many."""
        self._kept[key] = datum
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)


class Cache:
    """Memory, with Redis behind it when there is one.

    Args:
        redis: Address of a Redis server, `redis://` or `rediss://`; empty for none.
        wait: Seconds in which Redis must have answered.
        now: Monotonic seconds.

    Raises:
        UsageError: `redis` is no such address.
    """

    def __init__(self, *, redis: str = "", wait: float, now: Callable[[], float]) -> None:
        if redis and urlsplit(redis).scheme not in {"redis", "rediss"}:
            raise UsageError("this is no address of a Redis server", where="data.redis", cure="write redis://host:6379")
        self._memory, self._redis, self._wait, self._now = Memory(), redis, wait, now
        self._rests_until: float | None = None
        self._trouble = ""

    def __len__(self) -> int:
        return len(self._memory)

    @property
    def redis(self) -> str:
        """How Redis is: empty when none is configured, `ok`, or why it is not used."""
        return self._trouble or ("ok" if self._redis else "")

    async def get(self, key: str) -> Datum[Any] | None:
        """Return what was kept, the younger of both places, however old; None when nothing was."""
        mine = self._memory.get(key)
        text = await self._try(lambda client: client.get(_PREFIX + key)) if self._redis else None
        theirs = None if text is None else self._decoded(text)
        if theirs is None or (mine is not None and mine.asked_at >= theirs.asked_at):
            return mine
        self._memory.put(key, theirs)
        return theirs

    async def put(self, key: str, datum: Datum[Any]) -> None:
        """Keep an answer."""
        self._memory.put(key, datum)
        if self._redis:
            text = encoded(datum)
            await self._try(lambda client: client.set(_PREFIX + key, text, px=_KEPT))

    async def _try(self, ask: Callable[[Any], Awaitable[_Result]]) -> _Result | None:
        if self._rests_until is not None and self._now() < self._rests_until:
            return None
        try:
            from redis.asyncio import Redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
            from redis.exceptions import RedisError
        except ImportError:
            self._fail("the package redis is missing: pip install 'the-ai-company[redis]'")
            return None
        try:
            client = Redis.from_url(self._redis, decode_responses=True, retry=Retry(NoBackoff(), 0))
            async with asyncio.timeout(self._wait), client:
                found = await ask(client)
        except (RedisError, OSError, TimeoutError, ValueError) as error:
            self._fail(f"{type(error).__name__} from {urlsplit(self._redis).hostname}")
            return None
        self._trouble, self._rests_until = "", None
        return found

    def _fail(self, why: str) -> None:
        self._trouble = f"Redis is not used: {why}; memory goes on alone"
        self._rests_until = self._now() + _REST

    def _decoded(self, text: str) -> Datum[Any] | None:
        try:
            return decoded(text)
        except (CompanyError, InvalidOperation, KeyError, TypeError, ValueError):
            self._trouble = "an entry in Redis could not be read and was left out"
            return None


def encoded(datum: Datum[Any]) -> str:
    """Write a datum as text."""
    value = datum.value
    plain = {"price": str(value)} if isinstance(value, Decimal) else {"bars": _columns(value)}
    told = None if datum.as_of is None else datum.as_of.isoformat()
    return json.dumps({**plain, "listing": datum.listing, "asked_at": datum.asked_at.isoformat(), "as_of": told})


def decoded(text: str) -> Datum[Any]:
    """Read a datum.

    Raises:
        KeyError, TypeError, ValueError, InvalidOperation, CompanyError: The text is none.
    """
    raw = json.loads(text)
    as_of = None if raw["as_of"] is None else datetime.fromisoformat(raw["as_of"])
    asked_at = datetime.fromisoformat(raw["asked_at"])
    if asked_at.tzinfo is None or (as_of is not None and as_of.tzinfo is None):
        raise ValueError("a time without a zone")
    if as_of is not None and as_of - asked_at > AHEAD:
        raise ValueError("dated after it was asked for")
    value: Any = Node(raw["price"], "a price in Redis").price() if "price" in raw else _bars(raw["bars"])
    return Datum(value, str(raw["listing"]), asked_at, as_of)


def _columns(bars: Bars) -> dict[str, Any]:
    columns = (bars.times, bars.opens, bars.highs, bars.lows, bars.closes, bars.volumes)
    about = {"symbol": bars.symbol, "timeframe": bars.timeframe, "source": bars.source}
    return {**about, "columns": [column.tolist() for column in columns]}


def _bars(raw: dict[str, Any]) -> Bars:
    rows = list(zip(*raw["columns"], strict=True))
    return Bars.read(rows, symbol=raw["symbol"], timeframe=raw["timeframe"], source=raw["source"])
