"""What was said in runs, as an erasure has to know it."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from company.store.database import Store
from company.store.runs import OVER
from company.store.schema import runs
from company.store.votes import name_of


@dataclass(frozen=True, slots=True)
class RunWords:
    """What an erasure has to know of a run.

    Attributes:
        id: The run.
        thread_id: Its conversation, empty for none.
        is_cycle: Nobody said anything in it.
        status: Where it stands.
        request: What a person said.
        answer: What the CEO said in the end.
    """

    id: str
    thread_id: str
    is_cycle: bool
    status: str
    request: str
    answer: str


def words_of(store: Store, run_ids: Iterable[str], person: str = "") -> list[RunWords]:
    """Return the runs of these ids, and those in which a person spoke, in their order."""
    wanted, name = set(run_ids), name_of(person)
    found = store._connection.rows(_every_run)
    return [
        RunWords(
            row.id, row.thread_id, row.kind == "cycle", row.status, row.request, str(row.outcome.get("answer") or "")
        )
        for row in found
        if row.id in wanted or (name and name_of(row.person) == name)
    ]


def ended_runs(store: Store) -> frozenset[str]:
    """Return the ids of the runs that will never go on."""
    return frozenset(row.id for row in store._connection.rows(_over))


_over = sa.select(runs.c.id).where(runs.c.status.in_(sorted(OVER)))
_every_run = sa.select(
    *(runs.c[name] for name in ("id", "thread_id", "kind", "status", "request", "person", "outcome"))
).order_by(runs.c.position)
