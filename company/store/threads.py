"""Conversations as people look them up: which there are, what was said, how far somebody has read.

Everything is read from runs and journal through their indexes, so that a look takes the same time in any year. Only
the marks are rows of their own: how far a person has read follows the person from device to device, and moves forward
only, because a phone that wakes up late knows less than the desk.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from company.events import Json
from company.store.conversation import CHIEF, TEXT_TYPES
from company.store.database import Store
from company.store.prepared import Prepared
from company.store.schema import journal, marks, runs

CHUNK = 1_000
"""Journal rows looked through at a time."""

WITHDRAWN = "message.withdrawn"


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation.

    Attributes:
        id: Its name.
        request: What was asked first.
        last_at: Wall-clock time of its newest event.
        runs: How many turns it had.
        last_seq: Number of its newest event.
        read_seq: Number of the newest event that the person who asks has read.
    """

    id: str
    request: str
    last_at: datetime
    runs: int
    last_seq: int
    read_seq: int


@dataclass(frozen=True, slots=True)
class Said:
    """A complete message of a conversation.

    Attributes:
        id: Id of the message.
        run: The turn it belongs to.
        seq: Number of the event that completed it.
        speaker: Who said it.
        text: Its words.
        at: Wall-clock time when it was complete.
    """

    id: str
    run: str
    seq: int
    speaker: Literal["person", "ceo"]
    text: str
    at: datetime


class Threads:
    """All conversations of the company.

    Args:
        store: The company's store.
    """

    def __init__(self, store: Store) -> None:
        self._connection, self._journal = store._connection, store.journal

    def all(self, person: str, *, limit: int) -> list[Thread]:
        """Return the conversations, the one with the newest event first, with how far `person` has read."""
        rows = self._connection.rows(_listed, {"of_person": person, "most": limit})
        return [
            Thread(row.thread_id, row.request, datetime.fromisoformat(row.at), row.turns, row.last_seq, row.read)
            for row in rows
        ]

    def messages(self, thread_id: str, *, limit: int, before: int | None = None) -> list[Said]:
        """Return the newest complete messages, oldest first; what was withdrawn is left out.

        Args:
            thread_id: The conversation.
            limit: Most messages to return.
            before: Only messages whose `seq` is smaller; None for the newest.
        """
        reader = _Reader(limit)
        for row in self._words(thread_id, before):
            if reader.take(row):
                break
        return reader.said()

    def mark(self, person: str, thread_id: str, seq: int) -> None:
        """Remember that a person has read a conversation up to an event, at most its newest.

        A mark never moves back.
        """
        where = {"of_person": person, "of_thread": thread_id}
        with self._connection.transaction():
            newest = self._connection.first(_newest, {"of_thread": thread_id})
            if newest is None:
                return
            seq = min(seq, newest.seq)
            found = self._connection.first(_mark, where)
            if found is None:
                self._connection.change(_insert_mark, {"person": person, "thread_id": thread_id, "seq": seq})
            elif found.seq < seq:
                self._connection.change(_move_mark, {**where, "seq": seq})

    def _words(self, thread_id: str, before: int | None) -> Iterator[Any]:
        """Rows of what is said, backwards."""
        end = self._journal.last_seq() + 1 if before is None else before
        while rows := self._connection.rows(_words, {"of_thread": thread_id, "end": end}):
            yield from rows
            end = rows[-1].seq


class _Reader:
    """Puts messages together from rows that come backwards: end, pieces, start."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[str, tuple[Any, list[str]]] = {}
        self._withdrawn: set[str] = set()
        self._said: list[Said] = []

    def take(self, row: Any) -> bool:
        """Take a row; True when all messages that were asked for are complete."""
        body: Json = json.loads(row.body)
        if row.type == WITHDRAWN:
            self._withdrawn.add(body["value"]["messageId"])
        elif row.type == "TEXT_MESSAGE_END":
            if body["messageId"] not in self._withdrawn and len(self._said) + len(self._open) < self._limit:
                self._open[body["messageId"]] = row, []
        elif body["messageId"] in self._open:
            self._piece(body)
        return len(self._said) == self._limit

    def said(self) -> list[Said]:
        """Return the complete messages, oldest first."""
        return sorted(self._said, key=lambda said: said.seq)

    def _piece(self, body: Json) -> None:
        name = body["messageId"]
        if body["type"] == "TEXT_MESSAGE_CONTENT":
            self._open[name][1].append(body["delta"])
            return
        end, pieces = self._open.pop(name)
        speaker: Literal["person", "ceo"] = "person" if body["role"] == "user" else "ceo"
        at, text = datetime.fromisoformat(end.at), "".join(reversed(pieces))
        self._said.append(Said(name, end.run_id, end.seq, speaker, text, at))


def _threads() -> sa.Select[Any]:
    """Every conversation by name, from one to the next in the index instead of through all runs."""
    found = sa.select(sa.func.min(runs.c.thread_id).label("thread_id")).where(runs.c.thread_id > "").cte("found", True)
    following = sa.select(sa.func.min(runs.c.thread_id)).where(runs.c.thread_id > found.c.thread_id).scalar_subquery()
    return sa.select(found.union_all(sa.select(following).where(found.c.thread_id.is_not(None))))


def _listing() -> sa.Select[Any]:
    found = _threads().subquery("threads")
    newest = sa.select(sa.func.max(journal.c.seq)).where(journal.c.thread_id == found.c.thread_id).scalar_subquery()
    latest = (
        sa.select(found.c.thread_id, newest.label("last_seq"))
        .where(found.c.thread_id.is_not(None))
        .order_by(sa.desc("last_seq"))
        .limit(sa.bindparam("most", type_=sa.Integer))
        .subquery("latest")
    )
    mine = runs.c.thread_id == latest.c.thread_id
    first = sa.select(runs.c.request).where(mine).order_by(runs.c.position).limit(1).scalar_subquery()
    turns = sa.select(sa.func.count()).select_from(runs).where(mine).scalar_subquery()
    read = (
        sa.select(marks.c.seq)
        .where(marks.c.person == sa.bindparam("of_person"), marks.c.thread_id == latest.c.thread_id)
        .scalar_subquery()
    )
    return (
        sa.select(
            latest.c.thread_id,
            latest.c.last_seq,
            journal.c.at,
            first.label("request"),
            turns.label("turns"),
            sa.func.coalesce(read, 0).label("read"),
        )
        .join_from(latest, journal, journal.c.seq == latest.c.last_seq)
        .order_by(latest.c.last_seq.desc())
    )


_listed = Prepared(_listing())
_newest = Prepared(
    sa.select(journal.c.seq)
    .where(journal.c.thread_id == sa.bindparam("of_thread"))
    .order_by(journal.c.seq.desc())
    .limit(1)
)
_words = Prepared(
    sa.select(journal.c.seq, journal.c.at, journal.c.run_id, journal.c.type, journal.c.body)
    .where(
        journal.c.thread_id == sa.bindparam("of_thread"),
        journal.c.seq < sa.bindparam("end"),
        journal.c.agent == CHIEF,
        journal.c.visibility == "user",
        sa.or_(*(journal.c.type == name for name in (*TEXT_TYPES, WITHDRAWN))),
    )
    .order_by(journal.c.seq.desc())
    .limit(CHUNK)
)
_of_person = (marks.c.person == sa.bindparam("of_person"), marks.c.thread_id == sa.bindparam("of_thread"))
_mark = Prepared(sa.select(marks.c.seq).where(*_of_person))
_insert_mark = Prepared(sa.insert(marks))
_move_mark = Prepared(sa.update(marks).where(*_of_person), "seq")
