"""What a role was given to do and what it handed in: its lanes in the runs, read from the journal.

A lane is one assignment in one run. It begins with `SUBAGENT_STARTED` and ends with the role's report; an index over
these two alone finds a role's last work however long ago it was.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from company.events import Json
from company.store.conversation import CHIEF
from company.store.database import Store
from company.store.prepared import Prepared
from company.store.schema import IS_LANE, journal


@dataclass(frozen=True, slots=True)
class Lane:
    """One assignment of a role in one run.

    Attributes:
        run_id: The run.
        path: The agent's path in it, `ceo/trading` or `ceo/trading~2`.
        seq: Number of the event it began with.
        task: What was asked.
        begun_at: Wall-clock time.
        finished_at: Wall-clock time of the report, None before.
        report: The report as it stands in the journal, None before.
    """

    run_id: str
    path: str
    seq: int
    task: str
    begun_at: datetime
    finished_at: datetime | None = None
    report: Json | None = None

    @property
    def role(self) -> str:
        """Id of the role."""
        return self.path.rpartition("/")[2].partition("~")[0]


class Lanes:
    """Reads what roles did.

    Args:
        store: The company's store.
    """

    def __init__(self, store: Store) -> None:
        self._connection = store._connection

    def newest(self, role: str, *, limit: int) -> list[Lane]:
        """Return a role's last assignments, newest first."""
        path, most = f"{CHIEF}/{role}", 2 * limit
        rows = [
            *self._connection.rows(_of_path, {"of_path": path, "most": most}),
            *self._connection.rows(_of_rounds, {"low": f"{path}~", "high": f"{path}\x7f", "most": most}),
        ]
        return sorted(_lanes(rows), key=lambda lane: -lane.seq)[:limit]

    def of_run(self, run_id: str) -> list[Lane]:
        """Return the lanes of a run in the order they began."""
        return sorted(_lanes(self._connection.rows(_of_run, {"of_run": run_id})), key=lambda lane: lane.seq)


def _lanes(rows: Iterable[Any]) -> list[Lane]:
    """Put lanes together; a step that a crash cut off begins twice, and the first time counts."""
    begun: dict[tuple[str, str], Lane] = {}
    reports: dict[tuple[str, str], tuple[datetime, Json]] = {}
    for row in sorted(rows, key=lambda row: int(row.seq)):
        name, at, body = (row.run_id, row.agent), datetime.fromisoformat(row.at), json.loads(row.body)
        if row.type == "report":
            reports[name] = at, body["value"]
        else:
            begun.setdefault(name, Lane(row.run_id, row.agent, row.seq, body["description"], at))
    return [_ended(lane, *reports[name]) if name in reports else lane for name, lane in begun.items()]


def _ended(lane: Lane, at: datetime, report: Json) -> Lane:
    return Lane(lane.run_id, lane.path, lane.seq, lane.task, lane.begun_at, at, report)


_lane = sa.select(*(journal.c[name] for name in ("seq", "at", "run_id", "agent", "type", "body"))).where(IS_LANE)
_newest = _lane.order_by(journal.c.seq.desc()).limit(sa.bindparam("most", type_=sa.Integer))
_of_path = Prepared(_newest.where(journal.c.agent == sa.bindparam("of_path")))
_of_rounds = Prepared(_newest.where(journal.c.agent >= sa.bindparam("low"), journal.c.agent < sa.bindparam("high")))
_of_run = Prepared(_lane.where(journal.c.run_id == sa.bindparam("of_run")))
