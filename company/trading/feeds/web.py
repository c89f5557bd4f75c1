"""One HTTP GET to a provider: over TLS, in time, of bounded size, to the host that was configured and no other.

No proxy of the environment is asked, no redirect is followed, nothing is decompressed (a small answer could become a
huge one). Each request has a connection of its own, because a company's process runs one event loop after another and
these requests are few. Addresses that appear in errors have no query: some providers take their key there.
"""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from company.errors import UsageError
from company.trading.feeds.faults import FeedError

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 8 * 1024 * 1024
"""Largest answer: several times what 5,000 candles take in any provider's format."""

_AGENT = "the-ai-company (market data; +https://github.com/the-ai-company/the-ai-company)"
_LONGEST_WORDS = 200
_BUSY = 429
_SERVER = 500
_MOVED = range(300, 400)
_KEY = frozenset({401})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered: status, body, and the seconds it asks to be left alone, if it does."""

    status: int
    text: str
    retry_after: float | None


def check_address(url: str, *, where: str) -> str:
    """Return an address without a slash at its end, when requests may go there.

    Raises:
        UsageError: It is no plain https address, nor one of http on loopback.
    """
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query:
        raise UsageError(  # what stands there may be a key: it is not repeated
            "this is no plain address: it holds a name, a password or a query",
            where=where,
            cure="write it as https://api.example.com/v1",
        )
    if not parts.hostname or parts.fragment:
        raise UsageError(f"{url!r} is no plain address", where=where, cure="write it as https://api.example.com/v1")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise UsageError(
            f"{url!r} is not https; anybody on the way could change prices", where=where, cure="write an https address"
        )
    return url.rstrip("/")


@cache
def certificates() -> ssl.SSLContext:
    """Return what certificates are verified with; loading them takes longer than a request on loopback."""
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


class Web:
    """Asks one provider.

    Args:
        provider: Its name, for errors.
        base_url: What all its addresses begin with; checked by `check_address`.
        timeout: Seconds in which the whole answer must be there.
        most_bytes: Largest answer.
    """

    def __init__(self, *, provider: str, base_url: str, timeout: float, most_bytes: int = MOST_BYTES) -> None:
        self._provider, self._base, self._timeout, self._most = provider, base_url, timeout, most_bytes

    async def get(
        self, path: str, params: Mapping[str, str], *, headers: Mapping[str, str] | None = None, secret: str = ""
    ) -> Answer:
        """Ask, and return the answer unless its status says that there is none.

        Args:
            path: What follows the base address, percent-encoded.
            params: The query.
            headers: Further headers, such as the key.
            secret: The key, which is taken out of what the provider says in an error.

        Raises:
            FeedError: `down`, `busy`, `key`, `malformed` or `refused`; other answers from 400 on are returned, for a
                provider says in their bodies what it does not like.
        """
        import httpx

        place = f"{self._provider} {urlsplit(self._base).hostname}{path}"
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._fetch(httpx.URL(self._base + path, params=dict(params)), headers or {}, place)
        except TimeoutError:
            raise FeedError(f"{place}: no whole answer in {self._timeout:g} s", kind="down") from None
        except httpx.HTTPError as error:
            raise FeedError(f"{place}: {type(error).__name__}", kind="down") from None
        return _judged(answer, place, secret)

    async def _fetch(self, url: "httpx.URL", headers: Mapping[str, str], place: str) -> Answer:
        import httpx

        async with (
            httpx.AsyncClient(verify=certificates(), trust_env=False, timeout=None) as client,  # noqa: S113  # see `get`
            client.stream(
                "GET", url, headers={"user-agent": _AGENT, "accept": "application/json", **headers, **_PLAIN}
            ) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise FeedError(f"{place}: the answer is compressed, though nobody asked for it", kind="malformed")
            body = bytearray()
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > self._most:
                    raise FeedError(f"{place}: the answer is larger than {self._most} bytes", kind="malformed")
            waits = _retry_after(answer.headers.get("retry-after", ""))
            return Answer(answer.status_code, body.decode("utf-8", "replace"), waits)


_PLAIN = {"accept-encoding": "identity"}


def _judged(answer: Answer, place: str, secret: str) -> Answer:
    status, said = answer.status, words(answer.text, secret)
    if status == _BUSY:
        raise FeedError(f"{place}: too many requests (429): {said}", kind="busy", retry_after=answer.retry_after)
    if status >= _SERVER:
        raise FeedError(f"{place}: status {status}: {said}", kind="down", retry_after=answer.retry_after)
    if status in _KEY:
        raise FeedError(f"{place}: the key is missing or refused ({status}): {said}", kind="key")
    if status in _MOVED:
        raise FeedError(f"{place}: status {status}: it points elsewhere; redirects are not followed", kind="refused")
    return answer


def words(text: str, secret: str = "") -> str:
    """Return what a provider says, fit for an error: one line, short, without the key."""
    plain = text.replace(secret, "[key]") if secret else text
    plain = " ".join(re.sub(r"<[^>]*>|[^\x20-\x7e]", " ", plain).split())
    return plain if len(plain) <= _LONGEST_WORDS else f"{plain[:_LONGEST_WORDS]}..."


def _retry_after(text: str) -> float | None:
    """Read `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3)."""
    if text.isascii() and text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
