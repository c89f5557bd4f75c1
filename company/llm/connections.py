"""The connections of one event loop to the providers, as a transport for httpx and httpx2.

The libraries' own transport takes 0.6 ms of CPU for a short call, half of all that the call costs: a pool that is
searched twice, locks and time-outs around every step, a parser in Python. This one takes a quarter of that. It is
handed to the SDKs through their documented `http_client`, so everything above it stays theirs.

It does what a model call needs and no more: HTTP/1.1, TLS with certificates verified, connections kept and counted, the
library's time-outs and errors. It knows no redirects, proxies, upgrades, compression, cookies or HTTP/2.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from typing import Any

from company.llm.http1 import Connection

_FIELD = re.compile(rb"[!#$%&'*+\-.^`|~\w]+: [\t\x20-\x7e\x80-\xff]*")
_START = re.compile(rb"[A-Z]+ [\x21-\x7e]+ HTTP/1\.1")
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host and port; a connection to one is never used for another."""


class Connections:
    """Sends requests over as few connections as possible.

    Args:
        http: The module `httpx` or `httpx2`.
        tls: How certificates are verified.
        limit: Most requests at the same time; others wait, for the time-out `pool`.
        idle: Seconds after which a connection that nobody uses is not used again.
    """

    def __init__(self, http: Any, *, tls: ssl.SSLContext, limit: int, idle: float) -> None:
        self._http, self._tls, self._longest_idle = http, tls, idle
        self._places = asyncio.Semaphore(limit)
        self._idle: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request; return the answer with its body still to come.

        Raises:
            Exception: The library's; a kind of its TransportError.
        """
        timeouts = request.extensions.get("timeout", {})
        message, origin = await self._message(request), self._origin(request.url)
        await self._place(timeouts.get("pool"))
        connection = None
        try:
            connection = self._reused(origin) or await self._opened(origin, timeouts.get("connect"))
            status, fields = await connection.ask(message, timeouts)
        except BaseException:
            self.give_back(connection, origin)
            raise
        body = Body(self, connection, origin)
        return self._http.Response(status, headers=fields, stream=body, extensions={"http_version": b"HTTP/1.1"})

    def give_back(self, connection: Connection | None, origin: Origin) -> None:
        """Take back the place of a request, and its connection if it got one."""
        self._places.release()
        if connection and connection.finish():
            self._idle.setdefault(origin, []).append(connection)
        elif connection:
            self._open.discard(connection)

    async def aclose(self) -> None:
        """Cut all connections."""
        for connection in self._open:
            connection.abort()
        self._open.clear()
        self._idle.clear()
        await asyncio.sleep(0)  # the loop closes them in its next round

    async def _message(self, request: Any) -> bytes:
        """Return the request as bytes; nothing in it can begin a line of its own."""
        start = b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)
        fields = [b"%s: %s" % field for field in request.headers.raw]
        if not (_START.fullmatch(start) and all(map(_FIELD.fullmatch, fields))):
            raise self._http.LocalProtocolError("the address or a header of the request holds a forbidden character")
        if "transfer-encoding" in request.headers:
            raise self._http.LocalProtocolError("a request is sent whole")
        return b"\r\n".join([start, *fields, b"", await request.aread()])

    def _origin(self, url: Any) -> Origin:
        if url.scheme not in _PORTS:
            raise self._http.UnsupportedProtocol(f"{url.scheme!r} is neither http nor https")
        return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]

    async def _place(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds if self._places.locked() else None):
                await self._places.acquire()
        except TimeoutError:
            raise self._http.PoolTimeout(f"no connection became free within {seconds:g} s") from None

    def _reused(self, origin: Origin) -> Connection | None:
        idle = self._idle.get(origin, [])
        oldest = asyncio.get_running_loop().time() - self._longest_idle
        while idle:
            connection = idle.pop()
            if connection.stands and connection.idle_since >= oldest:
                return connection
            connection.abort()
            self._open.discard(connection)
        return None

    async def _opened(self, origin: Origin, seconds: float | None) -> Connection:
        scheme, host, port = origin
        tls: dict[str, Any] = {"ssl": self._tls, "server_hostname": host} if scheme == "https" else {}
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._http), host, port, happy_eyeballs_delay=0.25, **tls
                )
        except TimeoutError as error:
            raise self._http.ConnectTimeout(str(error) or f"no connection within {seconds} s") from error
        except OSError as error:
            raise self._http.ConnectError(str(error)) from error
        self._open.add(connection)
        return connection


class Body:
    """The body of one answer.

    Args:
        pool: Where the connection goes back to.
        connection: Where the answer comes from.
        origin: Where it leads.
    """

    def __init__(self, pool: Connections, connection: Connection, origin: Origin) -> None:
        self._pool, self._connection, self._origin, self._closed = pool, connection, origin, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they come."""
        while data := await self._connection.read():
            yield data

    async def aclose(self) -> None:
        """Give the connection back; cut it when the answer is not over."""
        if not self._closed:
            self._closed = True
            self._pool.give_back(self._connection, self._origin)
