"""Where a memory comes from and where it went: run and conversation, what it was concluded from, what was concluded
from it, and the runs that were reminded of it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from company.errors import UsageError
from company.memory.item import MemoryItem
from company.memory.keeping.past import Change, Past
from company.memory.records import Records, number_of
from company.store import Store

RECALLED: Final = "memory.recalled"


@dataclass(frozen=True, slots=True)
class Recollection:
    """A role was reminded of a memory.

    Attributes:
        run: In which run.
        role: Which role.
        seq: Number of the journal's event that says so.
    """

    run: str
    role: str
    seq: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that is known about one memory.

    Attributes:
        item: The memory.
        changes: What happened to it, the first change first.
        origins: What it was concluded from, as far as that is still there, through any number of steps.
        conclusions: What was concluded from it.
        recalled: The runs that were reminded of it, the first first.
    """

    item: MemoryItem
    changes: tuple[Change, ...]
    origins: tuple[MemoryItem, ...]
    conclusions: tuple[MemoryItem, ...]
    recalled: tuple[Recollection, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """How much is remembered.

    Attributes:
        by: Memories by role, kind and status, the numbers of those that hold.
        history: Memories that were superseded.
        persons: Memories that belong to a person.
        tainted: Memories with a stranger's words in them.
        tombstones: Salted hashes of what was forgotten.
        bytes: Size of the file.
    """

    by: dict[str, dict[str, dict[str, int]]]
    history: int
    persons: int
    tainted: int
    tombstones: int
    bytes: int


def trace(id: str, records: Records, past: Past, store: Store) -> Trace:
    """Return everything that is known about a memory.

    Raises:
        UsageError: There is no such memory.
    """
    item = records.get(id)
    if item is None:
        raise UsageError(f"there is no memory {id!r}", where="id", cure="company memory search finds ids")
    return Trace(
        item=item,
        changes=tuple(past.changes(number_of(id))),
        origins=_above(item, records),
        conclusions=_below(item, records),
        recalled=tuple(_recollections(id, store)),
    )


def stats(records: Records) -> Stats:
    """Return how much is remembered."""
    by: dict[str, dict[str, Counter[str]]] = {}
    rows = records.db.execute(
        "SELECT role, kind, status, count(*) AS memories FROM memory "
        "WHERE NOT (status = 'active' AND valid_to IS NOT NULL) GROUP BY role, kind, status ORDER BY role, kind, status"
    )
    for row in rows:
        by.setdefault(row["role"], {}).setdefault(row["kind"], Counter())[row["status"]] = row["memories"]
    return Stats(
        by={role: {kind: dict(counts) for kind, counts in kinds.items()} for role, kinds in by.items()},
        history=records.number("SELECT count(*) FROM memory WHERE status = 'active' AND valid_to IS NOT NULL"),
        persons=records.number("SELECT count(*) FROM memory WHERE person <> ''"),
        tainted=records.number("SELECT count(*) FROM memory WHERE tainted = 1"),
        tombstones=records.number("SELECT count(*) FROM tombstone"),
        bytes=records.number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"),
    )


def _above(item: MemoryItem, records: Records) -> tuple[MemoryItem, ...]:
    found: dict[str, MemoryItem] = {}
    following = list(item.derived_from)
    while following:
        above = following.pop(0)
        if above not in found and above != item.id and (origin := records.get(above)):
            found[above] = origin
            following += origin.derived_from
    return tuple(found.values())


def _below(item: MemoryItem, records: Records) -> tuple[MemoryItem, ...]:
    found: dict[str, MemoryItem] = {}
    following = [item.id]
    while following:
        derived = records.where("instr(derived_from, :id) > 0", id=f'"{following.pop(0)}"')
        new = {each.id: each for each in derived if each.id not in found and each.id != item.id}
        found |= new
        following += new
    return tuple(found.values())


def _recollections(id: str, store: Store) -> list[Recollection]:
    after, found = 0, list[Recollection]()
    while events := store.journal.read(after=after, types=[RECALLED]):
        for event in events:
            value: dict[str, Any] = event.body["value"]
            if any(item["id"] == id for item in value["items"]):
                found.append(Recollection(event.run_id, value["role"], event.seq))
        after = events[-1].seq
    return found
