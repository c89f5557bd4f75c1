"""A connection whose client must say in time, and in few words, what it wants.

Uvicorn waits for ever for the rest of a request, keeps whatever stands in its head, and takes the fields behind a
chunked body for headers. A stranger could so hold connections and fill memory before the gate sees anything, and a
proxy that looks at headers could be told other ones than the gate.
"""

import asyncio

from company.server.streams.transport import Http

PATIENCE = 30.0
"""Seconds in which a request must be there, its body included."""

HEAD_BYTES = 64 * 1024
"""Most bytes of a request that are not its body; what arrives with its last piece is not counted."""


class Connection(Http):
    """Lets a client go that is slow or long-winded."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        self._late: asyncio.TimerHandle | None = None
        self._beside, self._in_head = 0, True
        self._await()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._await_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._await()
        self._beside += len(data)
        super().data_received(data)
        if self._beside > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._beside, self._in_head = 0, True
        self._await()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; fields behind the body are none."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request on; its body follows."""
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._beside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._beside = 0
        self._await_nothing()
        super().on_message_complete()

    def _await(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(PATIENCE, self.transport.abort)

    def _await_nothing(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
