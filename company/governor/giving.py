"""What people do about mandates: give, revoke, restore, look. Each change is one transaction with its journal event.

Whether a mandate is sound enough to be given is said in `terms.py`; what decisions make of it in `standing.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from company import events
from company.config import Mandate, suggest
from company.errors import UsageError
from company.events import Draft, Json
from company.governor.standing import midnight
from company.store import MandateRow, Store

State = Literal["active", "revoked", "expired"]
Origin = Literal["file", "command"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One mandate as a person looks at it.

    Attributes:
        mandate: Its terms.
        origin: Where it was given: in `company.toml`, or by command.
        state: Whether it holds.
        row: What people decided about it; None for one of `company.toml` that nobody touched.
        calls: Effects it allowed today, by company time; announced and unknown ones count.
        notional: Their worth in the company's quote currency.
    """

    mandate: Mandate
    origin: Origin
    state: State
    row: MandateRow | None
    calls: int
    notional: Decimal

    def told(self) -> Json:
        """Return everything in flat fields; what nobody did is None."""
        row = self.row or MandateRow(self.mandate.id, None, None, None, None, None, "")
        decided = {name: getattr(row, name) for name in ("given_at", "given_by", "revoked_at", "revoked_by", "reason")}
        used = {"calls_today": self.calls, "notional_today": self.notional}
        return {**dict(self.mandate), "origin": self.origin, "state": self.state, **decided, **used}


class Giving:
    """Gives mandates and takes them back, in a person's name.

    Args:
        store: Where they are kept, and the journal.
        given: Those of `company.toml`.
    """

    def __init__(self, store: Store, given: Sequence[Mandate]) -> None:
        self._store, self._given = store, {mandate.id: mandate for mandate in given}

    def add(self, mandate: Mandate, by: str) -> None:
        """Give a mandate; it holds for the next decision of every process.

        Raises:
            UsageError: `by` is no person, or the id was used before.
        """
        if mandate.id in self._given:
            what = f"company.toml has a mandate {mandate.id!r}"
            raise UsageError(what, where="id", cure="choose another id, or change it there")
        with self._store.transaction():
            self._store.mandates.add(mandate, by)
            self._note("mandate.added", mandate, {"by": by})

    def revoke(self, id: str, by: str, reason: str) -> None:
        """Take a mandate back, wherever it was given; the next decision of every process does without it.

        Raises:
            UsageError: There is no such mandate, it is revoked already, `by` is no person, or there is no reason.
        """
        with self._store.transaction():
            mandate = self._known(id)
            self._store.mandates.revoke(id, by, reason)
            self._note("mandate.revoked", mandate, {"by": by, "reason": reason})

    def restore(self, id: str, by: str, reason: str) -> None:
        """Let a mandate of `company.toml` that was revoked hold again.

        Raises:
            UsageError: There is no such mandate, it is not revoked, it was given by command, `by` is no person, or
                there is no reason.
        """
        with self._store.transaction():
            mandate = self._known(id)
            self._store.mandates.restore(id, by, reason)
            self._note("mandate.restored", mandate, {"by": by, "reason": reason})

    def entries(self, now: datetime) -> list[Entry]:
        """Return every mandate, those of `company.toml` first; a row stands above one of the same id there.

        Args:
            now: Company time.
        """
        rows = {row.id: row for row in self._store.mandates.all()}
        of_file = [mandate for mandate in self._given.values() if not _is_command(rows.get(mandate.id))]
        of_command = [row.terms for row in rows.values() if row.terms is not None]
        return [self._entry(mandate, rows.get(mandate.id), now) for mandate in (*of_file, *of_command)]

    def entry(self, id: str, now: datetime) -> Entry:
        """Return one mandate.

        Raises:
            UsageError: There is no such mandate.
        """
        return self._entry(self._known(id), self._store.mandates.find(id), now)

    def _entry(self, mandate: Mandate, row: MandateRow | None, now: datetime) -> Entry:
        calls, notional = self._store.effects.mandate_use(mandate.id, midnight(now))
        origin: Origin = "command" if _is_command(row) else "file"
        return Entry(mandate, origin, _state(mandate, row, now), row, calls, notional)

    def _known(self, id: str) -> Mandate:
        row = self._store.mandates.find(id)
        if row is not None and row.terms is not None:
            return row.terms
        if id not in self._given:
            known = {*self._given, *(row.id for row in self._store.mandates.all() if row.terms is not None)}
            raise UsageError(f"there is no mandate {id!r}", where="id", cure=suggest(id, known))
        return self._given[id]

    def _note(self, name: str, mandate: Mandate, said: dict[str, str]) -> None:
        terms = mandate.model_dump(mode="json", exclude_defaults=True, exclude={"id"})
        body = events.custom(name, {"mandate": mandate.id, "terms": terms, **said})
        self._store.journal.append([Draft.of_person(body)])


def _is_command(row: MandateRow | None) -> bool:
    return row is not None and row.terms is not None


def _state(mandate: Mandate, row: MandateRow | None, now: datetime) -> State:
    if row is not None and row.revoked_at is not None:
        return "revoked"
    return "expired" if mandate.has_ended(now) else "active"
