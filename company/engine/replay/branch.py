"""The tape of a fork: what came before the step is played, what comes after it is real.

A fork is a run of its own, with an id of its own, so what is on the tape is found by what does not depend on the id of
a run: which role was thinking for which time, which call with which arguments. After the step every answer of a model
is asked for anew, and a call that the original made too, by the same role with the same arguments, has the result that
it had then; so has a question to a person. Everything the fork takes is recorded as that of any run.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from company.engine.replay.reel import Reel
from company.engine.replay.steps import is_step
from company.events import Draft, Event
from company.governor import Scope, Thought, tape
from company.governor.taped import OF_CALLS, call_of, place_of
from company.store import Recording, Run, Store

T = TypeVar("T")


class Shared:
    """What a fork shares with the original.

    Args:
        reel: The original.
        step: Number of the first decision that is taken anew.

    Attributes:
        used: How many decisions of the original the fork has shared so far.
    """

    def __init__(self, reel: Reel, step: int) -> None:
        self.reel, self.used = reel, 0
        self._first: defaultdict[tuple[str, str], deque[Recording]] = defaultdict(deque)
        self._later: defaultdict[tuple[str, str, str], deque[Recording]] = defaultdict(deque)
        decided = 0
        for row in reel.given:
            decided += is_step(row)
            if decided < step:
                self._first[row.kind, _without_run(row.key)].append(row)
            elif row.kind in OF_CALLS:
                self._later[row.kind, place_of(row.key)[0], call_of(row.key)].append(row)

    def find(self, kind: str, key: str) -> Recording | None:
        """Return what the original was given at this place, None when the fork has to get it by itself."""
        rows = self._first[kind, _without_run(key)]
        if not rows and kind in OF_CALLS:
            rows = self._later[kind, place_of(key)[0], call_of(key)]
        if not rows:
            return None
        self.used += is_step(rows[0])
        return rows.popleft()


class Branch(tape.Recorder):
    """The tape of a fork's run.

    Args:
        store: The store of the copy.
        run: The fork's run.
        shared: What it shares with the original.
        redact: Takes secrets out of what is kept.
    """

    def __init__(self, store: Store, run: Run, shared: Shared, *, redact: Callable[[Any], Any]) -> None:
        super().__init__(store, run.id, redact=redact)
        self._journal, self._own, self._shared = store.journal, run, shared

    async def heard(self, kind: str, key: str, make: Callable[[], Awaitable[T]], form: tape.Form[T]) -> T:
        """Return what came in then, or comes in now."""
        row = self._shared.find(kind, key)
        if row is None:
            return await super().heard(kind, key, make, form)
        self.keep(kind, key, row.data)
        return form.load(row.data)

    def seen(self, kind: str, key: str, make: Callable[[], T], form: tape.Form[T]) -> T:
        """Return what was there then, or is there now."""
        row = self._shared.find(kind, key)
        if row is None:
            return super().seen(kind, key, make, form)
        self.keep(kind, key, row.data)
        return form.load(row.data)

    def warned(self, kind: str, key: str, make: Callable[[], T | None], form: tape.Form[T]) -> T | None:
        """Return what stood against it then, or stands against it now."""
        row = self._shared.find(kind, key)
        if row is None:
            return super().warned(kind, key, make, form)
        self.keep(kind, key, row.data)
        return form.load(row.data)

    async def thought(self, scope: Scope, message_id: str, make: Callable[[], Awaitable[Thought]]) -> Thought:
        """Return the answer of then, with its words, or ask."""
        row = self._shared.find(tape.THOUGHT, message_id)
        if row is None or row.data.get("error", {}).get("type") == asyncio.CancelledError.__name__:
            return await super().thought(scope, message_id, make)
        after = self._journal.last_seq()
        self._journal.append([self._copied(event) for event in self._words(row)])
        self.keep(tape.THOUGHT, message_id, {**row.data, "after": after})
        if "error" in row.data:
            raise tape.revived(row.data["error"])
        return replace(tape.THOUGHTS.load(row.data["thought"]), message_id=message_id)

    def _words(self, row: Recording) -> Sequence[Event]:
        """The words of an answer of the original; what it cost is not paid again."""
        return [event for _, event in self._shared.reel.words(row) if event.type != "cost"]

    def _copied(self, event: Event) -> Draft:
        body = {name: self._named(value) for name, value in event.body.items()}
        return Draft(self._own.id, self._own.thread_id, event.agent, event.visibility, body)

    def _named(self, value: Any) -> Any:
        """Give an id of the original's run the name of the fork's."""
        old = f"{self._shared.reel.run.id}/"
        if isinstance(value, str) and value.startswith(old):
            return f"{self._own.id}/{value.removeprefix(old)}"
        return value


def _without_run(key: str) -> str:
    """Return a key without the id of the run, with which ids of messages begin."""
    head, slash, rest = key.partition("/")
    return rest if slash and head.startswith("R") and head[1:].isdigit() else key
