"""Hands an answer to a client, whole or as a stream, and notices when the client goes away.

Clients of `/v1` stop what they asked for by hanging up; they have no other way. So a client that goes away, or that
takes nothing for long, stops its run. The native API and AG-UI never do that.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from company.server.doors.answers import Answer
from company.server.doors.transcript import Piece

HEARTBEAT = 15
"""Seconds between comments that keep proxies from closing a silent stream."""

STALLED = 30
"""Seconds after which a client that takes nothing counts as gone."""

GRACE = 0.5
"""Seconds that a stream has for its last words when the server ends."""


class Left(Exception):
    """The client went away before its answer was there."""


class FrameStream(EventSourceResponse):
    """A response that streams Server-Sent Events.

    Args:
        frames: The events.
    """

    def __init__(self, frames: AsyncIterator[bytes]) -> None:
        super().__init__(frames, ping=HEARTBEAT, sep="\n", send_timeout=STALLED, shutdown_grace_period=GRACE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the frames end or the client is gone."""
        with suppress(SendTimeoutError):
            await super().__call__(scope, receive, send)


class AnswerStream(FrameStream):
    """A response that streams an answer.

    Args:
        frames: The answer as Server-Sent Events.
        answer: Abandoned when the client goes away before the end.
    """

    def __init__(self, frames: AsyncIterator[bytes], answer: Answer) -> None:
        super().__init__(frames)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the answer is complete or the client is gone."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._answer.abandon()


async def whole(request: Request, answer: Answer) -> list[Piece]:
    """Return a complete answer.

    Raises:
        Left: The client went away meanwhile.
        OpenAiError: There is no answer.
    """
    gathering = asyncio.create_task(_gathered(answer))
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({gathering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not gathering.done():
            raise Left
        return gathering.result()
    finally:
        for task in (gathering, leaving):
            task.cancel()
        await answer.abandon()


def text_of(pieces: list[Piece], kind: str = "answer") -> str:
    """Return the words of one kind of pieces."""
    return "".join(piece.text for piece in pieces if piece.kind == kind)


def frame(body: Any, event: str = "") -> bytes:
    """Return one Server-Sent Event: LF, one line of JSON."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(body, separators=(',', ':'))}\n\n".encode()


async def _gathered(answer: Answer) -> list[Piece]:
    return [piece async for piece in answer.pieces()]


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
