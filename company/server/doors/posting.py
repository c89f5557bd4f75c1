"""Posts one event to a webhook, signed.

The signature covers the time and the very bytes of the body: `t=<unix>,v1=<hex>` with HMAC-SHA256 over `<unix>.<body>`.
The id of an event stays the same when it is posted again. A redirect is not followed, and nothing of the answer but its
status is read.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from company.errors import ProviderError
from company.events import Event
from company.server.doors.addresses import Resolve, Target, resolve

if TYPE_CHECKING:
    import httpx

SIGNATURE = "X-Company-Signature"
DELIVERY = "X-Company-Delivery"

TIME_LIMIT = 10.0
"""Seconds in which a receiver must have answered, everything included."""


def payload(event: Event, epoch: str) -> bytes:
    """Return the body of a post.

    Args:
        event: What happened.
        epoch: Name of the home's journal.
    """
    envelope = event.line()
    body = {
        "id": f"{epoch}:{event.seq}",
        "type": event.type,
        "at": event.at.isoformat(),
        "event": {**envelope.pop("event"), "metadata": envelope},
    }
    return json.dumps(body, separators=(",", ":")).encode()


def signature(secret: str, body: bytes, at: datetime) -> str:
    """Return the signature of a post sent at `at`."""
    moment = int(at.timestamp())
    digest = hmac.digest(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hex()
    return f"t={moment},v1={digest}"


class Post:
    """Posts to webhooks.

    Args:
        now: Wall-clock time, signed with each post.
        resolve: Looks names up.
        time_limit: Seconds in which a receiver must have answered.
    """

    def __init__(
        self, *, now: Callable[[], datetime], resolve: Resolve = resolve, time_limit: float = TIME_LIMIT
    ) -> None:
        self._now, self._resolve, self._time_limit = now, resolve, time_limit
        self._client: httpx.AsyncClient | None = None

    async def send(self, target: Target, secret: str, seq: int, body: bytes) -> None:
        """Post one body.

        Raises:
            ProviderError: It was not taken: no answer in time, or an answer other than 2xx.
        """
        headers = {
            "content-type": "application/json",
            "user-agent": "the-ai-company",
            SIGNATURE: signature(secret, body, self._now()),
            DELIVERY: str(seq),
        }
        try:
            async with asyncio.timeout(self._time_limit):
                status = await self._status(target, headers, body)
        except TimeoutError as error:
            raise ProviderError(f"no answer in {self._time_limit:g} s", retryable=True) from error
        if not 200 <= status < 300:
            raise ProviderError(f"answered {status}", retryable=True)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _status(self, target: Target, headers: dict[str, str], body: bytes) -> int:
        import httpx

        address = await target.address(self._resolve)
        url = httpx.URL(target.url)
        client = self._opened()
        options: dict[str, Any] = {"extensions": {"sni_hostname": target.host}} if url.scheme == "https" else {}
        host = url.netloc.decode()
        try:
            async with client.stream(
                "POST", url.copy_with(host=address), content=body, headers={**headers, "host": host}, **options
            ) as answer:
                return answer.status_code
        except httpx.HTTPError as error:
            raise ProviderError(f"{type(error).__name__}: {error}", retryable=True) from error

    def _opened(self) -> "httpx.AsyncClient":
        """Open the client at the first post: certificates take a while to load."""
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=TIME_LIMIT)
        return self._client
