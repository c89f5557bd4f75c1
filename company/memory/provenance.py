"""Where a memory comes from, and what follows from that: taint is inherited, and it costs authority.

Text of strangers may inform, so it is remembered as what happened or as a fact nobody has confirmed. It never becomes
what a role is or how it works: such a memory waits until a person decides. What is concluded from a tainted memory is
tainted as well, however it was worded, and no memory of one person can be turned into one that others see.
"""

from typing import Final

from company.errors import ToolError
from company.memory.item import MemoryItem, Note
from company.memory.records import Records
from company.memory.screen import UNVERIFIED

GUARDED: Final = ("persona", "procedural")
"""Kinds that steer a role; tainted text becomes one only by a person's decision."""


def inherited(note: Note, records: Records) -> Note:
    """Return the note with the taint, the sources and at most the trust of the memories it is derived from.

    Raises:
        ToolError: It names a memory that does not exist, or one of another person.
    """
    parents = [_parent(named, note, records) for named in note.derived_from]
    if not parents:
        return note
    sources = dict.fromkeys((*note.sources, *(source for parent in parents for source in parent.sources)))
    trust = note.trust if note.source == "operator" else min(note.trust, *(parent.trust for parent in parents))
    tainted = note.tainted or any(parent.tainted for parent in parents)
    return note.model_copy(update={"sources": tuple(sources), "trust": trust, "tainted": tainted})


def guarded(note: Note) -> Note:
    """Return the note as a proposal when it would steer a role by words that no one of the company vouches for."""
    if note.status == "active" and note.kind in GUARDED and (note.tainted or not note.trust):
        return note.model_copy(update={"status": "proposed"})
    return note


def authority(note: Note) -> int:
    """Return how far a memory may displace others: its trust, for a stranger's words no more than unverified.

    What a person has accepted keeps its trust, tainted or not.
    """
    accepted = isinstance(note, MemoryItem) and note.decided_by
    return note.trust if accepted or not note.tainted else min(note.trust, UNVERIFIED)


def overrules(note: Note, item: MemoryItem) -> bool:
    """Return whether a note is the operator's own word for what so far was only claimed with less authority."""
    return note.source == "operator" and not note.tainted and authority(note) > authority(item)


def _parent(id: str, note: Note, records: Records) -> MemoryItem:
    parent = records.get(id)
    if parent is None or parent.person not in ("", note.person):
        raise ToolError(f"there is no memory {id!r} to derive this from; name ids that were recalled here")
    return parent
