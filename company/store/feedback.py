"""Feedback: what people thought of what a run came to, thumbs up or down.

One opinion a run and person; a later one takes its place. It decides nothing by itself: experiments with personas count
it, and the fine-tuning export takes what was approved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from company.errors import UsageError
from company.events import Draft, custom
from company.store.connection import Connection
from company.store.journal import Journal
from company.store.mandates import require_person
from company.store.prepared import Prepared
from company.store.runs import FINISHED, Runs
from company.store.schema import opinions
from company.store.votes import name_of

LONGEST_NOTE = 1_000
"""Characters a person may add."""

Thumb = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person thought of one run.

    Attributes:
        run_id: The run.
        person: Who.
        verdict: Thumbs up or down.
        note: What the person added.
        at: Wall-clock time.
    """

    run_id: str
    person: str
    verdict: Thumb
    note: str
    at: datetime


_every = sa.select(*(opinions.c[name] for name in Opinion.__dataclass_fields__))
_of_run = Prepared(_every.where(opinions.c.run_id == sa.bindparam("of_run")).order_by(opinions.c.at, opinions.c.person))
_insert = Prepared(sa.insert(opinions))
_delete = Prepared(
    sa.delete(opinions).where(opinions.c.run_id == sa.bindparam("of_run"), opinions.c.person == sa.bindparam("by"))
)


class Feedback:
    """The opinions about all runs.

    Args:
        connection: The store's database.
        journal: Where opinions are told, beside the run's own events: a replay plays what the run did.
        runs: The runs.
        now: Wall-clock time.
    """

    def __init__(self, connection: Connection, journal: Journal, runs: Runs, *, now: Callable[[], datetime]) -> None:
        self._connection, self._journal, self._runs, self._now = connection, journal, runs, now

    def give(self, run_id: str, person: str, verdict: Thumb, note: str = "") -> Opinion:
        """Keep what a person thinks of a run, instead of what the same person thought before.

        Raises:
            UsageError: There is no such run, it is under way, `person` is none, or the note is too long.
        """
        require_person(person, "have an opinion")
        if verdict not in {"up", "down"}:
            raise UsageError(f"{verdict!r} is no opinion", where="verdict", cure="say up or down")
        if len(note) > LONGEST_NOTE:
            cure = f"at most {LONGEST_NOTE} characters"
            raise UsageError(f"the note has {len(note)} characters", where="note", cure=cure)
        with self._connection.transaction():
            if (status := self._runs.get(run_id).status) not in {*FINISHED, "waiting"}:
                cure = "wait until it has answered"
                raise UsageError(f"run {run_id} is {status}", where="run", cure=cure)
            opinion = Opinion(run_id, name_of(person), verdict, note, self._now())
            self._forget(run_id, person)
            self._connection.change(_insert, {name: getattr(opinion, name) for name in Opinion.__dataclass_fields__})
            self._tell(run_id, person, verdict, note)
        return opinion

    def take_back(self, run_id: str, person: str) -> bool:
        """Forget what a person thought of a run; False when it was nothing."""
        with self._connection.transaction():
            if had := self._forget(run_id, person):
                self._tell(run_id, person, "", "")
        return had

    def of_run(self, run_id: str) -> list[Opinion]:
        """Return what people thought of a run, oldest first."""
        return [Opinion(*row) for row in self._connection.rows(_of_run, {"of_run": run_id})]

    def of_person(self, person: str, run_ids: Sequence[str]) -> dict[str, Opinion]:
        """Return what one person thought of some runs, by run."""
        mine = _every.where(opinions.c.person == name_of(person), opinions.c.run_id.in_(run_ids))
        return {row.run_id: Opinion(*row) for row in self._connection.rows(mine)} if run_ids else {}

    def all(self) -> list[Opinion]:
        """Return every opinion, oldest first."""
        return [Opinion(*row) for row in self._connection.rows(_every.order_by(opinions.c.at, opinions.c.run_id))]

    def _forget(self, run_id: str, person: str) -> bool:
        return bool(self._connection.change(_delete, {"of_run": run_id, "by": name_of(person)}))

    def _tell(self, run_id: str, person: str, verdict: str, note: str) -> None:
        value = {"run": run_id, "by": person, "verdict": verdict, "note": note}
        self._journal.append([Draft.of_person(custom("feedback.given", value))])
