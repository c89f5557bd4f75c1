"""Approvals: calls that wait for a person, and what the person said.

open → approved | rejected | expired, approved → done; nothing else. The first decision wins. A role cannot decide: the
one who asks, or anybody it delegates to, never approves. A question that needs several people stays open until the last
of them said yes; the first no rejects it. Questions that belong together share a bundle (see `bundles.py`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from company.errors import IntegrityError, UsageError
from company.events import Json
from company.store import bundles
from company.store.approval import Approval
from company.store.connection import Connection, Statement
from company.store.counters import next_number
from company.store.prepared import Prepared
from company.store.runs import OVER
from company.store.schema import approvals, runs
from company.store.votes import Vote, Votes, name_of

ROLE_PREFIX = "role:"
"""How a role signs; such a signature decides nothing."""


_columns = [approvals.c[name] for name in Approval.__dataclass_fields__ if name in approvals.c]
_every = sa.select(*_columns, bundles.repeated.label("repeats"))
_in_order = _every.order_by(approvals.c.position)
_waiting = _in_order.where(bundles.waits)
_newest = _every.order_by(approvals.c.position.desc())
_of_run = Prepared(_in_order.where(approvals.c.run_id == sa.bindparam("of_run")))
_by_id = _every.where(approvals.c.id == sa.bindparam("of_id"))
_by_call = _every.where(
    approvals.c.run_id == sa.bindparam("of_run"),
    approvals.c.path == sa.bindparam("of_path"),
    approvals.c.call_id == sa.bindparam("of_call"),
)
_of_bundle = _in_order.where(approvals.c.bundle == sa.bindparam("of_bundle"))
_is_over = sa.select(runs.c.status).where(runs.c.id == sa.bindparam("of_run"), runs.c.status.in_(sorted(OVER)))
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
        self._connection, self._now, self._votes = connection, now, Votes(connection)

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
        needed: int = 1,
    ) -> Approval:
        """Ask about one call; asking again about the same call returns the first question.

        Args:
            run_id: The run that waits.
            thread_id: Its conversation.
            role: The role that wants the call.
            path: Agent path of its working context.
            call_id: The model's id of the call.
            tool: The tool.
            arguments: What it would be called with.
            arguments_hash: Fingerprint of `arguments`.
            reason: Why a person is asked.
            rule: Id of the rule that asks.
            sources: Where untrusted text in the caller's context came from.
            expires_seconds: Seconds after which silence counts as refusal.
            needed: How many people have to say yes.

        Raises:
            IntegrityError: The same call was asked about with other arguments.
        """
        with self._connection.transaction():
            if (known := self.find(run_id, path, call_id)) is not None:
                return _same(known, tool, arguments_hash)
            bundle = self.bundle_for(run_id=run_id, role=role, tool=tool, arguments_hash=arguments_hash)
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
                "bundle": bundle or f"A{position}",
                "needed": needed,
            }
            self._connection.change(sa.insert(approvals), values)
            return self.get(f"A{position}")

    def find(self, run_id: str, path: str, call_id: str) -> Approval | None:
        """Return the question that was asked about one call, None when none was."""
        row = self._connection.first(_by_call, {"of_run": run_id, "of_path": path, "of_call": call_id})
        return None if row is None else self._made(row)

    def bundle_for(self, *, run_id: str, role: str, tool: str, arguments_hash: str) -> str:
        """Return the bundle that a question about a new call joins; empty when it begins one."""
        asked = {"run_id": run_id, "role": role, "tool": tool, "arguments_hash": arguments_hash}
        return bundles.bundle_for(self._connection, **asked, now=self._now())

    def bundles_asked(self, within: timedelta) -> int:
        """Return how many bundles were begun within the last stretch of wall time, company-wide."""
        return bundles.bundles_asked(self._connection, self._now() - within)

    def decide(self, id: str, approved: bool, by: str, note: str = "") -> Approval:
        """Record what a person said; a yes that is not the last one needed leaves the question open.

        Saying yes twice counts once. A no rejects at once, also after a yes.

        Args:
            id: The approval.
            approved: Yes or no.
            by: Who decides, a person.
            note: What the person says about it.

        Returns:
            The approval as it is now, with the votes.

        Raises:
            UsageError: `by` is nobody or a role, there is no such approval, it is decided or expired already, or its
                run ended.
        """
        _require_person(id, by)
        with self._connection.transaction():
            found = self.get(id)
            if refusal := self._closed(found):
                raise refusal
            return self._answer(found, approved, by, note)

    def decide_bundle(
        self, id: str, approved: bool, by: str, note: str = "", *, shown: Collection[str] = ()
    ) -> list[Approval]:
        """Record one answer to the open questions of a bundle, all or none of them.

        A yes leaves out a question about the same call as another one of the bundle: whoever wants it done twice says
        so twice.

        Args:
            id: The last question the person was shown; what was asked after it is not decided.
            approved: Yes or no.
            by: Who decides, a person.
            note: What the person says about it.
            shown: Which questions the person was shown; all up to the last one when left out.

        Returns:
            The approvals it was about, oldest first.

        Raises:
            UsageError: As of `decide`, when none of them can be decided; or when all that is left repeats another.
        """
        _require_person(id, by)
        with self._connection.transaction():
            last = self.get(id)
            seen = [each for each in self.bundle(id) if each.number <= last.number and (not shown or each.id in shown)]
            left = [each for each in seen if not self._closed(each)]
            chosen = [each for each in left if not (approved and each.repeats)]
            if not chosen:
                raise self._closed(last) or _repetition(last)
            return [self._answer(each, approved, by, note) for each in chosen]

    def bundle(self, id: str) -> list[Approval]:
        """Return all questions of the bundle of one, of any state, oldest first.

        Raises:
            UsageError: There is no such approval.
        """
        return self._read(_of_bundle, {"of_bundle": self.get(id).bundle})

    def open(self) -> list[Approval]:
        """Return the approvals that wait for a person; those too late, or of a run that ended, do not.

        They come oldest first, those of one bundle together, and those that were passed on before all others.
        """
        waiting = self._read(_waiting.where(approvals.c.expires_at > self._now()))
        return [approval for block in bundles.in_bundles(waiting) for approval in block]

    def recent(self, limit: int) -> list[Approval]:
        """Return the newest approvals of any state, newest first."""
        return self._read(_newest.limit(limit))

    def for_run(self, run_id: str) -> list[Approval]:
        """Return a run's approvals of any state, oldest first."""
        return self._read(_of_run, {"of_run": run_id})

    def get(self, id: str) -> Approval:
        """Return one approval.

        Raises:
            UsageError: There is no such approval.
        """
        row = self._connection.first(_by_id, {"of_id": id})
        if row is None:
            waiting = ", ".join(approval.id for approval in self.open()) or "none"
            raise UsageError(f"there is no approval {id!r}", where="approval", cure=f"waiting now: {waiting}")
        return self._made(row)

    def expire(self, now: datetime) -> list[Approval]:
        """Close every open approval whose time is over at `now` (wall-clock), and return them."""
        with self._connection.transaction():
            late = self._read(_in_order.where(approvals.c.state == "open", approvals.c.expires_at <= now))
            return [self._move(approval, state="expired") for approval in late]

    def escalate(self, now: datetime, after: timedelta) -> list[Approval]:
        """Mark, once, every approval that nobody answered for `after` at `now` (wall-clock), and return them."""
        unanswered = _waiting.where(
            approvals.c.escalated_at.is_(None), approvals.c.asked_at <= now - after, approvals.c.expires_at > now
        )
        with self._connection.transaction():
            return [self._move(approval, escalated_at=now) for approval in self._read(unanswered)]

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

    def _answer(self, approval: Approval, approved: bool, by: str, note: str) -> Approval:
        now = self._now()
        if approved and approval.needed > 1:
            votes = self._votes.cast(approval.id, Vote(by, now, note))
            if len(votes) < approval.needed:
                return self.get(approval.id)
        state = "approved" if approved else "rejected"
        return self._move(approval, state=state, decided_at=now, decided_by=by, note=note)

    def _closed(self, approval: Approval) -> UsageError | None:
        """Say why nobody can decide about an approval any more; None while somebody can."""
        if approval.state != "open" or approval.expires_at <= self._now():
            what = f"approval {approval.id!r} {approval.fate}"
        elif over := self._connection.first(_is_over, {"of_run": approval.run_id}):
            what = f"{approval.id} is void: run {approval.run_id} is {over.status} and acts on nothing any more"
        else:
            return None
        return UsageError(what, where="approval", cure="company approvals list")

    def _move(self, approval: Approval, **values: Any) -> Approval:
        self._connection.change(sa.update(approvals).where(approvals.c.id == approval.id).values(values))
        return self.get(approval.id)

    def _read(self, query: Statement, parameters: Mapping[str, Any] | None = None) -> list[Approval]:
        return [self._made(row) for row in self._connection.rows(query, parameters)]

    def _made(self, row: Any) -> Approval:
        votes = self._votes.of(row.id) if row.needed > 1 else ()
        return Approval(**row._asdict(), votes=votes)


def _require_person(id: str, by: str) -> None:
    if not name_of(by) or name_of(by).startswith(ROLE_PREFIX):
        raise UsageError(f"{by!r} cannot decide about {id}", where="by", cure="a person must approve or reject it")


def _repetition(approval: Approval) -> UsageError:
    return UsageError(
        f"{approval.id} is the same call as {approval.repeats}, so it is not approved along with it",
        where="approval",
        cure=f"approve {approval.id} by itself if it shall be done once more, else reject it",
    )


def _same(approval: Approval, tool: str, arguments_hash: str) -> Approval:
    if (approval.tool, approval.arguments_hash) != (tool, arguments_hash):
        raise IntegrityError(
            f"call {approval.call_id!r} of {approval.run_id} waits as {approval.id} for {approval.tool!r} with other "
            f"arguments: one call, one question"
        )
    return approval
