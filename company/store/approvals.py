"""Approvals: calls that wait for a person, and what the person said.

open → approved | rejected | expired, approved → done; nothing else. The first decision wins. A role cannot decide: the
one who asks, or anybody it delegates to, never approves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from company.errors import IntegrityError, UsageError
from company.events import Json
from company.store.connection import Connection
from company.store.counters import next_number
from company.store.prepared import Prepared
from company.store.runs import OVER
from company.store.schema import approvals, runs

State = Literal["open", "approved", "rejected", "expired", "done"]

ROLE_PREFIX = "role:"
"""How a role signs; such a signature decides nothing."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One call that waits, or waited, for a person.

    Attributes:
        id: `A1`, `A2`, ...
        run_id: The run that waits.
        thread_id: Its conversation.
        role: The role that wants the call.
        path: Agent path of its working context.
        call_id: The model's id of the call, unique in that context.
        tool: The tool.
        arguments: What it would be called with, as JSON.
        arguments_hash: Fingerprint of `arguments`; what is performed must still have it.
        reason: Why a person is asked.
        rule: Id of the rule that asks.
        sources: Where untrusted text in the caller's context came from.
        state: Where it stands.
        asked_at: When it was asked.
        expires_at: From when on silence counts as refusal.
        decided_at: When a person decided, else None.
        decided_by: Who decided, else None.
        note: What the person said about it.
        result: What the approved call came to, as JSON.
        bundle: Id of the first question of those that are shown as one.
        needed: How many people have to say yes.
        escalated_at: When it was passed on because nobody answered, else None.
    """

    id: str
    run_id: str
    thread_id: str
    role: str
    path: str
    call_id: str
    tool: str
    arguments: Json
    arguments_hash: str
    reason: str
    rule: str
    sources: list[str]
    state: State
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    note: str
    result: Any
    bundle: str
    needed: int
    escalated_at: datetime | None


_every = sa.select(*(approvals.c[name] for name in Approval.__dataclass_fields__))
_in_order = _every.order_by(approvals.c.position)
_waiting = _in_order.where(
    approvals.c.state == "open",
    approvals.c.run_id.not_in(sa.select(runs.c.id).where(runs.c.status.in_(sorted(OVER)))),
)
_newest = _every.order_by(approvals.c.position.desc())
_of_run = Prepared(_in_order.where(approvals.c.run_id == sa.bindparam("of_run")))
_by_id = _every.where(approvals.c.id == sa.bindparam("of_id"))
_by_call = _every.where(
    approvals.c.run_id == sa.bindparam("of_run"),
    approvals.c.path == sa.bindparam("of_path"),
    approvals.c.call_id == sa.bindparam("of_call"),
)
_to_wake = (
    sa.select(runs.c.id)
    .where(
        runs.c.status == "waiting",
        sa.exists().where(approvals.c.run_id == runs.c.id, approvals.c.state.in_(["approved", "rejected", "expired"])),
    )
    .order_by(runs.c.position)
)


class Approvals:
    """All approvals of the company.

    Args:
        connection: The store's database.
        now: Wall-clock time: persons live in it.
    """

    def __init__(self, connection: Connection, *, now: Callable[[], datetime]) -> None:
        self._connection, self._now = connection, now

    def ask(
        self,
        *,
        run_id: str,
        thread_id: str,
        role: str,
        path: str,
        call_id: str,
        tool: str,
        arguments: Json,
        arguments_hash: str,
        reason: str,
        rule: str,
        sources: Sequence[str],
        expires_seconds: float,
    ) -> Approval:
        """Ask a person about one call; asking again about the same call returns the first question.

        Raises:
            IntegrityError: The same call was asked about with other arguments.
        """
        with self._connection.transaction():
            row = self._connection.first(_by_call, {"of_run": run_id, "of_path": path, "of_call": call_id})
            if row is not None:
                return _same(Approval(**row._mapping), tool, arguments_hash)
            position, now = next_number(self._connection, "approval"), self._now()
            values = {
                "position": position,
                "id": f"A{position}",
                "run_id": run_id,
                "thread_id": thread_id,
                "role": role,
                "path": path,
                "call_id": call_id,
                "tool": tool,
                "arguments": arguments,
                "arguments_hash": arguments_hash,
                "reason": reason,
                "rule": rule,
                "sources": list(sources),
                "state": "open",
                "asked_at": now,
                "expires_at": now + timedelta(seconds=expires_seconds),
                "note": "",
                "bundle": f"A{position}",
                "needed": 1,
            }
            self._connection.change(sa.insert(approvals), values)
            return self.get(f"A{position}")

    def decide(self, id: str, approved: bool, by: str, note: str = "") -> Approval:
        """Record a person's decision.

        Args:
            id: The approval.
            approved: Yes or no.
            by: Who decides, a person.
            note: What the person says about it.

        Raises:
            UsageError: `by` is nobody or a role, there is no such approval, or it is decided or expired already.
        """
        if not by or by.startswith(ROLE_PREFIX):
            raise UsageError(f"{by!r} cannot decide about {id}", where="by", cure="a person must approve or reject it")
        now = self._now()
        with self._connection.transaction():
            found = self.get(id)
            if found.state == "open" and now < found.expires_at:
                state = "approved" if approved else "rejected"
                return self._move(found, state=state, decided_at=now, decided_by=by, note=note)
        raise UsageError(f"approval {id!r} {_fate(found)}", where="approval", cure="company approvals list")

    def open(self) -> list[Approval]:
        """Return the approvals that wait for a person, oldest first; those too late, or of a run that ended, do not."""
        return self._read(_waiting.where(approvals.c.expires_at > self._now()))

    def recent(self, limit: int) -> list[Approval]:
        """Return the newest approvals of any state, newest first."""
        return self._read(_newest.limit(limit))

    def for_run(self, run_id: str) -> list[Approval]:
        """Return a run's approvals of any state, oldest first."""
        return [Approval(*row) for row in self._connection.rows(_of_run, {"of_run": run_id})]

    def get(self, id: str) -> Approval:
        """Return one approval.

        Raises:
            UsageError: There is no such approval.
        """
        row = self._connection.first(_by_id, {"of_id": id})
        if row is None:
            waiting = ", ".join(approval.id for approval in self.open()) or "none"
            raise UsageError(f"there is no approval {id!r}", where="approval", cure=f"waiting now: {waiting}")
        return Approval(**row._mapping)

    def expire(self, now: datetime) -> list[Approval]:
        """Close every open approval whose time is over at `now` (wall-clock), and return them."""
        with self._connection.transaction():
            late = self._read(_in_order.where(approvals.c.state == "open", approvals.c.expires_at <= now))
            return [self._move(approval, state="expired") for approval in late]

    def settle(self, id: str, result: Any) -> Approval:
        """Record what an approved call came to.

        Raises:
            UsageError: There is no such approval.
            IntegrityError: It is not approved, or settled already.
        """
        with self._connection.transaction():
            found = self.get(id)
            if found.state != "approved":
                raise IntegrityError(f"approval {id!r} is {found.state}, only an approved one can be settled")
            return self._move(found, state="done", result=result)

    def runs_to_wake(self) -> list[str]:
        """Return the ids of waiting runs in which something is decided or expired, oldest first."""
        return [row.id for row in self._connection.rows(_to_wake)]

    def _move(self, approval: Approval, **values: Any) -> Approval:
        self._connection.change(sa.update(approvals).where(approvals.c.id == approval.id).values(values))
        return self.get(approval.id)

    def _read(self, query: sa.Select[Any]) -> list[Approval]:
        return [Approval(**row._mapping) for row in self._connection.rows(query)]


def _same(approval: Approval, tool: str, arguments_hash: str) -> Approval:
    if (approval.tool, approval.arguments_hash) != (tool, arguments_hash):
        raise IntegrityError(
            f"call {approval.call_id!r} of {approval.run_id} waits as {approval.id} for {approval.tool!r} with other "
            f"arguments: one call, one question"
        )
    return approval


def _fate(approval: Approval) -> str:
    if approval.decided_at is None:
        return f"expired at {approval.expires_at:%Y-%m-%d %H:%M:%S %Z}"
    verdict = "rejected" if approval.state == "rejected" else "approved"
    return f"was {verdict} by {approval.decided_by} at {approval.decided_at:%Y-%m-%d %H:%M:%S %Z}"
