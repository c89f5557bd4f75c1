"""The one reader of the journal in this process, for all its streams.

It looks at the journal some thirty times a second while anybody listens, and at once when work begins in this process;
other processes append too, so looking is what always works. Each event is encoded once. What is newest is kept in a
ring of bounded size; whoever is further behind reads from the journal. A client is a place (a number), never a queue:
the slow ones cost nothing and lose nothing. All clients at one place with one choice get the very same bytes.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from company.events import Event
from company.server.streams.channels import Choice
from company.server.streams.cursor import epoch_of
from company.server.streams.lines import Line, Piece, Ring, encoded
from company.store import Store

KEPT = 4_000
"""Newest events kept in memory."""

KEPT_BYTES = 8 * 1024 * 1024
"""Bytes of frames kept in memory."""

PIECE = 400
"""Most events in a piece."""

PIECE_BYTES = 64 * 1024
"""Bytes after which a piece is full; it ends with the event that fills it."""

Kind = Literal["sse", "ws"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what is done, in seconds.

    Attributes:
        look: Between two looks at the journal; what is written in between travels in one piece.
        heartbeat: Between signs of life to a client; at the latest then the gate ends the stream of one whose
            credentials do not hold any more.
        stalled: After which a client that takes nothing is dropped.
        chores: Between two looks for clients whose heartbeat is due or that stall.
    """

    look: float = 0.033
    heartbeat: float = 15.0
    stalled: float = 30.0
    chores: float = 0.5


_PACE = Pace()


class Listener(Protocol):
    """A client, as the tail knows it."""

    kind: Kind

    def wake(self) -> None:
        """There may be something to send, or the server ends."""

    def tend(self, now: float) -> None:
        """Do what is due at `now`, in seconds of the event loop."""


class Tail:
    """Follows the journal.

    Args:
        store: The store whose journal it is.
        now: Wall-clock time, in which events are dated.
        is_closing: Tells whether the server ends; streams end with it.
        on_event: Told of each event how many seconds old it was when streams got it.
        pace: How often what is done.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], datetime],
        is_closing: Callable[[], bool],
        on_event: Callable[[float], None],
        pace: Pace = _PACE,
    ) -> None:
        self.pace = pace
        self._journal, self._now, self._is_closing, self._on_event = store.journal, now, is_closing, on_event
        self.epoch = epoch_of(store.home_id)
        self.last = self._journal.last_seq()
        """Number of the newest event seen."""
        self._listeners: dict[Listener, None] = {}  # in the order they came, as they lie in memory
        self._ring = Ring(KEPT, KEPT_BYTES)
        self._fresh, self._pieces = self.last, dict[tuple[int, Choice], Piece]()
        self._following: asyncio.Task[None] | None = None
        self.closing = False
        """The server ends."""
        self.broken = False
        """The journal cannot be read; whoever comes next tries again."""

    def count(self, kind: Kind) -> int:
        """Return how many clients of a kind listen."""
        return sum(listener.kind == kind for listener in self._listeners)

    def attach(self, listener: Listener) -> None:
        """Tell `listener` from now on when there is something to do."""
        self._listeners[listener] = None
        if self._following is None or self._following.done():
            self._begin()

    def detach(self, listener: Listener) -> None:
        """Forget a client; nobody looks while nobody listens."""
        self._listeners.pop(listener, None)

    def wake(self) -> None:
        """Look soon, when no transaction is open: a run began in this process, or the server ends."""
        self.closing = self._is_closing()
        if self._listeners:
            asyncio.get_running_loop().call_soon(self._look)

    def place(self, seq: int) -> str:
        """Return the cursor of an event of this journal."""
        return f"{self.epoch}:{seq}"

    def newest(self) -> int:
        """Return the number of the journal's newest event, seen or not."""
        return self._journal.last_seq()

    def piece(self, after: int, choice: Choice) -> Piece:
        """Return what follows the event `after`, as much as is sent in one go."""
        if after < self._fresh:
            return self._cut(after, choice)
        found = self._pieces.get((after, choice))
        if found is None:
            found = self._pieces[after, choice] = self._cut(after, choice)
        return found

    def _begin(self) -> None:
        end = self._journal.last_seq()
        if end != self.last:
            self._ring.clear()
            self._pieces.clear()
            self.last = self._fresh = end
        self.broken = False
        self._following = asyncio.create_task(self._follow(), name="tail")

    async def _follow(self) -> None:
        try:
            await self._keep_looking()
        except Exception as error:  # noqa: BLE001 - whatever it is, clients must not wait for ever
            _log.error("the journal cannot be read, so all streams end: %s", error, exc_info=error)
            self.broken = True
            for listener in self._listeners:
                listener.wake()

    async def _keep_looking(self) -> None:
        loop = asyncio.get_running_loop()
        chores = loop.time()
        while self._listeners:
            await asyncio.sleep(self.pace.look)
            self._look()
            if loop.time() >= chores:
                chores = loop.time() + self.pace.chores
                for listener in self._listeners:
                    listener.tend(loop.time())

    def _look(self) -> None:
        """Read what was appended, and wake everybody if there is anything, or if the server ends."""
        end = self._journal.last_seq()
        if end == self.last and not self.closing:
            return
        if end > self.last:
            self._take(end)
        for listener in self._listeners:
            listener.wake()

    def _take(self, end: int) -> None:
        self._pieces.clear()
        self._fresh = self.last
        while self.last < end:
            events = self._journal.read(after=self.last, limit=PIECE)
            self._ring.add(encoded(event, self.epoch) for event in events)
            self.last = events[-1].seq
            self._measure(events)

    def _measure(self, events: Iterable[Event]) -> None:
        now = self._now()
        for event in events:
            self._on_event((now - event.at).total_seconds())

    def _cut(self, after: int, choice: Choice) -> Piece:
        if after >= self.last:
            return Piece((), after)
        if self._ring.holds(after + 1):
            return _filled(self._ring.since(after + 1), choice, self.last)
        return self._read(after, choice)

    def _read(self, after: int, choice: Choice) -> Piece:
        """Take from the journal what the ring does not hold any more."""
        events = self._journal.read(after=after, run_id=choice.run, thread_id=choice.thread, limit=PIECE)
        last = events[-1].seq if events else after
        end = last if len(events) == PIECE else max(last, self.last)
        return _filled((encoded(event, self.epoch) for event in events), choice, end)


def _filled(lines: Iterable[Line], choice: Choice, end: int) -> Piece:
    """Return a piece of those lines a client wants; `end` is the place after all of them."""
    taken, size = list[Line](), 0
    for line in lines:
        if line.is_in(choice):
            taken.append(line)
            size += len(line.sse)
            if len(taken) == PIECE or size >= PIECE_BYTES:
                return Piece(tuple(taken), line.seq)
    return Piece(tuple(taken), end)
