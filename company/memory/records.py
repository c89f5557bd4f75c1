"""The truth of the memory: one SQLite file with texts, vectors and the outbox of the index.

A memory and its vector are committed together, and with them a row in the outbox: whatever index is built over the
vectors can be dropped at any time and healed from here. Full-text search lives in the same file, so it can never
disagree. Several processes may use the file at once (write-ahead log); every write is one immediate transaction.
Nothing here decides what is relevant; everything here decides what a role may see.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from company.errors import UsageError
from company.memory.item import MemoryItem, Note
from company.memory.words import fingerprint, subject_key

_VERSION: Final = 2
_SCHEMA: Final = Path(__file__).with_name("schema.sql")
_INSERT: Final = """
    INSERT INTO memory (role, kind, person, subject, subject_key, text, source, trust, tainted, importance, run_id,
                        created_at, last_used_at, use_count, content_sha256, sources)
    VALUES (:role, :kind, :person, :subject, :subject_key, :text, :source, :trust, :tainted, :importance, :run_id,
            :at, :at, 0, :sha256, :sources)
    ON CONFLICT (role, person, kind, content_sha256)
    DO UPDATE SET use_count = use_count + 1, last_used_at = excluded.last_used_at
    RETURNING *
"""
_VISIBLE: Final = "memory.role = :role AND memory.person IN ('', :person)"


class Records:
    """Memories, vectors and outbox of one state directory.

    Args:
        file: The SQLite file; created when missing.

    Raises:
        UsageError: The file was written by a newer version of the program.
    """

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # acknowledged means on disk, also after a power cut
        self._db.execute("PRAGMA foreign_keys = ON")
        version = self._number("PRAGMA user_version")
        if version > _VERSION:
            self.close()
            raise UsageError(
                f"the memory has schema version {version}, this program knows {_VERSION}",
                where=str(file),
                cure="update the program, or use another state directory",
            )
        if version == 1:
            self._add_sources()
        elif version < _VERSION:
            self._db.executescript(_SCHEMA.read_text())

    def _add_sources(self) -> None:
        """Bring a file of version 1, which kept no sources of a memory, to version 2.

        It did not taint a cycle's summing-up either, which may quote what strangers wrote.
        """
        with self._transaction():
            if self._number("PRAGMA user_version") == 1:  # another process may have been faster
                self._db.execute("ALTER TABLE memory ADD COLUMN sources TEXT NOT NULL DEFAULT '[]'")
                self._db.execute("UPDATE memory SET tainted = 1 WHERE text GLOB '????-??-?? ??:?? cycle *'")
                self._db.execute("PRAGMA user_version = 2")

    def knows(self, note: Note) -> bool:
        """Return whether the same text is stored for the same role, person and kind."""
        found = self._db.execute(
            "SELECT 1 FROM memory WHERE role = ? AND person = ? AND kind = ? AND content_sha256 = ?",
            (note.role, note.person, note.kind, fingerprint(note.text)),
        )
        return found.fetchone() is not None

    def save(
        self, notes: Sequence[Note], at: datetime, *, vectors: Mapping[str, bytes], embedder_id: str
    ) -> list[MemoryItem]:
        """Store the notes with the vectors of their texts in one transaction; a known note counts one use more."""
        items = []
        with self._transaction():
            for note in notes:
                item = _item(self._db.execute(_INSERT, _row(note, at)).fetchone())
                if item.use_count == 0 and note.text in vectors:
                    self._add_vector(_seq(item.id), embedder_id, vectors[note.text])
                items.append(item)
        return items

    def add_vectors(self, vectors: Mapping[int, bytes], embedder_id: str) -> None:
        """Give memories that were stored without an embedder their vectors."""
        with self._transaction():
            for seq, value in vectors.items():
                self._add_vector(seq, embedder_id, value)

    def without_vector(self, embedder_id: str, limit: int) -> dict[int, str]:
        """Return the texts of the oldest memories that have no vector of this embedder."""
        rows = self._db.execute(
            "SELECT seq, text FROM memory WHERE seq NOT IN (SELECT seq FROM vector WHERE embedder_id = ?) "
            "ORDER BY seq LIMIT ?",
            (embedder_id, limit),
        )
        return {row["seq"]: row["text"] for row in rows}

    def matching(self, role: str, person: str, terms: Sequence[str], limit: int) -> dict[int, float]:
        """Return the BM25 scores (greater is better) of the visible memories that share a term."""
        query = " OR ".join(f'"{term}"' for term in terms)
        if not query:
            return {}
        rows = self._db.execute(
            "SELECT memory.seq AS seq, -bm25(memory_text) AS score FROM memory_text "  # noqa: S608 (constants only)
            f"JOIN memory ON memory.seq = memory_text.rowid WHERE memory_text MATCH :query AND {_VISIBLE} "
            "ORDER BY score DESC, seq LIMIT :limit",
            {"query": query, "role": role, "person": person, "limit": limit},
        )
        return {row["seq"]: row["score"] for row in rows}

    def about(self, role: str, person: str, subjects: Sequence[str], limit: int) -> list[int]:
        """Return the newest visible memories about any of the subjects."""
        rows = self._db.execute(
            f"SELECT seq FROM memory WHERE {_VISIBLE} "  # noqa: S608 (constants only)
            "AND subject_key IN (SELECT value FROM json_each(:subjects)) ORDER BY seq DESC LIMIT :limit",
            {"role": role, "person": person, "subjects": json.dumps(subjects), "limit": limit},
        )
        return [row["seq"] for row in rows]

    def read(
        self, role: str, person: str, seqs: Iterable[int], embedder_id: str
    ) -> list[tuple[int, MemoryItem, bytes | None]]:
        """Return those of the memories that are visible, with their vectors, oldest first."""
        rows = self._db.execute(
            "SELECT memory.*, vector.value AS vector FROM memory "  # noqa: S608 (constants only)
            "LEFT JOIN vector ON vector.seq = memory.seq AND vector.embedder_id = :embedder "
            f"WHERE {_VISIBLE} AND memory.seq IN (SELECT value FROM json_each(:seqs)) ORDER BY memory.seq",
            {"role": role, "person": person, "embedder": embedder_id, "seqs": json.dumps(list(seqs))},
        )
        return [(row["seq"], _item(row), row["vector"]) for row in rows]

    def newest(self, roles: Sequence[str], person: str, limit: int) -> list[MemoryItem]:
        """Return the newest visible memories of any of the roles, newest first."""
        rows = self._db.execute(
            "SELECT * FROM memory WHERE role IN (SELECT value FROM json_each(:roles)) "
            "AND person IN ('', :person) ORDER BY seq DESC LIMIT :limit",
            {"roles": json.dumps(list(roles)), "person": person, "limit": limit},
        )
        return [_item(row) for row in rows]

    def vectors(self, role: str, person: str, embedder_id: str) -> tuple[list[int], bytes]:
        """Return the visible memories that have a vector, oldest first, and those vectors one after another."""
        rows = self._db.execute(
            "SELECT memory.seq AS seq, vector.value AS value FROM memory "  # noqa: S608 (constants only)
            f"JOIN vector ON vector.seq = memory.seq AND vector.embedder_id = :embedder WHERE {_VISIBLE}",
            {"role": role, "person": person, "embedder": embedder_id},
        )
        found = sorted((row["seq"], row["value"]) for row in rows)  # SQLite would sort by copying the vectors
        return [seq for seq, _ in found], b"".join(value for _, value in found)

    def pending(self, embedder_id: str, limit: int) -> list[tuple[int, str, str, bytes]]:
        """Return (number, role, person, vector) of the oldest vectors that wait to be copied into the index."""
        rows = self._db.execute(
            "SELECT memory.seq AS seq, role, person, vector.value AS value FROM outbox "
            "JOIN memory ON memory.seq = outbox.seq "
            "JOIN vector ON vector.seq = outbox.seq AND vector.embedder_id = outbox.embedder_id "
            "WHERE outbox.embedder_id = ? ORDER BY outbox.seq LIMIT ?",
            (embedder_id, limit),
        )
        return [(row["seq"], row["role"], row["person"], row["value"]) for row in rows]

    def settle(self, embedder_id: str, seqs: Iterable[int]) -> None:
        """Take from the outbox what the index holds now."""
        with self._transaction():
            self._db.executemany(
                "DELETE FROM outbox WHERE embedder_id = ? AND seq = ?", [(embedder_id, seq) for seq in seqs]
            )

    def indexed(self, embedder_id: str) -> dict[tuple[str, bool], int]:
        """Return how many vectors the index should hold, by role and whether they belong to a person.

        That is all that do not wait in the outbox.
        """
        rows = self._db.execute(
            "SELECT role, person <> '' AS personal, count(*) AS vectors "
            "FROM vector JOIN memory ON memory.seq = vector.seq WHERE vector.embedder_id = :embedder "
            "AND vector.seq NOT IN (SELECT seq FROM outbox WHERE embedder_id = :embedder) "
            "GROUP BY role, personal ORDER BY role, personal",
            {"embedder": embedder_id},
        )
        return {(row["role"], bool(row["personal"])): row["vectors"] for row in rows}

    def generation(self, embedder_id: str) -> int:
        """Return the number of the index that is valid now; the first is 1."""
        return self._number("SELECT max(number) FROM generation WHERE embedder_id = ?", embedder_id) or 1

    def begin_generation(self, embedder_id: str) -> int:
        """Declare the index void: return the number of the next one, with every vector back in the outbox."""
        with self._transaction():
            number = self.generation(embedder_id) + 1
            self._db.execute("INSERT OR REPLACE INTO generation VALUES (?, ?)", (embedder_id, number))
            self._db.execute(
                "INSERT OR IGNORE INTO outbox SELECT embedder_id, seq FROM vector WHERE embedder_id = ?", (embedder_id,)
            )
        return number

    def count(self, role: str | None = None) -> int:
        """Return how many memories there are, of one role or of all."""
        return self._number("SELECT count(*) FROM memory WHERE ? IS NULL OR role = ?", role, role)

    def waiting(self, embedder_id: str) -> int:
        """Return how many vectors wait to be copied into the index."""
        return self._number("SELECT count(*) FROM outbox WHERE embedder_id = ?", embedder_id)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _add_vector(self, seq: int, embedder_id: str, value: bytes) -> None:
        self._db.execute("INSERT OR IGNORE INTO vector VALUES (?, ?, ?)", (seq, embedder_id, value))
        self._db.execute("INSERT OR IGNORE INTO outbox VALUES (?, ?)", (embedder_id, seq))

    def _number(self, query: str, *arguments: Any) -> int:
        return self._db.execute(query, arguments).fetchone()[0] or 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _row(note: Note, at: datetime) -> dict[str, Any]:
    key = {"subject_key": subject_key(note.subject), "sha256": fingerprint(note.text), "at": at.isoformat()}
    return note.model_dump() | key | {"sources": json.dumps(note.sources)}


def _item(row: sqlite3.Row) -> MemoryItem:
    fields = {name: row[name] for name in Note.model_fields}
    return MemoryItem(
        **fields | {"tainted": bool(row["tainted"]), "sources": json.loads(row["sources"])},
        id=f"m{row['seq']}",
        created_at=datetime.fromisoformat(row["created_at"]),
        use_count=row["use_count"],
    )


def _seq(id: str) -> int:
    return int(id.removeprefix("m"))
