"""Conversations: what was said and done in them, and how far a person has read."""

import json
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from starlette.responses import Response

from company.engine import Engine
from company.server.commands import Commands
from company.server.native.routing import LARGEST, Before, Key, Routes, ThreadId, Who, limit
from company.server.native.views import Message, Started, View
from company.server.streams.cursor import epoch_of
from company.store import Page, Said, Thread, Threads, Timeline

LISTED = 200
"""Conversations of a list."""

TITLE = 60
"""Most characters of a title."""


class TimelineView(View):
    """Whole runs of a conversation and the cycles between them, oldest first.

    Attributes:
        events: AG-UI events; what the journal knows beside the event is its `metadata`, as in the stream.
        first: Number of the first event given, 0 when there is none; ask with `before` it for what is older.
        cursor: Where to follow from: `GET /events?after=`.
        older: There are earlier runs.
    """

    events: list[dict[str, Any]]
    first: int
    cursor: str
    older: bool


class ThreadView(View):
    """A conversation.

    Attributes:
        title: First words of its first message.
        runs: How many turns it had.
        last_seq: Number of its newest event.
        read_seq: Number of the newest event that who asks has read, on any device.
    """

    id: str
    title: str
    last_at: datetime
    runs: int
    last_seq: int
    read_seq: int


class MessageView(View):
    """What somebody said; `seq` is the number of the event that completed it."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    run: str
    seq: int
    speaker: Literal["person", "ceo"] = Field(alias="from")
    text: str
    at: datetime


class ReadUpTo(View):
    """Number of the newest event that was read."""

    seq: int = Field(ge=0, le=LARGEST)


class Conversations:
    """Endpoints about conversations.

    Args:
        engine: Runs the company.
        commands: Begins what is asked.
    """

    def __init__(self, engine: Engine, commands: Commands) -> None:
        store = engine.company.store
        self._commands, self._epoch = commands, epoch_of(store.home_id)
        self._threads, self._timeline = Threads(store), Timeline(store)

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("conversations")
        routes.door("GET", "/timeline", self.timeline, "read", response_model=TimelineView)
        routes.door("GET", "/threads", self.threads, "read")
        routes.door("GET", "/threads/{thread_id:path}/messages", self.messages, "read", refuses=(404,))
        routes.door("PUT", "/threads/{thread_id:path}/read", self.mark, "read", status=204, refuses=(404,))
        routes.door("POST", "/messages", self.say, "chat", status=202, refuses=(409,))
        return routes

    async def timeline(
        self,
        thread: Annotated[str, Query(max_length=100, description="The conversation; empty for cycles alone.")] = "main",
        runs: Annotated[int, Query(ge=1, le=50, description="Most runs of the conversation.")] = 8,
        before: Before = None,
    ) -> Response:
        """Return the newest runs of a conversation, whole, with the cycles between and after them.

        There are at most as many cycles as runs, the newest; without a conversation's name there are cycles alone. The
        oldest are left out when there would be more than 5,000 events. Of what is given, `GET /events?after=` streams
        from `cursor` on what follows: nothing is missing and nothing comes twice. A page `before` an earlier one holds
        the runs that began before it, also their events of later; a client knows those by their `seq`.
        """
        page = self._timeline.page(thread, runs=runs, before=before)
        return Response(_timeline(page, self._epoch), media_type="application/json")

    async def threads(self, who: Who, most: Annotated[int, limit(LISTED)] = LISTED) -> list[ThreadView]:
        """List the conversations, the one with the newest event first."""
        return [_thread(thread) for thread in self._threads.all(who.person, limit=most)]

    async def messages(
        self, thread_id: ThreadId, most: Annotated[int, limit(200)] = 50, before: Before = None
    ) -> list[MessageView]:
        """Return what was said in a conversation last, oldest first; nothing when it has not begun."""
        return [_message(said) for said in self._threads.messages(thread_id, limit=most, before=before)]

    async def mark(self, who: Who, thread_id: ThreadId, read: ReadUpTo) -> Response:
        """Remember how far you have read; on every device, and never backwards."""
        self._threads.mark(who.person, thread_id, read.seq)
        return Response(status_code=204)

    async def say(self, who: Who, message: Message, key: Key = None) -> Started:
        """Say something to the CEO; the answer comes through `GET /events`."""
        return Started.of(self._commands.say(who, message, key))


def _timeline(page: Page, epoch: str) -> bytes:
    """Write a page as JSON; the events' bodies are JSON already."""
    rest = {"first": page.first, "cursor": f"{epoch}:{page.end}", "older": page.older}
    return f'{{"events":[{",".join(_events(page.rows))}],{_json(rest)[1:]}'.encode()


def _events(rows: Sequence[Any]) -> list[str]:
    return [f'{row.body[:-1]},"metadata":{_json(_envelope(row))}}}' for row in rows]


def _envelope(row: Any) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": row.at,
        "runId": row.run_id,
        "threadId": row.thread_id,
        "agent": row.agent,
        "visibility": row.visibility,
    }


_json = json.JSONEncoder(separators=(",", ":")).encode


def _thread(thread: Thread) -> ThreadView:
    return ThreadView(
        id=thread.id,
        title=_title(thread.request),
        last_at=thread.last_at,
        runs=thread.runs,
        last_seq=thread.last_seq,
        read_seq=thread.read_seq,
    )


def _title(request: str) -> str:
    """Return the first words of a request, or of one endless word its beginning."""
    return textwrap.shorten(request, TITLE, placeholder="…") if " " in request.strip() else request.strip()[:TITLE]


def _message(said: Said) -> MessageView:
    return MessageView(id=said.id, run=said.run, seq=said.seq, speaker=said.speaker, text=said.text, at=said.at)
