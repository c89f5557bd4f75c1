"""Holds what a run wrote when it was played to what it wrote then: every event, with all that stands in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from company.events import Event, Json


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a run that was played is not the run that was.

    Attributes:
        seq: Number of the event in the journal; None when there was none then.
        expected: The event as it was then: agent, visibility, thread and body; None when there was none.
        got: The event as it is now; None when there is none.
        note: What is different, when it is not an event.
    """

    seq: int | None
    expected: Json | None = None
    got: Json | None = None
    note: str = ""

    @property
    def fields(self) -> list[tuple[str, Any, Any]]:
        """Where in the event it is: path, value then, value now; empty when there is no pair of events."""
        return [] if self.expected is None or self.got is None else list(_unlike("", self.expected, self.got))


def differences(events: Sequence[Event], now: Sequence[Event]) -> list[Difference]:
    """Return where the events of `now` are not those of then, in order; numbers, times and seals do not count."""
    expected, got = [_shown(event) for event in events], [_shown(event) for event in now]
    return [] if expected == got else list(_aligned(events, expected, got))


def _aligned(events: Sequence[Event], expected: Sequence[Json], got: Sequence[Json]) -> Iterator[Difference]:
    """Pair what belongs together, so that one event too many is one difference and not all that follow."""
    old, new = ([repr(each) for each in side] for side in (expected, got))
    for kind, low, high, now_low, now_high in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for place, then, now in zip_longest(range(low, high), expected[low:high], got[now_low:now_high]):
            yield Difference(None if place is None else events[place].seq, then, now)


def _shown(event: Event) -> Json:
    return {"agent": event.agent, "visibility": event.visibility, "thread": event.thread_id, "event": event.body}


def _unlike(path: str, then: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the innermost values that differ."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*then, *now]):
            yield from _unlike(f"{path}.{name}" if path else name, then.get(name), now.get(name))
    elif then != now:
        yield path, then, now
