"""Trajectories: how each role went about its work in each run, one row for every call that was answered.

The progress breaker compares the last rows of a path before it adds one. Within a process it finds them where the
transaction before left them (`Connection.known`), so a call that is answered costs one insert; when another process
has written, or anything was rolled back, they are read again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from company.store.connection import Connection
from company.store.prepared import Prepared
from company.store.schema import steps

WINDOW = 100
"""Steps of a path that are compared; what a path did before is forgotten."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call that was answered.

    Attributes:
        run_id: The run.
        path: The agent's path in it, `ceo/trading` or `ceo/trading~2`.
        role: Who called.
        call_id: Id of the call; a call that a crash repeats is one step.
        turn: Which answer of the model proposed it; None when that is not known.
        action: What was called.
        question: Hash of what was asked, in canonical form.
        answer: Hash of what came of it.
        status: How it ended, as in the outcome of the call.
        changed: An effect happened.
        progress: It brought something new.
        usd: What the role had used in this run by then.
        tokens: The same in tokens.
    """

    run_id: str
    path: str
    role: str
    call_id: str
    turn: int | None
    action: str
    question: str
    answer: str
    status: str
    changed: bool
    progress: bool
    usd: Decimal
    tokens: int


_FIELDS = tuple(Step.__dataclass_fields__)
_insert = Prepared(sa.insert(steps), *_FIELDS)
_newest = Prepared(
    sa.select(*(steps.c[name] for name in _FIELDS))
    .where(steps.c.run_id == sa.bindparam("of_run"), steps.c.path == sa.bindparam("of_path"))
    .order_by(steps.c.position.desc())
    .limit(WINDOW)
)
_changed = Prepared(
    sa.select(sa.func.count().label("times")).where(
        steps.c.run_id == sa.bindparam("of_run"),
        steps.c.role == sa.bindparam("of_role"),
        steps.c.action == sa.bindparam("of_action"),
        steps.c.question == sa.bindparam("of_question"),
        steps.c.changed,
    )
)


class Steps:
    """All trajectories of the company.

    Args:
        connection: The store's database.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def recent(self, run_id: str, path: str) -> Sequence[Step]:
        """Return the last steps of a path, the newest last, `WINDOW` of them at most.

        Raises:
            RuntimeError: No transaction is open.
        """
        known, key = self._connection.known, (_newest, run_id, path)
        if key not in known:
            rows = self._connection.rows(_newest, {"of_run": run_id, "of_path": path})
            known[key] = tuple(Step(*row) for row in reversed(rows))
        found: Sequence[Step] = known[key]
        return found

    def record(self, step: Step) -> None:
        """Add a step to its path."""
        with self._connection.joined():
            before = self.recent(step.run_id, step.path)
            self._connection.change(_insert, {name: getattr(step, name) for name in _FIELDS})
            self._connection.known[_newest, step.run_id, step.path] = (*before, step)[-WINDOW:]

    def times_changed(self, run_id: str, role: str, action: str, question: str) -> int:
        """Return how often a role made one and the same effect happen in a run."""
        asked = {"of_run": run_id, "of_role": role, "of_action": action, "of_question": question}
        return int(self._connection.first(_changed, asked).times)

    def prune(self, run_ids: Collection[str]) -> int:
        """Remove the steps of runs that ended; return how many there were."""
        with self._connection.joined():
            self._connection.known.clear()
            return self._connection.change(sa.delete(steps).where(steps.c.run_id.in_(run_ids)))

    def forget(self, role: str | None = None) -> int:
        """Remove the steps of a role, of all roles when none is named, in every run; return how many there were."""
        every = sa.delete(steps)
        with self._connection.joined():
            self._connection.known.clear()
            return self._connection.change(every if role is None else every.where(steps.c.role == role))
