"""Runs: what the company was asked to do, how far it is, and who may drive it.

A run's fence grows each time a worker takes it; a worker whose token is not the newest any more is a zombie and must
not write.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from company.errors import UsageError
from company.events import Json
from company.store.connection import Connection, Statement
from company.store.counters import next_number
from company.store.prepared import Parameters, Prepared
from company.store.schema import runs

Kind = Literal["cycle", "chat", "task"]
Status = Literal["created", "running", "waiting", "done", "degraded", "failed", "stopped"]

FINISHED: frozenset[Status] = frozenset({"done", "degraded", "failed", "stopped"})
OVER = FINISHED - {"stopped"}
"""What never goes on; a stopped run may be let go on."""


@dataclass(frozen=True, slots=True)
class Run:
    """One piece of work, from the door to the answer.

    Attributes:
        id: `R1`, `R2`, ...
        thread_id: The conversation; of a cycle, its own.
        kind: Autonomous cycle, chat turn or single task.
        status: `waiting` is parked for a person; `degraded` ended with something missing.
        request: What was asked, in words.
        person: Who asked; empty in a cycle.
        number: Number of the cycle.
        as_of: Company time of the start.
        seed: Seed of everything random in it.
        identity: Hash of graph, roles, prompts and configuration it runs with.
        created_at: Wall-clock time.
        finished_at: Wall-clock time of the end, None before.
        outcome: What came out, as JSON; empty before.
    """

    id: str
    thread_id: str
    kind: Kind
    status: Status
    request: str
    person: str
    number: int
    as_of: datetime
    seed: int
    identity: str
    created_at: datetime
    finished_at: datetime | None
    outcome: Json


_every = sa.select(*(runs.c[name] for name in Run.__dataclass_fields__))
_by_id = Prepared(_every.where(runs.c.id == sa.bindparam("of_id")))
_insert = Prepared(sa.insert(runs), *(column.key for column in runs.c if column.key != "finished_at"))
_set_status = sa.update(runs).where(runs.c.id == sa.bindparam("of_id"))
_move = Prepared(_set_status, "status", "finished_at")
_finish = Prepared(_set_status, "status", "finished_at", "outcome")
_status = Prepared(sa.select(runs.c.status).where(runs.c.id == sa.bindparam("of_id")))
_fence = Prepared(sa.select(runs.c.fence).where(runs.c.id == sa.bindparam("of_id")))
_advance_fence = Prepared(
    sa.update(runs).where(runs.c.id == sa.bindparam("of_id")).values(fence=runs.c.fence + 1).returning(runs.c.fence)
)
_newest_first = _every.order_by(runs.c.position.desc())
_last = Prepared(_newest_first.limit(1))
_last_of_kind = Prepared(_newest_first.where(runs.c.kind == sa.bindparam("of_kind")).limit(1))
_newest = Prepared(sa.select(runs.c.id).order_by(runs.c.position.desc()).limit(sa.bindparam("most", type_=sa.Integer)))
_counts = sa.select(runs.c.status, sa.func.count().label("number")).group_by(runs.c.status)
_recent = Prepared(_newest_first.limit(sa.bindparam("most", type_=sa.Integer)))
_earlier = Prepared(
    _newest_first.where(
        runs.c.position < sa.select(runs.c.position).where(runs.c.id == sa.bindparam("of_id")).scalar_subquery()
    ).limit(sa.bindparam("most", type_=sa.Integer))
)
_last_answered = Prepared(
    _newest_first.where(
        runs.c.kind == sa.bindparam("of_kind"), runs.c.status != "created", runs.c.status != "running"
    ).limit(1)
)


class Runs:
    """All runs of the company.

    Args:
        connection: The store's database.
        now: Wall-clock time.
    """

    def __init__(self, connection: Connection, *, now: Callable[[], datetime]) -> None:
        self._connection, self._now = connection, now

    def create(
        self,
        *,
        kind: Kind,
        thread_id: str,
        request: str,
        person: str,
        number: int,
        as_of: datetime,
        seed: int,
        identity: str,
    ) -> Run:
        """Record a new run with the next id, status `created`."""
        with self._connection.joined():
            position = next_number(self._connection, "run")
            row = {
                "position": position,
                "id": f"R{position}",
                "thread_id": thread_id,
                "kind": kind,
                "status": "created",
                "request": request,
                "person": person,
                "number": number,
                "as_of": as_of,
                "seed": seed,
                "identity": identity,
                "created_at": self._now(),
                "outcome": {},
                "fence": 0,
            }
            self._connection.change(_insert, row)
            return self.get(f"R{position}")

    def get(self, id: str) -> Run:
        """Return one run.

        Raises:
            UsageError: There is no such run.
        """
        row = self._connection.first(_by_id, {"of_id": id})
        if row is None:
            raise self._unknown(id)
        return Run(*row)

    def set_status(self, id: str, status: Status, outcome: Json | None = None) -> Run:
        """Move a run on, and replace its outcome when one is given.

        Raises:
            UsageError: There is no such run.
        """
        values = {"of_id": id, "status": status, "finished_at": self._now() if status in FINISHED else None}
        with self._connection.joined():
            if outcome is None:
                self._connection.change(_move, values)
            else:
                self._connection.change(_finish, {**values, "outcome": outcome})
            return self.get(id)

    def unfinished(self) -> list[Run]:
        """Return the runs that were created or are running, oldest first: what a new start has to drive on."""
        return self._read(_every.where(runs.c.status.in_(["created", "running"])).order_by(runs.c.position))

    def all(self) -> list[Run]:
        """Return every run, oldest first."""
        return self._read(_every.order_by(runs.c.position))

    def recent(self, limit: int, *, before: str = "") -> list[Run]:
        """Return the newest runs, newest first; with the id of a run as `before`, the newest that are older."""
        return (
            self._read(_earlier, {"most": limit, "of_id": before}) if before else self._read(_recent, {"most": limit})
        )

    def counts(self) -> dict[Status, int]:
        """Return how many runs have each status; a status that no run has is missing."""
        return {row.status: row.number for row in self._connection.rows(_counts)}

    def newest(self, count: int) -> set[str]:
        """Return the ids of the newest runs."""
        return {row.id for row in self._connection.rows(_newest, {"most": count})}

    def finished(self, ids: Iterable[str]) -> list[str]:
        """Return those of `ids` whose runs ended."""
        found = ((run_id, self._connection.first(_status, {"of_id": run_id})) for run_id in ids)
        return [run_id for run_id, row in found if row is not None and row.status in FINISHED]

    def last(self, kind: Kind | None = None) -> Run | None:
        """Return the newest run, of one kind or of any."""
        found = self._read(_last) if kind is None else self._read(_last_of_kind, {"of_kind": kind})
        return found[0] if found else None

    def last_answered(self, kind: Kind) -> Run | None:
        """Return the newest run of a kind that has said what it came to: it ended, or waits for a person."""
        found = self._read(_last_answered, {"of_kind": kind})
        return found[0] if found else None

    def acquire(self, id: str) -> int:
        """Take the run: return a fencing token greater than every one before.

        Raises:
            UsageError: There is no such run.
        """
        row = self._connection.first(_advance_fence, {"of_id": id})
        if row is None:
            raise self._unknown(id)
        return int(row.fence)

    def token(self, id: str) -> int:
        """Return the newest fencing token, 0 when nobody took the run yet.

        Raises:
            UsageError: There is no such run.
        """
        row = self._connection.first(_fence, {"of_id": id})
        if row is None:
            raise self._unknown(id)
        return int(row.fence)

    def _read(self, query: Statement, parameters: Parameters = None) -> list[Run]:
        return [Run(*row) for row in self._connection.rows(query, parameters)]

    def _unknown(self, id: str) -> UsageError:
        known = ", ".join(run.id for run in self.recent(5)) or "none yet"
        return UsageError(f"there is no run {id!r}", where="run", cure=f"newest runs: {known}")
