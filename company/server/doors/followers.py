"""Followers of the journal: each is told what happens, in order, at least once, and none holds up another.

A follower has a cursor over the journal, kept in the store: it moves when the follower has taken an event, and a
restart goes on there. It begins at the journal's end of the day it was set up. One that fails is told again with
growing pauses; after the last try it is parked, which its state shows and the log says, and the next start tries again.
Nobody here holds up a run.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from company.engine.locks import Busy, RunLocks
from company.errors import ProviderError
from company.events import Event, Json
from company.store import Store

TRIES = 10
"""Tries of one event before its follower is parked; with the pauses between them some quarter of an hour."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds before the second try, and at most before any; each is twice as long as the one before, give or take."""

LOOK_EVERY = 0.25
"""Seconds between two looks at the journal."""

BATCH = 200
"""Events read in one go."""

BOOKS = "server"
"""Books that cursors are kept in, by the kind of the followers and the key of each."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class FollowerState:
    """How a follower is doing.

    Attributes:
        name: What may be shown of it.
        cursor: Number of the last event that is done with.
        failures: Tries of the present event that failed.
        error: Why the last one failed; empty when none did.
        parked: It gave up until the next start.
    """

    name: str
    cursor: int = 0
    failures: int = 0
    error: str = ""
    parked: bool = False


@dataclass(frozen=True, slots=True)
class Follower:
    """Somebody who is told.

    Attributes:
        key: Name of its cursor.
        events: Types it wants; none means all of them.
        tell: Tells it one event; raises a `ProviderError` when that was not taken.
        state: How it is doing.
    """

    key: str
    events: frozenset[str]
    tell: Callable[[Event], Awaitable[None]]
    state: FollowerState


class Followers:
    """Tells followers in the background of the server.

    Args:
        kind: What they are, singular: the kind of their cursors in the books, and what the log calls them.
        followers: Who is told.
        store: Its journal is followed.
        locks: Folder of lock files; one process of a home tells, another waits until it is gone.
        chance: Spreads the pauses, so that many do not come back at once.
        first_pause: Seconds before the second try.
    """

    def __init__(
        self,
        kind: str,
        followers: Sequence[Follower],
        store: Store,
        locks: Path,
        *,
        chance: random.Random | None = None,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._kind, self._followers, self._store = kind, followers, store
        self._books, self._locks = store.books(BOOKS), RunLocks(locks)
        self._chance, self._first_pause = chance or random.Random(), first_pause
        self._task: asyncio.Task[None] | None = None
        for follower in followers:
            follower.state.cursor = self._cursor(follower)

    @property
    def state(self) -> list[FollowerState]:
        """How each is doing, in their order."""
        return [follower.state for follower in self._followers]

    def start(self) -> None:
        """Begin to tell, if there is anybody."""
        if self._followers:
            self._task = asyncio.create_task(self._run(), name=self._kind)
            self._task.add_done_callback(self._report)

    async def close(self) -> None:
        """End; what was not taken is told after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _cursor(self, follower: Follower) -> int:
        kept = self._books.get(self._kind, follower.key)
        if kept is None:
            kept = {"cursor": self._store.journal.last_seq()}
            self._books.put(self._kind, follower.key, kept)
        return int(kept["cursor"])

    async def _run(self) -> None:
        while True:
            try:
                with self._locks.hold(f"{self._kind}s"):
                    async with asyncio.TaskGroup() as group:
                        for follower in self._followers:
                            follower.state.cursor = self._cursor(follower)
                            group.create_task(self._follow(follower))
                    return
            except Busy:
                await asyncio.sleep(LOOK_EVERY)

    async def _follow(self, follower: Follower) -> None:
        while not follower.state.parked:
            for event in self._next(follower):
                await self._deliver(follower, event)
                if follower.state.parked:
                    return
                self._move(follower, event.seq)
            await asyncio.sleep(LOOK_EVERY)

    def _next(self, follower: Follower) -> list[Event]:
        """Return what is to be told next, and pass over what the follower does not want."""
        end = self._store.journal.last_seq()
        if end == follower.state.cursor:
            return []
        events = self._store.journal.read(after=follower.state.cursor, types=follower.events or None, limit=BATCH)
        if not events:
            self._move(follower, end)
        return events

    async def _deliver(self, follower: Follower, event: Event) -> None:
        """Tell an event until it is taken, or until the last try has failed."""
        state = follower.state
        state.failures = 0
        while True:
            try:
                await follower.tell(event)
            except ProviderError as error:
                state.failures, state.error = state.failures + 1, str(error)
                if state.failures == TRIES:
                    self._park(follower, event.seq)
                    return
                _log.warning("%s %s, event %d, try %d: %s", self._kind, state.name, event.seq, state.failures, error)
                await asyncio.sleep(self._pause(state.failures))
            else:
                state.failures, state.error = 0, ""
                return

    def _park(self, follower: Follower, seq: int) -> None:
        state = follower.state
        state.parked = True
        _log.error("%s %s is parked at event %d: %s", self._kind, state.name, seq, state.error)
        self._books.put(self._kind, follower.key, {"cursor": state.cursor, "parked": state.error})

    def _pause(self, failures: int) -> float:
        pause: float = min(self._first_pause * 2 ** (failures - 1), LONGEST_PAUSE)
        return pause * self._chance.uniform(0.75, 1.25)

    def _move(self, follower: Follower, seq: int) -> None:
        follower.state.cursor = seq
        self._books.put(self._kind, follower.key, {"cursor": seq})

    def _report(self, task: asyncio.Task[None]) -> None:
        """Say in the log what ended the telling."""
        if not task.cancelled() and (error := task.exception()):
            _log.error("%ss are not told any more: %s", self._kind, error, exc_info=error)


def parked(store: Store, kind: str, key: str) -> Json | None:
    """Return `cursor` and `parked`, why it gave up, of a follower that gave up and was not told anything since."""
    kept = store.books(BOOKS).get(kind, key)
    return kept if kept and "parked" in kept else None
