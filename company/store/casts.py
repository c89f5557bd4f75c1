"""Casts: which version of each role's persona a run has, from its start to its end.

The rows are written with the run, so a crash, a resumption and a replay find the version the run was begun with,
wherever the pointers stand by then. In an experiment they also say which arm the run is of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa

from company.store.connection import Connection
from company.store.prepared import Prepared
from company.store.schema import experiments, exposures

Arm = Literal["", "a", "b"]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays whom in one run.

    Attributes:
        versions: Hash of the persona version of each role.
        experiment: Id of the experiment the run is part of; empty for none.
        arm: `a` has the base, `b` the candidate; empty outside of an experiment.
        branch: Where the run's memories go besides those of every arm; empty but for arm `b`.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    experiment: str = ""
    arm: Arm = ""
    branch: str = ""


_insert = Prepared(sa.insert(exposures))
_of_run = Prepared(
    sa.select(
        exposures.c.role,
        exposures.c.version,
        exposures.c.experiment,
        exposures.c.arm,
        sa.func.coalesce(experiments.c.branch, "").label("branch"),
    )
    .join_from(exposures, experiments, experiments.c.id == exposures.c.experiment, isouter=True)
    .where(exposures.c.run_id == sa.bindparam("of_run"))
)


class Casts:
    """The casts of all runs.

    Args:
        connection: The store's database.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pin(self, run_id: str, cast: Cast) -> None:
        """Write down what a new run is begun with, in the transaction that is open."""
        said = {"run_id": run_id, "experiment": cast.experiment, "arm": cast.arm}
        rows = [{**said, "role": role, "version": version} for role, version in cast.versions.items()]
        if rows:
            self._connection.change(_insert, rows)

    def of(self, run_id: str) -> Cast:
        """Return what a run was begun with; empty for a run of a version of this program that kept none."""
        rows = self._connection.rows(_of_run, {"of_run": run_id})
        if not rows:
            return Cast()
        first = rows[0]
        branch = first.branch if first.arm == "b" else ""
        return Cast({row.role: row.version for row in rows}, first.experiment, first.arm, branch)
