"""Puts the memory back as it was, at a person's order: journaled, and undone like it was done.

A rollback has an id, `B1`, `B2`, ..., and going back to that id is going back to the moment before it.
"""

from dataclasses import dataclass
from datetime import datetime

from company import events
from company.errors import UsageError
from company.events import Draft
from company.memory.keeping.past import Past, Point
from company.store import Store
from company.store.counters import next_number


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback came to.

    Attributes:
        rollback: Its id.
        to: The time, or the id of the rollback that was undone.
        role: Whose memories; empty for all.
        by: Who ordered it.
        closed: Memories that are out of use now, because they were not there then.
        reopened: Memories that are in use again.
        changed: Others that stand as they did then.
    """

    rollback: str
    to: str
    role: str
    by: str
    closed: tuple[str, ...]
    reopened: tuple[str, ...]
    changed: tuple[str, ...]


def roll_back(past: Past, store: Store, *, to: str, role: str, by: str, now: datetime) -> RolledBack:
    """Put the memory back, and write it down.

    Args:
        past: The changes.
        store: The company's store.
        to: Company time with its offset, or the id of a rollback.
        role: Whose memories; empty for all.
        by: Who orders it.
        now: Company time.

    Raises:
        UsageError: `to` is neither a time nor a rollback.
    """
    point = _point(past, to)
    number = next_number(store._connection, "rollback")
    id = f"B{number}"  # noqa: A001 (it is one)
    past.mark(id)
    returned = past.roll_back(point, role=role, cause=f"rollback {id} to {to} by {by}", now=now)
    done = RolledBack(id, to, role, by, returned.closed, returned.reopened, returned.changed)
    value = {name: getattr(done, name) for name in RolledBack.__dataclass_fields__}
    store.journal.append([Draft.of_person(events.custom("memory.rolled_back", value))])
    return done


def _point(past: Past, to: str) -> datetime | Point:
    if to[:1] == "B":
        if (point := past.marked(to)) is None:
            raise UsageError(f"there is no rollback {to!r}", where="--to", cure="company journal names them")
        return point
    try:
        moment = datetime.fromisoformat(to)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        cure = "write a company time with its offset, 2026-03-01T12:00:00Z, or the id of a rollback, B1"
        raise UsageError(f"{to!r} is not a time", where="--to", cure=cure)
    return moment
