"""Mandates beside `company.toml`: those a person gave by command, and those of the file that were taken back.

One row an id, for good. A row with terms is a mandate that a person gave; one without speaks of the mandate of that
id in `company.toml`, which was revoked and may be restored. What was given by command is never given again under its
id, so what effects and journal say of an id stays true. Where a row and the file know the same id, the row stands above
the file: a mandate that somebody revoked does not come back by an edit.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from company.config import Mandate
from company.errors import UsageError
from company.store.approvals import ROLE_PREFIX
from company.store.connection import Connection
from company.store.counters import next_number
from company.store.prepared import Prepared
from company.store.schema import mandates
from company.store.votes import name_of

_ACT = "give a mandate or take one back"


@dataclass(frozen=True, slots=True)
class MandateRow:
    """What a person decided about one mandate.

    Attributes:
        id: Id of the mandate.
        terms: What was given by command; None for a mandate of `company.toml`.
        given_at: When it was given, or restored, else None.
        given_by: Who gave or restored it, else None.
        revoked_at: When it was revoked; None while it holds.
        revoked_by: Who revoked it; None while it holds.
        reason: Why it was revoked or restored; "" for one that was given and holds.
    """

    id: str
    terms: Mandate | None
    given_at: datetime | None
    given_by: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    reason: str


_as_text = sa.type_coerce(mandates.c.terms, sa.Text)
_holding = Prepared(
    sa.select(
        mandates.c.id,
        sa.case((mandates.c.revoked_at.is_(None), _as_text)).label("terms"),
        mandates.c.revoked_at.is_not(None).label("is_revoked"),
    ).order_by(mandates.c.position)
)
"""All that a decision needs; the terms of what was revoked are not read."""

_every = sa.select(*(mandates.c[name] for name in MandateRow.__dataclass_fields__ if name != "terms"), _as_text)
_by_id = _every.where(mandates.c.id == sa.bindparam("of_id"))


class Mandates:
    """What people decided about mandates.

    Args:
        connection: The store's database.
        now: Wall-clock time: persons live in it. When a mandate ends, and what a day is, goes by company time.
    """

    def __init__(self, connection: Connection, *, now: Callable[[], datetime]) -> None:
        self._connection, self._now = connection, now

    def in_force(self, given: Iterable[Mandate]) -> tuple[Mandate, ...]:
        """Return the mandates that nobody revoked, read from the database at each call; expired ones are among them.

        Args:
            given: Those of `company.toml`.
        """
        rows = self._connection.rows(_holding)
        over = {row.id for row in rows if row.is_revoked or row.terms is not None}
        added = (_terms(row.terms) for row in rows if row.terms is not None)
        return (*(mandate for mandate in given if mandate.id not in over), *added)

    def active(self) -> tuple[Mandate, ...]:
        """Return the mandates that were given by command and not revoked, oldest first."""
        return self.in_force(())

    def revoked_ids(self) -> frozenset[str]:
        """Return the ids of all mandates that are revoked, those of `company.toml` too."""
        return frozenset(row.id for row in self._connection.rows(_holding) if row.is_revoked)

    def all(self) -> list[MandateRow]:
        """Return every row, oldest first."""
        return [_row(found) for found in self._connection.rows(_every.order_by(mandates.c.position))]

    def find(self, id: str) -> MandateRow | None:
        """Return what was decided about a mandate, None when nothing was."""
        row = self._connection.first(_by_id, {"of_id": id})
        return None if row is None else _row(row)

    def add(self, mandate: Mandate, by: str) -> MandateRow:
        """Give a mandate.

        Raises:
            UsageError: `by` is no person, or the id was used before.
        """
        require_person(by, _ACT)
        with self._connection.transaction():
            if found := self.find(mandate.id):
                raise UsageError(
                    f"the id {mandate.id!r} was used before{_fate(found)}", where="id", cure="choose another id"
                )
            terms = mandate.model_dump(mode="json", exclude_defaults=True)
            return self._insert(mandate.id, terms=terms, given_at=self._now(), given_by=by, reason="")

    def revoke(self, id: str, by: str, reason: str) -> MandateRow:
        """Take a mandate back; no decision after this one uses it, in whatever process.

        Args:
            id: One that was given by command, or one of `company.toml`: what has no row gets one.
            by: Who revokes it, a person.
            reason: Why.

        Raises:
            UsageError: `by` is no person, there is no reason, or it is revoked already.
        """
        require_person(by, _ACT)
        require_reason(reason)
        values = {"revoked_at": self._now(), "revoked_by": by, "reason": reason}
        with self._connection.transaction():
            found = self.find(id)
            if found is None:
                return self._insert(id, **values)
            if found.revoked_at is not None:
                raise UsageError(f"mandate {id!r}{_fate(found)}", where="id", cure="company mandate list")
            return self._update(id, **values)

    def restore(self, id: str, by: str, reason: str) -> MandateRow:
        """Let a mandate of `company.toml` that was revoked hold again.

        Raises:
            UsageError: `by` is no person, there is no reason, it is not revoked, or it was given by command.
        """
        require_person(by, _ACT)
        require_reason(reason)
        with self._connection.transaction():
            found = self.find(id)
            if found is None or found.revoked_at is None:
                raise UsageError(f"mandate {id!r} is not revoked", where="id", cure="company mandate list")
            if found.terms is not None:
                what = f"mandate {id!r}{_fate(found)}, and only one of company.toml is restored"
                raise UsageError(what, where="id", cure="give it anew under another id: company mandate add")
            return self._update(id, given_at=self._now(), given_by=by, revoked_at=None, revoked_by=None, reason=reason)

    def _insert(self, id: str, **values: Any) -> MandateRow:
        position = next_number(self._connection, "mandate")
        self._connection.change(sa.insert(mandates), {"position": position, "id": id, **values})
        return self._get(id)

    def _update(self, id: str, **values: Any) -> MandateRow:
        self._connection.change(sa.update(mandates).where(mandates.c.id == id).values(values))
        return self._get(id)

    def _get(self, id: str) -> MandateRow:
        found = self.find(id)
        assert found is not None  # written in the same transaction
        return found


@lru_cache(maxsize=1_000)
def _terms(text: str) -> Mandate:
    return Mandate.model_validate_json(text, strict=False)  # decimals are strings in JSON


def _row(row: Any) -> MandateRow:
    fields = dict(row._mapping)
    return MandateRow(**{**fields, "terms": None if fields["terms"] is None else _terms(fields["terms"])})


def require_person(by: str, what: str) -> None:
    """Refuse nobody and roles: what only people may do, they do in their own name.

    Raises:
        UsageError: `by` is no person; `what` says what it cannot do.
    """
    if not name_of(by) or name_of(by).startswith(ROLE_PREFIX):
        raise UsageError(f"{by!r} cannot {what}", where="by", cure="a person must do it")


def require_reason(reason: str) -> None:
    """Refuse to go on without a reason.

    Raises:
        UsageError: There is none.
    """
    if not reason.strip():
        raise UsageError("a reason is needed", where="reason", cure="say why; it is kept in the journal")


def _fate(row: MandateRow) -> str:
    return f" was revoked by {row.revoked_by} at {row.revoked_at:%Y-%m-%d %H:%M:%S %Z}" if row.revoked_at else ""
