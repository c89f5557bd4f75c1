"""The parts of uvicorn that the server is built of, and how a client that takes nothing is let go.

Measured in November 2026 on two cores that other work kept busy, a few runs each, so only large differences count:

- httptools and websockets-sansio on the plain asyncio loop. uvloop took the same CPU for an event to 10,000 WebSockets
  (about 220 ms, of which the kernel takes 95) and answered 1.4 to 1.5 times as many small requests; first events with
  500 clients were sooner in one run and later in the next. It is left out because reference/performance.md saw it
  starve connections. wsproto was not measured; there it needs the same memory, and it would be one more dependency.
- An idle WebSocket takes 31 KB. Compression is off: by the same reference it takes 40 to 100 KB more.
- A text that goes to many WebSockets is framed once, not once for each.
- A socket that a listener without protocol number accepts keeps Nagle's algorithm on, and asyncio leaves it so: a body
  then waits 40 ms for the receipt of its head (365 instead of 5,000 requests a second). It is switched off here.

Uvicorn closes a connection only after everything that was written to it is taken. A client that takes nothing would
hold its connection for ever, so an application may drop it.
"""

import asyncio
import gc
import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State

EXTENSION = "company.drop"
"""Name of the ASGI extension whose `drop` lets the client go; called with a WebSocket close code, or 0."""

FAILED, TOO_SLOW = 1011, 1013
"""WebSocket close codes: the server made a mistake; the client takes nothing."""

GRACE = 5.0
"""Seconds in which a slow client may still take what was written and read why it is dropped."""

MESSAGE_BYTES = 16 * 1024
"""Most bytes of a message that a client sends."""


class Http(HttpToolsProtocol):
    """A connection that can be dropped, and that sends what it is given at once."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        if (known := transport.get_extra_info("socket")) is not None:
            known.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # else a body waits 40 ms for its head's receipt

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"drop": self._drop}}

    def _drop(self, _code: int) -> None:
        self.transport.abort()


class WebSocket(WebSocketsSansIOProtocol):
    """A connection that can be dropped."""

    def handle_connect(self, event: Any) -> None:
        """Begin a conversation."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][EXTENSION] = {"drop": self._drop}

    async def send(self, message: Any) -> None:
        """Send as uvicorn does; a text that goes to many clients is framed once."""
        text = message.get("text")
        if text is None or not self.handshake_complete or self.conn.state is not State.OPEN:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        self.transport.write(framed(text))

    def keepalive_timeout(self) -> None:
        """Let go a client that does not answer a ping."""
        super().keepalive_timeout()
        self._abort_soon()

    def _drop(self, code: int) -> None:
        if self.conn.state is State.OPEN:
            self.conn.send_close(code)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        self.transport.close()
        self._abort_soon()

    def _abort_soon(self) -> None:
        self.loop.call_later(GRACE, self.transport.abort)


@lru_cache(maxsize=64)
def framed(text: str) -> bytes:
    """Return a WebSocket text message as it travels, uncompressed."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


UVICORN: Mapping[str, Any] = {
    "loop": "asyncio",
    "http": Http,
    "ws": WebSocket,
    "ws_max_size": MESSAGE_BYTES,
    "ws_per_message_deflate": False,
}
"""Options of `uvicorn.Config`."""


def spare_collector() -> None:
    """Have the garbage collector look at long-lived objects rarely; for a process that only serves.

    Ten thousand connections are some million objects that live on, and one event to each of them is enough to have
    Python's thresholds begin to look at them. On busy cores such an event took 0.6 to 4.8 s so, and 0.3 to 0.5 s with
    these thresholds (one run each; that the collector is the cause is concluded from that, not traced).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def drop(scope: Scope, code: int = 0) -> None:
    """Let go a client that takes nothing; another server than ours closes the connection in its own way.

    Args:
        scope: The client's.
        code: Close code of a WebSocket.
    """
    if (known := scope.get("extensions", {}).get(EXTENSION)) is not None:
        known["drop"](code)
        await asyncio.sleep(0)  # from then on the connection is known to be gone
