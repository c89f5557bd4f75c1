"""HTTP/1.1 by hand: one connection with keep-alive, whole answers and chunked ones.

By hand, because a library that keeps to the protocol cannot cut a stream in the middle or leave it without an end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    529: "Overloaded",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request, read to its end; names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """One client's connection.

    Args:
        serve: Answers a request; cancelled when the client hangs up.
        among: The open connections; this one is among them as long as it is open.
    """

    def __init__(self, serve: Callable[["Connection", Request], Awaitable[None]], among: "set[Connection]") -> None:
        self._serve, self._among, self._buffer, self._last = serve, among, bytearray(), False
        self._task: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._among.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._among.discard(self)
        if self._task is not None:
            self._task.cancel()

    def whole(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Send a complete answer."""
        self._transport.write(_head(status, content_type, {**(headers or {}), "content-length": str(len(body))}) + body)

    def open(self, content_type: str) -> None:
        """Begin an answer that comes in pieces."""
        self._transport.write(_head(200, content_type, {"cache-control": "no-cache", "transfer-encoding": "chunked"}))

    def piece(self, data: bytes) -> None:
        """Send one piece of it."""
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        """End it."""
        self._transport.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Hang up, after what was sent is out."""
        self._transport.close()

    def drop(self) -> None:
        """Hang up at once."""
        self._transport.abort()

    def _next(self) -> None:
        if self._task is None and (request := self._read()):
            self._last = request.headers.get("connection", "").lower() == "close"
            self._task = asyncio.ensure_future(self._serve(self, request))
            self._task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Future[None]") -> None:
        self._task = None
        if not task.cancelled():
            task.result()
            if self._last:
                self._transport.close()
            self._next()

    def _read(self) -> Request | None:
        """Take the next request from the buffer; None while it is not complete."""
        head, found, _ = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        start = len(head) + len(found)
        end = start + int(headers.get("content-length", 0))
        if len(self._buffer) < end:
            return None
        method, target, _ = first.split(" ")
        request = Request(method, target.partition("?")[0], headers, bytes(self._buffer[start:end]))
        del self._buffer[:end]
        return request


def _head(status: int, content_type: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", f"content-type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
