"""A ccxt client that cannot speak to anybody but its exchange, says nothing into logs, and never sends anything twice.

ccxt is imported here, when a client is first needed, in a thread: importing one exchange imports them all and takes
seconds. What is guarded is guarded in a subclass made at that time, at ccxt's own seams:

- `sign`: all addresses are held against `Reach` before a signature is made;
- `open`: the HTTP session is ours; each request leaves through it, follows no redirect and takes no proxy;
- `fetch`: what is no JSON, or an empty object, is a failure; ccxt would make an empty account of it;
- `handle_errors`: a redirect is a failure, and `Retry-After` is kept, so that nothing is sent before that time.

Of ccxt's own settings: `maxRetriesOnFailure` stays 0, because it would send an order again after a time-out; numbers
are texts, because floats lose digits and Decimal loses the fee of a trade; logging is off, because it prints
signatures.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, Final

from company.errors import UsageError, VenueError
from company.trading.venues.reach import Reach, moved, within
from company.trading.venues.terms import Keys, Terms

_OFF: Final = logging.Logger("company.trading.venues")
_OFF.disabled = True
_SIGNED_AT: Final = "https://api.binance.com/"
"""Where ccxt looks up what Binance's error numbers mean; it does so by the address that answered."""

_KEPT: Final = 2.0
"""Seconds a connection is kept for the next request: less than servers do, for who sends into one that is being closed
does not know whether it arrived."""


class Unusable(Exception):
    """What came is no answer: a redirect, which is never followed, or no JSON."""


class Waiting:
    """How long an exchange wants to be left alone; who goes on asking is banned for days.

    Args:
        venue: Its name, for messages.
        monotonic: Seconds that never go back.
    """

    def __init__(self, venue: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._venue, self._monotonic = venue, monotonic
        self._until = float("-inf")

    def note(self, status: int, headers: Mapping[str, str]) -> None:
        """Keep what a refusal with status 418, 429 or 503 says in `Retry-After`, in seconds."""
        told = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
        if status in {418, 429, 503} and told.strip().isdecimal():
            self._until = max(self._until, self._monotonic() + int(told))

    def check(self) -> None:
        """Refuse to ask before that time.

        Raises:
            VenueError: It is not over; nothing was sent.
        """
        if (left := self._until - self._monotonic()) > 0:
            raise VenueError(f"{self._venue} asked to be left alone for another {left:.0f} s", retryable=True)


async def connect(terms: Terms, keys: Keys | None, waiting: Waiting) -> Any:
    """Make the ccxt client of a venue; nothing is sent yet.

    Args:
        terms: The venue.
        keys: What signs requests; None leaves what is public.
        waiting: Where the exchange's wish to be left alone is kept.

    Raises:
        UsageError: ccxt does not know the exchange or no sandbox of it, or a paper venue is not on this machine.
    """
    room = await asyncio.to_thread(import_module, "ccxt.async_support")
    if terms.exchange not in room.exchanges:
        raise UsageError(
            f"ccxt knows no exchange {terms.exchange!r}",
            where=f"venues.{terms.name}.exchange",
            cure="write the id it has at ccxt, such as 'kraken' or 'binance'",
        )
    client = _guarded(getattr(room, terms.exchange))(_options(terms, keys))
    client.logger = _OFF
    _aim(client, terms)
    client.reach = Reach(terms.name, _addresses(client), loopback=terms.mode == "paper")
    client.waiting = waiting
    return client


def _options(terms: Terms, keys: Keys | None) -> dict[str, Any]:
    paper = terms.mode == "paper"
    signed = {"apiKey": keys.key, "secret": keys.secret, "password": keys.passphrase} if keys else {}
    return {
        **signed,
        "number": str,
        "timeout": int(terms.timeout * 1000),
        "enableRateLimit": not paper,  # on loopback it would only make orders 10 times slower
        "timeout_on_exit": 0 if paper else 250,
        "options": {
            "maxRetriesOnFailure": 0,
            "defaultType": "spot",
            "fetchMarkets": {"types": ["spot"]},
            "fetchMargins": False,
            "fetchCurrencies": False,
            "fetchOpenOrders": {"warnWithoutSymbol": False},
        },
    }


def _aim(client: Any, terms: Terms) -> None:
    """Point a client at our own exchange or at a sandbox; a paper client keeps no address of the real one."""
    client.has["fetchCurrencies"] = False  # a private call at most exchanges, for nothing the desk reads
    if terms.mode == "paper":
        client.urls = {"api": moved(client.urls["api"], terms.url)}
    elif terms.mode == "sandbox":
        if not client.urls.get("test"):
            raise UsageError(
                f"{terms.exchange} has no sandbox that ccxt knows",
                where=f"venues.{terms.name}.sandbox",
                cure="choose another exchange to try things out, or kind = 'paper-http'",
            )
        client.set_sandbox_mode(True)


def _addresses(client: Any) -> list[str]:
    """Return every address that requests of a client may begin with."""
    return [client.implode_hostname(address) for address in within(client.urls["api"]) if "://" in address]


def _guarded(kind: Any) -> Any:
    """Return a subclass of a ccxt exchange that asks nobody but its exchange."""

    class Guarded(kind):  # type: ignore[misc] # ccxt has no types that mypy could read
        reach: Reach
        waiting: Waiting
        session: Any

        def sign(self, *arguments: Any, **named: Any) -> Any:
            self.reach.check(_addresses(self))
            return super().sign(*arguments, **named)

        def open(self, lazy: bool = False) -> None:
            self.own_session = False  # ccxt makes none then, and all else that it needs
            super().open(lazy)
            self.own_session = True
            if self.session is None:
                self.session = _Session(self.ssl_context, self.reach)

        async def fetch(self, *arguments: Any, **named: Any) -> Any:
            answer = await super().fetch(*arguments, **named)
            if not isinstance(answer, dict | list) or answer == {}:
                raise Unusable(f"{str(answer)[:100]!r} where an object or a list belongs")
            return answer

        def get_socks_proxy_session(self, *_: Any) -> Any:
            raise VenueError(f"{self.id}: a proxy is set; requests to an exchange take none")

        def handle_errors(self, code: int, reason: str, url: str, method: str, headers: Any, *rest: Any) -> Any:
            self.waiting.note(code, headers)
            if 300 <= code < 400:
                raise Unusable(f"status {code}, a redirect that is not followed")
            return super().handle_errors(code, reason, url, method, headers, *rest)

        def get_exceptions_by_url(self, url: str, *rest: Any) -> Any:
            return super().get_exceptions_by_url(_SIGNED_AT if self.id == "binance" else url, *rest)

        def log(self, *_: Any) -> None:
            """Print nothing: what ccxt would print holds keys and signatures."""

    return Guarded


class _Session:
    """The one place where requests leave: for known hosts only, with no redirect and no proxy.

    aiohttp sends a request again when a connection that was kept breaks. A reading may be, a cancellation may not, so
    the two have sessions of their own over the same connections.
    """

    def __init__(self, tls: Any, reach: Reach) -> None:
        import aiohttp

        connections = aiohttp.TCPConnector(ssl=tls, keepalive_timeout=_KEPT)
        self._reads = aiohttp.ClientSession(connector=connections)
        self._writes = aiohttp.ClientSession(connector=connections, connector_owner=False)
        self._writes._retry_connection = False
        self._reach = reach
        self.headers = self._reads.headers

    def __getattr__(self, name: str) -> Any:
        return partial(self._send, name)

    def _send(self, method: str, url: Any, *, proxy: Any = None, **rest: Any) -> Any:
        if proxy is not None:
            raise VenueError("a proxy is set; requests to an exchange take none")
        self._reach.check(str(url))
        session = self._reads if method == "get" else self._writes
        return session.request(method, url, allow_redirects=False, **rest)

    async def close(self) -> None:
        await self._writes.close()
        await self._reads.close()
