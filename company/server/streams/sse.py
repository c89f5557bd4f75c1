"""The journal as Server-Sent Events.

A stream is a cursor over the journal that the client's own speed moves: no queue per client, so a slow reader costs
nothing and loses nothing. The id of an event is its journal number; whoever shows it again (`Last-Event-ID`, `?after=`)
gets exactly what follows. Framing is LF with one data line, as AG-UI demands. The data is the AG-UI event as it stands
in the journal; what the journal knows beside it travels in the event's `metadata`.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from company.events import Event
from company.server.driving import Driver
from company.store import Journal

POLL = 0.04
"""Seconds between two looks at the journal."""

BATCH = 200
"""Events sent in one piece."""

HEARTBEAT = 15
"""Seconds between comments that keep proxies from closing a silent stream."""

STALLED = 30
"""Seconds after which a client that takes nothing is dropped; it resumes where it was."""

GRACE = 0.5
"""Seconds that a stream has for its farewell when the server ends."""

RETRY = "retry: 1000\n"


class EventStream(EventSourceResponse):
    """A response that follows the journal.

    Args:
        journal: What to follow.
        driver: Says when the server ends.
        after: Number of the last event the client knows; a number the journal has not reached yet comes from another
            home, so the client is told to forget what it has and gets everything.
        run_id: Only this run's events; None for all.
    """

    def __init__(self, journal: Journal, driver: Driver, *, after: int, run_id: str | None) -> None:
        self._journal, self._driver, self._run = journal, driver, run_id
        super().__init__(
            self._frames(after), ping=HEARTBEAT, sep="\n", send_timeout=STALLED, shutdown_grace_period=GRACE
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the client leaves, stalls, or the server ends."""
        with suppress(SendTimeoutError):
            await super().__call__(scope, receive, send)

    async def _frames(self, after: int) -> AsyncIterator[bytes]:
        if after > self._journal.last_seq():
            after = 0
            yield _notice("reset", "this journal is shorter than what you know: begin anew", id=0)
        yield f"{RETRY}id: {after}\n\n".encode()  # from now on the client knows where it is, even if nothing follows
        async for batch in self._batches(after):
            yield batch
        yield _notice("farewell", "the server ends; what it did is kept, come back")

    async def _batches(self, after: int) -> AsyncIterator[bytes]:
        while not self._driver.closing:
            end = self._journal.last_seq()
            if end == after:
                await asyncio.sleep(POLL)
                continue
            events = self._journal.read(after=after, run_id=self._run, limit=BATCH)
            if events:
                yield "".join(map(_frame, events)).encode()
            last = events[-1].seq if events else after
            after = last if len(events) == BATCH else max(last, end)  # skips what belongs to other runs


def _frame(event: Event) -> str:
    envelope = event.line()
    body = {**envelope.pop("event"), "metadata": envelope}
    return f"id: {event.seq}\ndata: {_json(body)}\n\n"


def _notice(name: str, text: str, *, id: int | None = None) -> bytes:
    """Say something that is not in the journal: a named SSE event that is a valid AG-UI event too."""
    body = {"type": "RAW", "event": {name: text}, "source": "server"}
    place = "" if id is None else f"id: {id}\n"
    return f"{RETRY}{place}event: {name}\ndata: {_json(body)}\n\n".encode()


def _json(body: Any) -> str:
    return json.dumps(body, separators=(",", ":"))
