"""Exchanges: the paper world through its port, and any exchange of ccxt by its public data.

Both have ccxt's unified shapes (https://docs.ccxt.com/#/README?id=ticker-structure). The price is the last trade's; a
ticker without one is an answer without a price, and no price is made of bid and ask.

A ccxt exchange is opened anew for each question, because its connections belong to one event loop; its list of markets
is kept for an hour. It gets no keys. Its requests go through a session that follows no redirect, takes no proxy of the
environment and no answer larger than `MOST_BYTES`.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from company.errors import BadSymbol, RequestTimeout, UsageError, VenueError
from company.ports import Json, MarketData
from company.trading.answers import answer
from company.trading.features import TIMEFRAMES
from company.trading.feeds.faults import FeedError, Kind
from company.trading.feeds.provider import Quoted, Row
from company.trading.feeds.web import certificates, words
from company.trading.feeds.wire import Node

MOST_BYTES = 64 * 1024 * 1024
"""Largest answer of an exchange: the list of all its markets is the largest by far."""

_MARKETS_KEPT = 3600.0
_Reply = TypeVar("_Reply")


class PortProvider:
    """Market data of a `MarketData` port.

    Args:
        id: Name of the provider.
        port: Who is asked.
    """

    timeframes = frozenset(TIMEFRAMES)

    def __init__(self, id: str, port: MarketData) -> None:
        self.id = id
        self._port = port

    def listing(self, symbol: str) -> str:
        """Return the symbol: it is unified already."""
        return symbol

    async def price(self, listing: str) -> Quoted:
        """Return the last trade's price."""
        return _quoted(await _told(self.id, listing, self._port.fetch_ticker(listing)), f"{self.id} {listing}")

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Return the last bars."""
        return await _told(self.id, listing, self._port.fetch_ohlcv(listing, timeframe, None, count + 1))


class CcxtProvider:
    """Public market data of a ccxt exchange.

    Args:
        exchange: ccxt's id, as `kraken`.
        base_url: Address that stands for the host of all of the exchange's; empty for its own.
        timeout: Seconds in which an answer must be there.
        monotonic: Monotonic seconds.
        most_bytes: Largest answer.
    """

    timeframes = frozenset(TIMEFRAMES)

    def __init__(
        self,
        exchange: str,
        *,
        base_url: str,
        timeout: float,
        monotonic: Callable[[], float],
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.id = f"ccxt:{exchange}"
        self._most = most_bytes
        self._exchange, self._base, self._timeout, self._monotonic = exchange, base_url, timeout, monotonic
        self._markets: tuple[float, Any] | None = None

    def listing(self, symbol: str) -> str:
        """Return the symbol: ccxt's names are ours."""
        return symbol

    async def price(self, listing: str) -> Quoted:
        """Return the last trade's price."""
        async with self._opened() as exchange:
            return _quoted(await _told(self.id, listing, exchange.fetch_ticker(listing)), f"{self.id} {listing}")

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Return the last bars."""
        async with self._opened() as exchange:
            if timeframe not in (exchange.timeframes or {}):
                raise FeedError(f"{self.id}: it has no {timeframe} bars", kind="unsupported")
            rows: Sequence[Row] = await _told(
                self.id, listing, exchange.fetch_ohlcv(listing, timeframe, None, count + 1)
            )
            return rows

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Any]:
        import ccxt.async_support as ccxt

        kind = getattr(ccxt, self._exchange, None) if self._exchange in ccxt.exchanges else None
        if kind is None:
            raise UsageError(
                f"ccxt knows no exchange {self._exchange!r}", where="company.toml: data", cure="see docs.ccxt.com"
            )
        async with _session(self.id, self._most) as session:
            exchange = kind({"session": session, "timeout": int(self._timeout * 1000), "enableRateLimit": False})
            if self._base:
                exchange.urls["api"] = _moved(exchange.urls["api"], self._base)
            try:
                await self._load(exchange)
                yield exchange
            finally:
                await exchange.close()

    async def _load(self, exchange: Any) -> None:
        if self._markets is not None and self._monotonic() - self._markets[0] < _MARKETS_KEPT:
            exchange.set_markets(self._markets[1])
            return
        await _told(self.id, "markets", exchange.load_markets())
        self._markets = self._monotonic(), list(exchange.markets.values())


@asynccontextmanager
async def _session(provider: str, most_bytes: int) -> AsyncIterator[Any]:
    """Open a session as ccxt opens its own, with our limits."""
    import aiohttp

    class Bounded(aiohttp.ClientResponse):
        async def read(self) -> bytes:
            if self._body is None:  # where aiohttp keeps what was read, and `text` looks for it
                body = bytearray()
                async for piece in self.content.iter_any():
                    body += piece
                    if len(body) > most_bytes:
                        raise FeedError(f"{provider}: the answer is larger than {most_bytes} bytes", kind="malformed")
                self._body = bytes(body)
            return self._body

    async def _stay(_session: Any, _context: Any, _params: Any) -> None:
        raise FeedError(f"{provider}: it points elsewhere; redirects are not followed", kind="refused")

    watch = aiohttp.TraceConfig()
    watch.on_request_redirect.append(_stay)
    connector = aiohttp.TCPConnector(ssl=certificates())
    async with aiohttp.ClientSession(
        connector=connector, trust_env=False, trace_configs=[watch], response_class=Bounded
    ) as session:
        yield session


def _moved(urls: Any, base: str) -> Any:
    """Put another scheme and host before the paths of all addresses."""
    if isinstance(urls, dict):
        return {name: _moved(url, base) for name, url in urls.items()}
    return re.sub(r"^(https?|wss?)://[^/]+", base, urls) if isinstance(urls, str) else urls


async def _told(provider: str, listing: str, call: Awaitable[_Reply]) -> _Reply:
    """Await a call, and sort what goes wrong; ccxt's readers fail in many ways on answers they do not expect."""
    where = f"{provider} {listing}"
    try:
        return await answer(provider, call)
    except BadSymbol as error:
        raise FeedError(f"{where}: {words(str(error))}", kind="unknown") from None
    except VenueError as error:
        kind: Kind = "down" if isinstance(error, RequestTimeout) else "busy" if error.retryable else "refused"
        raise FeedError(f"{where}: {words(str(error))}", kind=kind) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"its answer could not be read: {type(error).__name__}: {words(str(error))}"
        raise FeedError(f"{where}: {what}", kind="malformed") from None


def _quoted(ticker: Json, where: str) -> Quoted:
    if ticker.get("last") is None:
        raise FeedError(f"{where}: the ticker has no last price", kind="empty")
    price = Node(str(ticker["last"]), f"{where} last").price()
    return Quoted(price, _dated(ticker.get("timestamp"), f"{where} timestamp"))


def _dated(ms: Any, where: str) -> datetime | None:
    return None if ms is None else Node(Node(str(ms), where).number() / 1000, where).seconds()
