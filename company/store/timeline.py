"""A conversation with everything that happened in it: whole runs, and the cycles in between.

A company that runs a cycle every five minutes has three hundred of them between two days' questions. So a page counts
the runs of the conversation, and of the cycles between them it holds as many, the newest; all cycles are a timeline
of their own. Of the runs that are given nothing is missing up to `end`, and nothing lies beyond it. Events come as
rows with their body as JSON text, because thousands are read at once and they only pass through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from company.store.database import Store
from company.store.prepared import Prepared
from company.store.schema import journal, runs

MOST = 5_000
"""Events of a page; a single run that has more is given whole all the same."""

CYCLES = ""
"""The thread of runs that belong to no conversation."""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a timeline.

    Attributes:
        rows: Events in order: `seq`, `at`, `run_id`, `thread_id`, `agent`, `visibility`, and `body` as JSON text.
        first: Number of the first event given, 0 when there is none; what is older comes `before` it.
        end: Number of the journal's last event when it was read.
        older: Earlier runs were left out.
    """

    rows: Sequence[Any]
    first: int
    end: int
    older: bool


class Timeline:
    """Reads conversations with everything in them.

    Args:
        store: The company's store.
    """

    def __init__(self, store: Store) -> None:
        self._connection, self._journal = store._connection, store.journal

    def page(self, thread_id: str, *, runs: int, before: int | None = None) -> Page:
        """Return the newest runs of a conversation, and the newest cycles between and after them.

        Pages do not overlap: a run belongs to the page in which it began. A run that waited long has events after
        `before`, which a client that follows the journal has seen already; it knows them by their number.

        Args:
            thread_id: The conversation; empty for cycles alone.
            runs: Most runs of the conversation, and most cycles, to return.
            before: The `first` of a later page; None for the newest.
        """
        end = self._journal.last_seq()
        high = end if before is None else before - 1
        chosen = self._chosen(thread_id, runs, high, end)
        older = bool(chosen) and self._has_older(thread_id, chosen[-1])
        low = self._connection.first(_first, {"of_run": chosen[-1].id}).seq if older else 1
        rows = self._connection.rows(_of_runs, {"of_runs": [run.id for run in chosen], "end": end}) if chosen else []
        own = self._connection.rows(_own, {"low": low, "high": high})
        rows = sorted([*rows, *own], key=lambda row: int(row.seq))
        return Page(rows, rows[0].seq if rows else 0, end, older)

    def _chosen(self, thread_id: str, most: int, high: int, end: int) -> list[Any]:
        """Return the runs of a page, newest first; what is said goes before the cycles when not all fit."""
        newest = self._connection.first(_newest_begun, {"high": high})
        if newest is None:
            return []
        said = self._begun(thread_id, newest.run_id, most + 1)
        kept, room = self._fitting(said[:most], MOST, end)
        if thread_id == CYCLES:
            return kept
        after = kept[-1].position if len(kept) < len(said) else 0
        cycles = [run for run in self._begun(CYCLES, newest.run_id, most) if run.position > after]
        between, _ = self._fitting(cycles, room, end, all_may_go=bool(kept))
        return sorted([*kept, *between], key=lambda run: -int(run.position))

    def _fitting(self, begun: Sequence[Any], room: int, end: int, *, all_may_go: bool = False) -> tuple[list[Any], int]:
        """Return the newest of some runs whose events fit into `room`, and the room that is left."""
        kept: list[Any] = []
        for run in begun:
            events = self._connection.first(_count, {"of_run": run.id, "end": end}).events
            if events > room and (kept or all_may_go):
                break
            kept.append(run)
            room -= events
        return kept, room

    def _begun(self, thread_id: str, run_id: str, most: int) -> Sequence[Any]:
        """Return the newest runs of a conversation that began with a run or before it."""
        return self._connection.rows(_runs, {"of_thread": thread_id, "of_run": run_id, "most": most})

    def _has_older(self, thread_id: str, oldest: Any) -> bool:
        names = {thread_id, CYCLES}
        return any(run.position < oldest.position for name in names for run in self._begun(name, oldest.id, 2))


_row = (journal.c[name] for name in ("seq", "at", "run_id", "thread_id", "agent", "visibility", "body"))
_events = sa.select(*_row)
_of_runs = _events.where(
    journal.c.run_id.in_(sa.bindparam("of_runs", expanding=True)), journal.c.seq <= sa.bindparam("end")
)
_own = Prepared(  # what concerns the whole company, such as a stop
    _events.where(journal.c.run_id == "", journal.c.seq.between(sa.bindparam("low"), sa.bindparam("high")))
    .order_by(journal.c.seq.desc())
    .limit(MOST)
)
_count = Prepared(
    sa.select(sa.func.count().label("events"))
    .select_from(journal)
    .where(journal.c.run_id == sa.bindparam("of_run"), journal.c.seq <= sa.bindparam("end"))
)
_first = Prepared(
    sa.select(journal.c.seq).where(journal.c.run_id == sa.bindparam("of_run")).order_by(journal.c.seq).limit(1)
)
_newest_begun = Prepared(
    sa.select(journal.c.run_id)
    .where(journal.c.seq <= sa.bindparam("high"), journal.c.type == "RUN_STARTED")
    .order_by(journal.c.seq.desc())
    .limit(1)
)
_runs = Prepared(
    sa.select(runs.c.id, runs.c.position)
    .where(
        runs.c.thread_id == sa.bindparam("of_thread"),
        runs.c.position <= sa.select(runs.c.position).where(runs.c.id == sa.bindparam("of_run")).scalar_subquery(),
    )
    .order_by(runs.c.position.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
