"""The truth of the memory: one SQLite file with texts, validity, vectors and the outbox of the index.

A memory and its vector are committed together, and with them a row in the outbox: whatever index is built over the
vectors can be dropped at any time and healed from here. Full-text search lives in the same file, so it can never
disagree. Nothing here decides what is relevant; everything here decides what a role may see.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from company.memory.item import SHARED, Kind, MemoryItem, Note, Status
from company.memory.vectors import VectorRecords
from company.memory.visibility import stamp, visible
from company.memory.words import fingerprint, subject_key

_COLUMNS: Final = (
    *("seq", "role", "kind", "person", "branch", "thread_id", "subject", "subject_key", "predicate", "value"),
    "fact_key",
    *("text", "source", "trust", "tainted", "sources", "derived_from", "importance", "pinned", "run_id"),
    *("persona_version", "created_at", "last_used_at", "use_count", "valid_from", "valid_to", "supersedes"),
    *("superseded_by", "status", "decided_by", "content_sha256"),
)
_INSERT: Final = (
    f"INSERT INTO memory ({', '.join(_COLUMNS)}) "  # noqa: S608 (constants only)
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) RETURNING *"
)
REFUSED: Final = "(status = 'archived' AND decided_by <> '' AND valid_to = valid_from)"
"""Condition on `memory` for what a person refused: it never held, and it stays refused however often it is said."""


class Records(VectorRecords):
    """Memories, vectors and outbox of one state directory."""

    def add(self, note: Note, at: datetime, **columns: Any) -> MemoryItem:
        """Insert a note as it is, and return it.

        Args:
            note: The note; without `valid_from` it holds since `at`.
            at: When it is remembered.
            columns: Values of columns a note does not have, such as `valid_to`.
        """
        with self.transaction():
            return read_item(self.db.execute(_INSERT, _row(note, at) | columns).fetchone())

    def change(self, id: str, **columns: Any) -> MemoryItem:
        """Set columns of a memory, and return it."""
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        with self.transaction():
            rows = self.db.execute(
                f"UPDATE memory SET {assignments} WHERE seq = :seq RETURNING *",  # noqa: S608 (names come from code)
                {"seq": number_of(id), **columns},
            )
            return read_item(rows.fetchone())

    def get(self, id: str) -> MemoryItem | None:
        """Return a memory by its id."""
        return next(iter(self.where("seq = :seq", seq=number_of(id))), None)

    def where(self, condition: str, **arguments: Any) -> list[MemoryItem]:
        """Return the memories that meet an SQL condition, the oldest first."""
        rows = self.db.execute(f"SELECT * FROM memory WHERE {condition} ORDER BY seq", arguments)  # noqa: S608
        return [read_item(row) for row in rows]

    def read(
        self,
        role: str,
        person: str,
        seqs: Iterable[int],
        embedder_id: str,
        *,
        branch: str = "",
        as_of: datetime | None = None,
    ) -> list[tuple[int, MemoryItem, bytes | None]]:
        """Return those of the memories that are visible, with their vectors, oldest first."""
        condition, arguments = visible(role, person, branch=branch, as_of=as_of)
        rows = self.db.execute(
            "SELECT memory.*, vector.value AS vector FROM memory "  # noqa: S608 (constants only)
            "LEFT JOIN vector ON vector.seq = memory.seq AND vector.embedder_id = :embedder "
            f"WHERE {condition} AND memory.seq IN (SELECT value FROM json_each(:seqs)) ORDER BY memory.seq",
            arguments | {"embedder": embedder_id, "seqs": json.dumps(list(seqs))},
        )
        return [(row["seq"], read_item(row), row["vector"]) for row in rows]

    def newest(
        self, roles: Sequence[str], person: str, limit: int, *, kind: Kind | None = None, status: Status = "active"
    ) -> list[MemoryItem]:
        """Return the newest memories of any of the roles that a person may see; of active ones those that hold."""
        chosen = {"roles": json.dumps([*roles, SHARED]), "person": person, "kind": kind, "status": status}
        rows = self.db.execute(
            "SELECT * FROM memory WHERE role IN (SELECT value FROM json_each(:roles)) AND person IN ('', :person) "
            "AND branch = '' AND status = :status AND (status <> 'active' OR valid_to IS NULL) "
            "AND (:kind IS NULL OR kind = :kind) ORDER BY seq DESC LIMIT :limit",
            {**chosen, "limit": limit},
        )
        return [read_item(row) for row in rows]

    def count(self, role: str | None = None) -> int:
        """Return how many memories there are, of one role or of all."""
        return self.number("SELECT count(*) FROM memory WHERE ? IS NULL OR role = ?", role, role)


def number_of(id: str) -> int:
    """Return the number of a memory's row; 0, which no row has, for what is no id."""
    digits = id.removeprefix("m")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0


def fact_key(subject: str, predicate: str) -> str:
    """Return the key of a fact, empty unless both its parts have words."""
    parts = subject_key(subject), subject_key(predicate)
    return "|".join(parts) if all(parts) else ""


def read_item(row: sqlite3.Row) -> MemoryItem:
    """Return the memory of a row."""
    fields = {name: row[name] for name in Note.model_fields}
    return MemoryItem(
        **fields
        | {
            "tainted": bool(row["tainted"]),
            "pinned": bool(row["pinned"]),
            "sources": json.loads(row["sources"]),
            "derived_from": json.loads(row["derived_from"]),
            "valid_from": datetime.fromisoformat(row["valid_from"]),
        },
        id=f"m{row['seq']}",
        created_at=datetime.fromisoformat(row["created_at"]),
        use_count=row["use_count"],
        valid_to=datetime.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        supersedes=row["supersedes"],
        superseded_by=row["superseded_by"],
        decided_by=row["decided_by"],
    )


def _row(note: Note, at: datetime) -> dict[str, Any]:
    return {name: getattr(note, name) for name in Note.model_fields} | {
        "seq": None,  # the next number
        "sources": json.dumps(note.sources),
        "derived_from": json.dumps(note.derived_from),
        "subject_key": subject_key(note.subject),
        "fact_key": fact_key(note.subject, note.predicate),
        "created_at": stamp(at),
        "last_used_at": stamp(at),
        "use_count": 0,
        "valid_from": stamp(note.valid_from or at),
        "valid_to": None,
        "supersedes": "",
        "superseded_by": "",
        "decided_by": "",
        "content_sha256": fingerprint(note.text),
    }
