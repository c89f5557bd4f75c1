"""A store in memory in which a run of another store is played again, under the ids it had there.

It is a store like any other one: the same tables, the same rules. What differs is where its numbers and times come
from: a run, an event, a question to a person and an attempt to drive a run are given those of the original. The
journal, flags, trajectories and the sums of what was used are plain objects: nobody will ever read them from a file.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain, count
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from company.events import Draft, Event, plain
from company.store.amounts import EXACT, Amounts, exact_sum
from company.store.approval import Approval
from company.store.approvals import Approvals
from company.store.budgets import Budgets, Reservation
from company.store.chain import ROOT
from company.store.connection import Connection
from company.store.database import Store
from company.store.flags import Flags
from company.store.heads import Head, Heads
from company.store.journal import Journal
from company.store.prepared import Prepared
from company.store.runs import Run
from company.store.schema import approvals, counters, home, metadata, runs, votes
from company.store.sqlite import open_engine
from company.store.steps import WINDOW, Step, Steps

MEMORY = Path(":memory:")
STRANGE = 1_000_000
"""Number before that of a question the original never asked."""


class Script(Protocol):
    """What the original tells the store in which it is played."""

    def wall_time(self) -> datetime:
        """Return the wall-clock time of the next event."""

    def company_time(self) -> datetime:
        """Return the time of the world the company acts in."""

    def asked(self, path: str, call_id: str) -> Approval | None:
        """Return the question about a call, by agent path and id of the call; None when there was none."""

    def seq(self, place: int) -> int:
        """Return the number of the run's event at a place, from 0."""

    def earlier(self, thread_id: str, types: Collection[str] | None, limit: int) -> list[Event]:
        """Return what other runs of a conversation had written when the run was here."""

    def wrote(self, events: Sequence[Event]) -> None:
        """Take note of what the run wrote now."""


class ScratchStore(Store):
    """A store that is gone when it is closed.

    Args:
        home_id: Id of the original, which is part of every idempotency key.
        script: The original.
    """

    def __init__(self, home_id: str, script: Script) -> None:
        connection = Connection(open_engine(MEMORY))
        metadata.create_all(connection.raw, checkfirst=False)
        row = {"home_id": home_id, "public_key": "", "last_seq": 0, "last_hash": ROOT}
        connection.change(sa.insert(home), row)
        super().__init__(connection, MEMORY, now=script.wall_time, company_time=script.company_time)
        self.journal = self._pages = _Journal(connection, script)
        self.approvals = _Approvals(connection, script)
        self.budgets = _Budgets(connection, now=script.wall_time)
        self.flags, self.steps = _Flags(connection), _Steps(connection)

    def begin(self, run: Run) -> Run:
        """Write the row of a run as it was when it was made; its journal is empty."""
        self._pages.clear()
        row = {name: getattr(run, name) for name in Run.__dataclass_fields__}
        self._connection.change(_begin, {**row, "status": "created", "finished_at": None, "outcome": {}, "fence": 0})
        return self.runs.get(run.id)

    def set_token(self, run_id: str, token: int) -> int:
        """Make `token` the fencing token of a run, and return it."""
        self._connection.change(_set_token, {"of_id": run_id, "fence": token})
        return token

    def follow(self, approval: Approval, act: Mapping[str, Any]) -> None:
        """Let people answer a question as they did; one that was not asked now stays unanswered.

        Args:
            approval: The question as it stands in the original.
            act: Value of the event that tells of it: `approval.decided`, `.voted` or `.escalated`.
        """
        if self.approvals.find(approval.run_id, approval.path, approval.call_id) is None:
            return
        if "votes" in act:
            vote = approval.votes[act["votes"] - 1]
            row = {"approval_id": approval.id, "person": vote.person, "at": vote.at, "note": vote.note}
            self._connection.change(sa.insert(votes), row)
        if "state" in act:
            decided = {"decided_at": approval.decided_at, "decided_by": approval.decided_by, "note": approval.note}
            values = {"state": act["state"], **decided}
            self._connection.change(sa.update(approvals).where(approvals.c.id == approval.id).values(values))


_begin = Prepared(sa.insert(runs), *Run.__dataclass_fields__, "fence")
_set_token = Prepared(sa.update(runs).where(runs.c.id == sa.bindparam("of_id")), "fence")


class _Journal(Journal):
    """The events of the run that is played, with the numbers they had; nobody seals or signs them."""

    def __init__(self, connection: Connection, script: Script) -> None:
        super().__init__(connection, Heads(MEMORY, ""), now=script.wall_time)
        self._script = script
        self._events: list[Event] = []

    def clear(self) -> None:
        """Begin anew."""
        self._events = []

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        at, script, first = self._script.wall_time(), self._script, len(self._events)
        written = [
            Event(
                script.seq(place),
                at,
                draft.run_id,
                draft.thread_id,
                draft.agent,
                draft.visibility,
                plain(draft.body),
                "",
                "",
            )
            for place, draft in enumerate(drafts, first)
        ]
        self._events += written
        if written:
            script.wrote(written)
        return written

    def read(
        self,
        *,
        after: int = 0,
        run_id: str | None = None,
        thread_id: str | None = None,
        types: Collection[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        others = [] if thread_id is None else self._script.earlier(thread_id, types, limit)
        return [
            event
            for event in [*others, *self._events]
            if event.seq > after
            and (run_id is None or event.run_id == run_id)
            and (thread_id is None or event.thread_id == thread_id)
            and (types is None or event.type in types)
        ][:limit]

    def last_seq(self) -> int:
        return self._events[-1].seq if self._events else 0

    def sign_head(self) -> Head | None:
        return None


class _Approvals(Approvals):
    """Questions with the numbers, times and bundles they had."""

    def __init__(self, connection: Connection, script: Script) -> None:
        super().__init__(connection, now=self._moment)
        self._script = script
        self._original: Approval | None = None

    def ask(self, **question: Any) -> Approval:
        self._original = self._script.asked(question["path"], question["call_id"])
        try:
            self._set_number(self._original.number - 1 if self._original else STRANGE)
            approval = super().ask(**question)
            return replace(approval, repeats=self._original.repeats) if self._original else approval
        finally:
            self._original = None

    def bundle_for(self, **question: Any) -> str:
        if self._original is None:
            return super().bundle_for(**question)
        return "" if self._original.bundle == self._original.id else self._original.bundle

    def _moment(self) -> datetime:
        return self._original.asked_at if self._original else self._script.wall_time()

    def _set_number(self, number: int) -> None:
        own = {"book": "", "kind": "approval", "number": number}
        self._connection.change(sa.delete(counters).where(counters.c.kind == "approval", counters.c.book == ""))
        self._connection.change(sa.insert(counters), own)


class _Flags(Flags):
    """Named values."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._values: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self._values.get(name)

    def first_of(self, names: Sequence[str]) -> tuple[str, str] | None:
        return next(((name, self._values[name]) for name in names if name in self._values), None)

    def beginning(self, prefix: str) -> dict[str, str]:
        return {name: value for name, value in sorted(self._values.items()) if name.startswith(prefix)}

    def set(self, name: str, value: str) -> None:
        self._values[name] = value

    def clear(self, name: str) -> None:
        self._values.pop(name, None)


class _Steps(Steps):
    """How each role goes about its work."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._paths: defaultdict[tuple[str, str], list[Step]] = defaultdict(list)

    def recent(self, run_id: str, path: str) -> Sequence[Step]:
        return self._paths[run_id, path][-WINDOW:]

    def record(self, step: Step) -> None:
        self._paths[step.run_id, step.path].append(step)

    def times_changed(self, run_id: str, role: str, action: str, question: str) -> int:
        same = (run_id, role, action, question)
        every = chain.from_iterable(self._paths.values())
        return sum(step.changed and (step.run_id, step.role, step.action, step.question) == same for step in every)

    def prune(self, run_ids: Collection[str]) -> int:
        return sum(len(self._paths.pop(key)) for key in list(self._paths) if key[0] in run_ids)


@dataclass
class _Sums:
    """What was used of each kind."""

    usd: Decimal = Decimal(0)
    tokens: int = 0
    calls: int = 0


class _Budgets(Budgets):
    """What runs used, added up; nothing is limited, for that was decided then."""

    def __init__(self, connection: Connection, *, now: Callable[[], datetime]) -> None:
        super().__init__(connection, now=now)
        self._spent: defaultdict[str, _Sums] = defaultdict(_Sums)
        self._numbers = count(1)

    def reserve(self, path: str, amounts: Amounts, limits: Mapping[str, Amounts]) -> Reservation:
        self._add(path, amounts, 1)
        return Reservation(next(self._numbers), path, amounts)

    def settle(self, reservation: Reservation, actual: Amounts) -> None:
        self._add(reservation.path, reservation.amounts, -1)
        self._add(reservation.path, actual, 1)

    def release_run(self, run_id: str) -> int:
        return 0

    def used_by_run(self, run_id: str) -> Amounts:
        found = [spent for path, spent in self._spent.items() if path.endswith(f"/{run_id}")]
        return Amounts(
            usd=exact_sum(spent.usd for spent in found),
            tokens=sum(spent.tokens for spent in found),
            calls=sum(spent.calls for spent in found),
        )

    def used_in_run(self, node: str, run_id: str) -> tuple[Decimal, int]:
        spent = self._spent[f"{node}/{run_id}"]
        return spent.usd, spent.tokens

    def _add(self, path: str, amounts: Amounts, times: int) -> None:
        spent = self._spent[path]
        spent.usd = EXACT.add(spent.usd, times * amounts.usd)
        spent.tokens += times * amounts.tokens
        spent.calls += times * amounts.calls
