"""What the gate adds to every answer: headers that keep it safe, and an end when its reader may not read on."""

import time
from collections.abc import Callable

from starlette.types import Message, Send

from company.server.faults import SAFETY_HEADERS

LOOK_EVERY = 2.0
"""Seconds between two looks whether the reader of a stream may still read; with what `Keys` believes, below five."""

_HEADERS = [(name.encode("ascii"), value.encode("ascii")) for name, value in SAFETY_HEADERS.items()]
_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})


def safe(send: Send) -> Send:
    """Put the safety headers on an answer that does not set its own."""

    async def with_headers(message: Message) -> None:
        if message["type"] in _STARTS:
            headers = list(message.get("headers", ()))
            present = {name.lower() for name, _ in headers}
            headers += [header for header in _HEADERS if header[0] not in present]
            message = {**message, "headers": headers}
        await send(message)

    return with_headers


def guarded(send: Send, may_read: Callable[[], bool]) -> Send:
    """End a stream when its reader may not read on; nothing more is said to them.

    Args:
        send: Where the answer goes.
        may_read: Tells whether what was shown still opens anything.
    """
    next_look, ended = time.monotonic() + LOOK_EVERY, False

    async def checked(message: Message) -> None:
        nonlocal next_look, ended
        if ended:
            return
        if (now := time.monotonic()) >= next_look:
            next_look = now + LOOK_EVERY
            if (last := _last(message)) and not may_read():
                ended, message = True, last
        await send(message)

    return checked


def _last(message: Message) -> Message | None:
    """Return what ends the stream that `message` belongs to; None for an answer that ends by itself."""
    if message["type"] == "websocket.send":
        return {"type": "websocket.close", "code": 1008, "reason": "what opened this was revoked or has run out"}
    if message["type"] == "http.response.body" and message.get("more_body"):
        return {"type": "http.response.body", "body": b"", "more_body": False}
    return None
