"""The tape that plays: gives a run what it was given then, at the place where it came in.

What came in while several roles worked side by side came in an order that the world decided. Each row of a recording
says how far the journal was, so what is played waits until the run has as many events as it had then: the roles take
turns as they did, and every event falls into its place. A run that goes another way than it did would wait for ever;
so whoever waits goes on when nobody has written anything for a while.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeVar

from company.engine.replay.reel import Reel, draft_of
from company.errors import CompanyError, Stopped
from company.events import Event, Json
from company.governor import Allowance, Scope, Thought, tape
from company.governor.taped import CASE, OF_CALLS, place_of
from company.store import Journal, Recording

T = TypeVar("T")

PATIENCE = 500
"""Turns of the event loop without a new event after which what waits for its place goes on."""


class Parted(CompanyError):
    """The run asks for something that it was not given then: it goes another way."""


class Player:
    """Plays one run.

    Args:
        reel: The run.
        journal: Where words of models are written again.
        allowance: What models cost is charged again.

    Attributes:
        written: Events the run has written so far.
        decisions: Answers of models and calls of tools that were played.
        moment: Company time, as it was read last.
    """

    def __init__(self, reel: Reel, *, journal: Journal, allowance: Allowance) -> None:
        self.reel, self._journal, self._allowance = reel, journal, allowance
        self.written, self.decisions, self.moment = 0, 0, reel.run.as_of
        self._left: defaultdict[tuple[str, str], deque[Recording]] = defaultdict(deque)
        for row in reel.given:
            self._left[_name(row.kind, row.key)].append(row)

    @property
    def unused(self) -> list[Recording]:
        """What the run was given then and did not ask for now."""
        return sorted((row for rows in self._left.values() for row in rows), key=lambda row: row.seq)

    def take(self, kind: str, key: str) -> Recording:
        """Return the next thing of this kind and key.

        Raises:
            Stopped: A person stopped the run before it asked for it.
            Parted: There is none.
        """
        if rows := self._left[_name(kind, key)]:
            return rows.popleft()
        if stops := self._left[tape.STOPPED, ""]:
            raise Stopped(stops[0].data["reason"])
        raise Parted(f"the run asks for {kind} {key!r}, which it was not given then")

    def next(self, kind: str) -> Recording | None:
        """Return what comes next of a kind that has no keys, None when nothing is left; it is not taken."""
        return next(iter(self._left[kind, ""]), None)

    async def heard(self, kind: str, key: str, make: Callable[[], Awaitable[T]], form: tape.Form[T]) -> T:
        """Return what was brought then."""
        row = self.take(kind, key)
        await self._wait(self.reel.place(row.seq))
        return form.load(row.data)

    def seen(self, kind: str, key: str, make: Callable[[], T], form: tape.Form[T]) -> T:
        """Return what was found then."""
        found = form.load(self.take(kind, key).data)
        if kind == CASE:
            self.decisions, self.moment = self.decisions + 1, found["now"]  # type: ignore[index]
        return found

    def warned(self, kind: str, key: str, make: Callable[[], T | None], form: tape.Form[T]) -> T | None:
        """Return what stood against it then."""
        rows = self._left[_name(kind, key)]
        return form.load(rows.popleft().data) if rows else None

    async def thought(self, scope: Scope, message_id: str, make: Callable[[], Awaitable[Thought]]) -> Thought:
        """Write the words of an answer into the journal again, charge what it cost, and return it.

        Raises:
            Exception: What came instead of an answer.
        """
        row = self.take(tape.THOUGHT, message_id)
        for _, together in groupby(enumerate(self.reel.words(row)), lambda numbered: numbered[1][0] - numbered[0]):
            spoken = [word for _, word in together]
            await self._wait(spoken[0][0])
            self._write([event for _, event in spoken], scope)
        await self._wait(self.reel.place(row.seq))
        if "error" in row.data:
            if row.data["error"]["type"] == asyncio.CancelledError.__name__:
                await asyncio.Event().wait()  # until it is cancelled, as it was
            raise tape.revived(row.data["error"])
        self.decisions += 1
        return tape.THOUGHTS.load(row.data["thought"])

    async def turn(self, kind: str, key: str) -> None:
        """Wait until the run is where it was when this was taken."""
        if rows := self._left[_name(kind, key)]:
            await self._wait(self.reel.place(rows[0].seq))

    def _write(self, events: Sequence[Event], scope: Scope) -> None:
        """Write what followed each other."""
        for event in events:
            if event.type == "cost":
                self._charge(event.body["value"], scope)
        self._journal.append([draft_of(event) for event in events])

    def _charge(self, bill: Json, scope: Scope) -> None:
        spent: dict[str, Any] = {
            "tokens": bill["inputTokens"] + bill["outputTokens"],
            "usd": Decimal(bill["usd"]),
        }
        charge = self._allowance.reserve_model(scope.run.id, scope.role, **spent)
        self._allowance.settle(charge, elapsed=bill["elapsedMs"] / 1000, **spent)

    async def _wait(self, place: int) -> None:
        turns, known = 0, self.written
        while self.written < place and turns < PATIENCE:
            await asyncio.sleep(0)
            turns = turns + 1 if self.written == known else 0
            known = self.written


def _name(kind: str, key: str) -> tuple[str, str]:
    """Name what is played; of a call its place is enough, so that other arguments show as a difference of the call."""
    return (kind, " ".join(place_of(key))) if kind in OF_CALLS else (kind, key)
