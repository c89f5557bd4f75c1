"""One HTTP/1.1 connection: sends a request whole, reads the answer as it comes.

A connection can be used again only after an answer that was read to its end with nothing behind it; in every other case
it is cut at once, which is how a provider learns that nobody listens any more. Nothing is ever sent twice.

The messages are parsed by httptools, which is the parser of Node.js; it is strict about lengths, so that an answer
cannot be made to reach into the next one. The errors are those of httpx and httpx2, in their words where others
(company/llm/faults.py) tell them apart by their words.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

Field = tuple[bytes, bytes]
Timeouts = Mapping[str, float | None]
"""Seconds for `connect`, `write`, `read` and `pool`; None waits for ever."""

_LONGEST_HEAD = 100 * 1024
_READ_AHEAD = 256 * 1024
"""Bytes of a body that are held for a slow reader before the server has to wait."""
_LENGTHS = frozenset({b"content-length", b"transfer-encoding"})


class Connection(asyncio.Protocol):
    """A connection that answers one request at a time; it lives on the event loop that opened it.

    Args:
        http: The module `httpx` or `httpx2`, for its exceptions.

    Attributes:
        idle_since: Time of the loop at which the last answer was over.
    """

    _fields: list[Field]

    def __init__(self, http: Any) -> None:
        import httptools

        self._http, self._parser_of = http, httptools.HttpResponseParser
        self._unreadable = (httptools.HttpParserError, httptools.HttpParserUpgrade)
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._waiter: asyncio.Future[None] | None = None
        self._ended = self._full = False
        self.idle_since = 0.0
        self._begin({})

    @property
    def stands(self) -> bool:
        """True when it can take a request."""
        return not (self._ended or self._transport.is_closing())

    async def ask(self, request: bytes, timeouts: Timeouts) -> tuple[int, list[Field]]:
        """Send a request; return the status and the fields of the answer's head.

        Raises:
            Exception: The library's ReadError, ReadTimeout, WriteTimeout or RemoteProtocolError.
        """
        self._begin(timeouts)
        self._waits = True
        self._transport.write(request)
        while self._full and not (self._status or self._error):
            await self._something("write", self._http.WriteTimeout)
        while not (self._status or self._error):
            await self._something("read", self._http.ReadTimeout)
        if not self._status and self._error:
            raise self._error
        return self._status, self._fields

    async def read(self) -> bytes:
        """Return what there is of the body, at least one byte; none when it is over.

        Raises:
            Exception: The library's ReadError, ReadTimeout or RemoteProtocolError, behind the last byte.
        """
        while not (self._body or self._over or self._error):
            await self._something("read", self._http.ReadTimeout)
        if not self._body and self._error:
            raise self._error
        data = bytes(self._body)
        self._body.clear()
        self._transport.resume_reading()
        return data

    def finish(self) -> bool:
        """Leave the answer; return True when the connection can be used again, else cut it."""
        self._waits = False
        self.idle_since = self._loop.time()
        unsent = self._transport.get_write_buffer_size()
        if self._keeps and self.stands and not (self._body or unsent):
            return True
        self.abort()
        return False

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: it stands."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes came."""
        if not self._waits or self._over:  # nobody asked for them
            self._keeps = False
            self.abort()
            return
        self._head_size += 0 if self._status else len(data)
        try:
            self._parser.feed_data(data)
        except self._unreadable:
            self._fail(self._http.RemoteProtocolError("the server does not keep to HTTP/1.1"))
        if self._head_size > _LONGEST_HEAD and not self._status:
            self._fail(self._http.RemoteProtocolError("the head of the answer is too long"))
        if len(self._body) > _READ_AHEAD:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Asyncio: the server closed its side; returning nothing closes ours."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: it is gone."""
        self._end(exc)

    def pause_writing(self) -> None:
        """Asyncio: much of the request is still to be sent."""
        self._full = True

    def resume_writing(self) -> None:
        """Asyncio: nearly all of it is sent."""
        self._full = False
        self._wake()

    def on_message_begin(self) -> None:
        """Parser: an answer begins."""
        if self._over:
            raise ValueError("a second answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Parser: a field came, of the head or of the trailer."""
        if not self._status:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Parser: the head is over."""
        status = self._parser.get_status_code()
        if status < 200:  # a hint; the answer is still to come
            self._fields = []
        else:
            self._status = status

    def on_body(self, data: bytes) -> None:
        """Parser: a piece of the body came."""
        self._body += data

    def on_message_complete(self) -> None:
        """Parser: the answer is over."""
        if self._status:
            self._over, self._keeps = True, self._parser.should_keep_alive()

    def _begin(self, timeouts: Timeouts) -> None:
        self._parser: Any = self._parser_of(self)
        self._timeouts = timeouts
        self._status = self._head_size = 0
        self._fields = []
        self._body = bytearray()
        self._waits = self._over = self._keeps = False
        self._error: Exception | None = None

    def _end(self, cause: Exception | None) -> None:
        self._ended = True
        if self._status and not cause and not _LENGTHS & {name.lower() for name, _ in self._fields}:
            self._over = True  # such an answer has no other end
        elif cause:
            self._fail(self._http.ReadError(str(cause)))
        elif self._status:
            self._fail(self._http.RemoteProtocolError("the server closed the connection within its answer"))
        else:
            self._fail(self._http.RemoteProtocolError("Server disconnected without sending a response."))
        self._wake()

    def _fail(self, error: Exception) -> None:
        self._keeps = False
        if not self._over:
            self._error = self._error or error

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def _something(self, kind: str, error: Any) -> None:
        """Wait until something happened, but not longer than the time-out of this kind."""
        self._waiter = waiter = self._loop.create_future()
        seconds = self._timeouts.get(kind)
        timer = None if seconds is None else self._loop.call_later(seconds, _expire, waiter, error)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer:
                timer.cancel()


def _expire(waiter: "asyncio.Future[None]", error: Any) -> None:
    if not waiter.done():
        waiter.set_exception(error("timed out"))
