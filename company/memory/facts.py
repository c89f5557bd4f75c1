"""Keyed facts: one subject, one predicate, one value at a time, and every earlier value as history.

The values of a key follow each other without overlap: each holds from its `valid_from` to its `valid_to`, where the
next begins. A new value closes the one that held at its time. One that arrives late takes its place in the history and
ends where the later value begins, which stays current. A value of less authority than the one that holds at its time
does not take effect; it becomes a proposal. Returning to an old value is a new row. Similarity plays no part in this:
it ranks the stale value first as often as not.
"""

from datetime import datetime
from typing import Any, Final

from company.memory.item import MemoryItem, Note
from company.memory.provenance import authority, overrules
from company.memory.records import REFUSED, Records, fact_key
from company.memory.visibility import stamp
from company.memory.words import fingerprint

_KEY: Final = "fact_key <> '' AND fact_key = :fact_key AND role = :role AND person = :person AND branch = :branch"


class Facts:
    """The values of keys over time.

    Args:
        records: The truth.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def repeated(self, note: Note, at: datetime) -> MemoryItem | None:
        """Return the fact that a note only repeats: the same value held or was proposed at its time."""
        held = self.holding(note, note.valid_from or at)
        if held is not None and _value(held) == _value(note):
            return None if overrules(note, held) else held
        waiting = self._records.where(
            f"{_KEY} AND ((valid_to IS NULL AND status IN ('proposed', 'quarantined')) OR {REFUSED})", **_key(note)
        )
        same = (item for item in waiting if _value(item) == _value(note))
        return next((item for item in same if not overrules(note, item)), None)

    def place(self, note: Note, at: datetime) -> MemoryItem:
        """Store a new value where it belongs in the history of its key, or as a proposal.

        Args:
            note: The fact.
            at: When it is remembered; without `valid_from` it holds since then.
        """
        since = note.valid_from or at
        held = self.holding(note, since)
        if note.status == "active" and held is not None and authority(note) < authority(held):
            note = note.model_copy(update={"status": "proposed"})
        if note.status != "active":
            return self._records.add(note, at)
        following = self._make_room(note, held, since)
        item = self._records.add(note, at, **_span(held, following))
        self._link(held, item, following)
        return item

    def accept(self, item: MemoryItem, at: datetime, **columns: Any) -> MemoryItem:
        """Let a proposed value take effect now, before any other of its key.

        Args:
            item: The proposal.
            at: When it was accepted. It holds since its own `valid_from`, or since now when the value that holds
                began later: who accepts it has seen that one.
            columns: Columns to set with it.
        """
        held = self.holding(item, at)
        late = item.valid_from is None or (held is not None and _since(held) > item.valid_from)
        since = at if late or item.valid_from is None else item.valid_from
        held = self.holding(item, since)
        following = self._make_room(item, held, since)
        accepted = self._records.change(
            item.id, **columns, **_span(held, following), valid_from=stamp(since), status="active"
        )
        self._link(held, accepted, following)
        return accepted

    def holding(self, note: Note, at: datetime) -> MemoryItem | None:
        """Return the value of the note's key that holds at a time, for the note's owner."""
        found = self._records.where(
            f"{_KEY} AND status = 'active' AND valid_from <= :at AND (valid_to IS NULL OR valid_to > :at)",
            at=stamp(at),
            **_key(note),
        )
        return found[-1] if found else None

    def history(self, item: MemoryItem) -> list[MemoryItem]:
        """Return every value the key of a fact had for its owner, the earliest first, and no proposals."""
        held = self._records.where(
            f"{_KEY} AND (status = 'active' OR valid_to IS NOT NULL) AND NOT {REFUSED}", **_key(item)
        )
        return sorted(held, key=_since)

    def _make_room(self, note: Note, held: MemoryItem | None, since: datetime) -> MemoryItem | None:
        """End the value that holds at that time, and return the one that follows it."""
        if held is not None:
            self._records.change(held.id, valid_to=stamp(since))
        later = self._records.where(f"{_KEY} AND status = 'active' AND valid_from > :at", at=stamp(since), **_key(note))
        return min(later, key=_since, default=None)

    def _link(self, held: MemoryItem | None, item: MemoryItem, following: MemoryItem | None) -> None:
        if held is not None:
            self._records.change(held.id, superseded_by=item.id)
        if following is not None:
            self._records.change(following.id, supersedes=item.id)


def _span(held: MemoryItem | None, following: MemoryItem | None) -> dict[str, str | None]:
    """Return until when a value holds that takes the place of one and precedes another, and both ids."""
    end = held.valid_to if held is not None else following.valid_from if following is not None else None
    return {
        "valid_to": stamp(end) if end is not None else None,
        "supersedes": held.id if held is not None else "",
        "superseded_by": following.id if following is not None else "",
    }


def _since(item: MemoryItem) -> datetime:
    return item.valid_from or item.created_at


def _value(note: Note) -> str:
    return fingerprint(note.value or note.text)


def _key(note: Note) -> dict[str, str]:
    return {
        "role": note.role,
        "person": note.person,
        "branch": note.branch,
        "fact_key": fact_key(note.subject, note.predicate),
    }
