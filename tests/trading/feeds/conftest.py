"""A provider of market data on loopback, a clock that only moves when somebody sleeps, and a service over both."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from company.config import DataProviderSettings, DataSettings
from company.trading.feeds import DataKeys, Feeds, open_feeds
from company.world import START, MemoryBooks, PaperWorld, VirtualClock

NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)
KEYS = {
    name: f"{name.partition('_')[0].lower()}-key-of-the-test"
    for name in ("COINGECKO_API_KEY", "TWELVEDATA_API_KEY", "ALPHAVANTAGE_API_KEY", "FINNHUB_API_KEY")
}


class TestClock:
    """Time that stands still unless somebody sleeps."""

    __test__ = False

    def __init__(self, now: datetime = NOW) -> None:
        self.start, self.passed = now, 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Reply:
    """One answer: an object is sent as JSON, a text as it is; `stalls` sends it and then nothing, for ever."""

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    stalls: bool = False

    def head(self, length: int) -> bytes:
        kind = "text/html" if str(self.body).startswith("<") else "application/json"
        fields = {"content-type": kind, "content-length": str(length), "connection": "close", **self.headers}
        return "\r\n".join([f"HTTP/1.1 {self.status} Told", *(f"{n}: {v}" for n, v in fields.items()), "", ""]).encode()

    @property
    def bytes(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


class Speaker:
    """A provider: answers each path with what was laid out for it, the last of it again and again."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self.open = asyncio.Event()
        self.open.set()
        self._laid: dict[str, list[Reply]] = {}

    def lay(self, path: str, *replies: Any) -> "Speaker":
        self._laid[path] = [reply if isinstance(reply, Reply) else Reply(reply) for reply in replies]
        return self

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            parts = urlsplit(head[0].split(" ")[1])
            fields = dict(line.split(": ", 1) for line in head[1:] if line)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            path = unquote(parts.path)
            self.asked.append(Asked(path, query, {name.lower(): value for name, value in fields.items()}))
            await self.open.wait()
            laid = self._laid.get(path, [Reply({"error": "no such path"}, 404)])
            reply = laid.pop(0) if len(laid) > 1 else laid[0]
            writer.write(reply.head(len(reply.bytes) + reply.stalls) + reply.bytes)
            await writer.drain()
            if reply.stalls:
                await reader.read()  # until the client has had enough
        writer.close()


@pytest.fixture
async def speaker() -> AsyncIterator[Speaker]:
    found = Speaker()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield found
    server.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


class Vault(dict[str, str]):
    """A secret store: `get` is all it needs."""


OpenFeeds = Callable[..., Feeds]


@pytest.fixture
def open_service(clock: TestClock) -> OpenFeeds:
    """Open a service whose providers all answer at one address."""

    def _open(
        prices: Any = "yahoo",
        candles: Any = "yahoo",
        *,
        at: str | Mapping[str, str] = "",
        environment: Mapping[str, str] = KEYS,
        root: Path | None = None,
        each: Mapping[str, Any] | None = None,
        paper: Any = None,
        paper_clock: Any = None,
        secrets: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Feeds:
        prices, candles = ((names,) if isinstance(names, str) else tuple(names) for names in (prices, candles))
        urls = at if isinstance(at, Mapping) else {name: at for name in (*prices, *candles) if at}
        sections = {name: DataProviderSettings(base_url=url, **(each or {})) for name, url in urls.items()}
        world_clock = paper_clock or VirtualClock(START)
        return open_feeds(
            DataSettings(prices=prices, candles=candles, providers=sections, **more),
            paper=paper or PaperWorld(seed=7, books=MemoryBooks(), clock=VirtualClock(START)).venues["paper-a"],
            clock=world_clock,
            wall=clock,
            keys=DataKeys(environment, Vault(secrets or {})),
            root=root,
            chance=random.Random(7),
            sleep=clock.sleep,
        )

    return _open
