"""Posts to an address outside: over a connection to the very address that was checked, in the name it was found by.

A redirect is not followed, no proxy of the environment is asked, and nothing of an answer but its status is read. Each
post has a connection of its own: one that was opened in another name would not be asked for its certificate again.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from company.errors import ProviderError
from company.server.doors.addresses import Resolve, Target, resolve

if TYPE_CHECKING:
    import httpx

TIME_LIMIT = 10.0
"""Seconds in which a receiver must have answered, everything included."""


class Sender:
    """Posts.

    Args:
        resolve: Looks names up.
        time_limit: Seconds in which a receiver must have answered.
    """

    def __init__(self, *, resolve: Resolve = resolve, time_limit: float = TIME_LIMIT) -> None:
        self._resolve, self._time_limit = resolve, time_limit
        self._client: httpx.AsyncClient | None = None

    async def post(self, target: Target, headers: dict[str, str], body: bytes) -> int:
        """Post a body and return the status of the answer.

        Raises:
            ProviderError: There was no answer in time, or `target` must not be connected to, which is not retryable.
        """
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._status(target, headers, body)
        except TimeoutError as error:
            raise ProviderError(f"no answer in {self._time_limit:g} s", retryable=True) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _status(self, target: Target, headers: dict[str, str], body: bytes) -> int:
        import httpx

        address = await target.address(self._resolve)
        url = httpx.URL(target.url)
        options: dict[str, Any] = {"extensions": {"sni_hostname": target.host}} if url.scheme == "https" else {}
        host = {"host": url.netloc.decode()}
        try:
            async with self._opened().stream(
                "POST", url.copy_with(host=address), content=body, headers={**headers, **host}, **options
            ) as answer:
                return answer.status_code
        except httpx.HTTPError as error:
            raise ProviderError(f"{type(error).__name__}: {error}", retryable=True) from error

    def _opened(self) -> "httpx.AsyncClient":
        """Open the client at the first post: certificates take a while to load."""
        import httpx

        if self._client is None:
            alone = httpx.Limits(max_keepalive_connections=0)
            self._client = httpx.AsyncClient(trust_env=False, timeout=self._time_limit, limits=alone)
        return self._client
