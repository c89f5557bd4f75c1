"""Answers that are worked out once and given to all who ask, until what they rest on changes.

Every browser asks for the same figures after the same event. The first one starts the computation, who comes while it
runs waits for it, who comes later gets what it came to. A browser that leaves does not end what others wait for. An
error is shared by those who waited, and not kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from company.store import Journal

Value = TypeVar("Value")

MOST = 256
"""Answers that are kept; the one not asked for the longest goes first."""


class Pulse:
    """Tells when something of certain kinds happened; it costs one small query while nothing does.

    Args:
        journal: What happened.
        types: `Event.type` values that count.
    """

    def __init__(self, journal: Journal, types: Collection[str]) -> None:
        self._journal, self._types = journal, frozenset(types)
        self._seen = self._felt = journal.last_seq()

    def read(self) -> int:
        """Return a number that has changed when something happened."""
        end = self._journal.last_seq()
        if end != self._seen:
            if self._journal.read(after=self._seen, types=self._types, limit=1):
                self._felt = end
            self._seen = end
        return self._felt


@dataclass(frozen=True, slots=True)
class _Kept:
    mark: Hashable
    work: asyncio.Task[Any]

    def serves(self, mark: Hashable) -> bool:
        if self.mark != mark:
            return False
        return not self.work.done() or not (self.work.cancelled() or self.work.exception())


class Cached:
    """Values by name, each with the mark it was worked out at."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}

    async def get(self, name: Hashable, mark: Hashable, make: Callable[[], Awaitable[Value]]) -> Value:
        """Return the value of `name` at `mark`, made now unless it is known or being made.

        Args:
            name: What is asked for.
            mark: What the value rests on; another mark means another value.
            make: Works the value out.
        """
        kept = self._kept.pop(name, None)
        if kept is None or not kept.serves(mark):
            kept = _Kept(mark, asyncio.ensure_future(_made(make)))
        self._kept[name] = kept  # the last asked for stands last
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        return cast("Value", await asyncio.shield(kept.work))


async def _made(make: Callable[[], Awaitable[Value]]) -> Value:
    return await make()
