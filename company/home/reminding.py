"""What a role is reminded of before it begins.

The most relevant of what it remembers, and for the CEO what it has to know of whoever speaks: how they want things and
what they were promised. Asked what it knows of a person, it is reminded of everything that person told.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from company.memory import Kind, Memory, MemoryItem, Recalled
from company.memory.reflecting import MYSELF, asked_about
from company.roles import Role
from company.store import Run

STANDING: Final = 3
"""Memories of how things stand with a person that the CEO is always given."""

EVERYTHING: Final = 20
"""Facts of a person that the CEO is given when asked for all of them."""

_OVER: Final = frozenset({"done", "rejected", "expired"})
_LOOKED_AT: Final = 50


async def reminded(memory: Memory, role: Role, query: str, run: Run, *, limit: int, branch: str) -> Sequence[Recalled]:
    """Return what a role remembers about `query`, the most relevant first.

    Args:
        memory: Where to look.
        role: Whose memory.
        query: What it is about to do, in words.
        run: Where; its person's memories and the company's are looked through.
        limit: How many relevant memories at most.
        branch: Arm of an experiment that the run belongs to.
    """
    found = await memory.recall(role.id, query, limit=limit, person=run.person, branch=branch)
    if role.reports_to or not run.person:
        return found
    return _distinct([*found, *_of_person(memory, role, run, branch)])


def _of_person(memory: Memory, role: Role, run: Run, branch: str) -> Iterable[Recalled]:
    """Yield how things stand with the person, and when that is asked for, all facts they told."""
    if asked_about(run.request) == MYSELF:
        yield from _own(memory, role, run, branch, "semantic", EVERYTHING)
    yield from _own(memory, role, run, branch, "relationship", STANDING)


def _own(memory: Memory, role: Role, run: Run, branch: str, kind: Kind, limit: int) -> list[Recalled]:
    """Return the newest memories of the person themselves; what was promised and is over is left out."""
    newest = memory.browse([role.id], "", person=run.person, limit=_LOOKED_AT, kind=kind)
    own = [found.item for found in newest if found.item.person == run.person and found.item.branch in ("", branch)]
    return [_recalled(item) for item in own if item.predicate != "promise" or item.value not in _OVER][:limit]


def _recalled(item: MemoryItem) -> Recalled:
    return Recalled(
        id=item.id,
        text=item.text,
        kind=item.kind,
        source=item.source,
        at=item.created_at,
        score=0.0,
        tainted=item.tainted,
        sources=item.sources,
        trust=item.trust,
        valid_from=item.valid_from,
        parts={"person": 1.0},
    )


def _distinct(memories: Iterable[Recalled]) -> list[Recalled]:
    found: dict[str, Recalled] = {}
    for item in memories:
        found.setdefault(item.id, item)
    return list(found.values())
