"""Recordings: what each run took from outside of its own code, in the order it took it, so that it can be played again.

A recording is what a replay trusts, so it stands beside the journal and not in it: the journal proves what happened,
the recording only says with what. It is kept for the newest runs and then forgotten.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from company.store.connection import Connection
from company.store.journal import Journal
from company.store.prepared import Prepared
from company.store.schema import recordings


@dataclass(frozen=True, slots=True)
class Recording:
    """One thing a run was given.

    Attributes:
        kind: What it is, such as `thought` or `tool`.
        key: Which one of its kind.
        seq: Number of the journal's last event when it came in.
        data: What came in, as JSON.
    """

    kind: str
    key: str
    seq: int
    data: Any


_insert = Prepared(sa.insert(recordings), "run_id", "kind", "key", "data")
_of_run = Prepared(
    sa.select(recordings.c.kind, recordings.c.key, recordings.c.data)
    .where(recordings.c.run_id == sa.bindparam("of_run"))
    .order_by(recordings.c.position)
)
_runs = Prepared(
    sa.select(recordings.c.run_id).group_by(recordings.c.run_id).order_by(sa.func.min(recordings.c.position))
)
_oldest = Prepared(sa.select(recordings.c.run_id).order_by(recordings.c.position).limit(1))
_forget = Prepared(sa.delete(recordings).where(recordings.c.run_id == sa.bindparam("of_run")))


class Recordings:
    """The recordings of all runs.

    Args:
        connection: The store's database.
        journal: Its journal.
    """

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection, self._journal = connection, journal

    def add(self, run_id: str, kind: str, key: str, data: Any) -> None:
        """Keep what a run was given, in the transaction that is open, else in one of its own."""
        with self._connection.joined():
            kept = {"seq": self._journal.last_seq(), "data": data}
            self._connection.change(_insert, {"run_id": run_id, "kind": kind, "key": key, "data": kept})

    def of_run(self, run_id: str) -> list[Recording]:
        """Return what a run was given, in order; nothing when it was not recorded, or was forgotten."""
        rows = self._connection.rows(_of_run, {"of_run": run_id})
        return [Recording(row.kind, row.key, row.data["seq"], row.data["data"]) for row in rows]

    def runs(self) -> list[str]:
        """Return the ids of the runs that have a recording, oldest first."""
        return [row.run_id for row in self._connection.rows(_runs)]

    def prune(self, kept: Container[str]) -> None:
        """Forget the oldest recordings, up to the first one of a run that is `kept`."""
        with self._connection.joined():
            while (row := self._connection.first(_oldest)) is not None and row.run_id not in kept:
                self._connection.change(_forget, {"of_run": row.run_id})
