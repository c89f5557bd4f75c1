"""Finds the memory that a note only repeats.

The same text of the same owner is the same memory; what happened in a conversation is the same only within that
conversation, because an event that happens twice is two events. A text in other words is the same only when it means
nearly the same (cosine of at least 0.85, which 96 % of rewordings reach), is about the same subject and states the
same values; a cosine alone would swallow corrections. Events are never merged by meaning, nor are keyed facts, whose
values are compared instead. The search is made inside the writing transaction over the stored vectors, so it sees what
another process has written and neither asks nor waits for the index.
"""

from typing import Final

import numpy as np

from company.memory.item import MemoryItem, Note
from company.memory.provenance import authority
from company.memory.records import REFUSED, Records, fact_key
from company.memory.similarity import Similarity
from company.memory.values import same_values
from company.memory.words import fingerprint, subject_key

_NEAR: Final = 0.85
_NEAREST: Final = 5
_COMPARED: Final = 1_000
_OWNED: Final = "role = :role AND person = :person AND branch = :branch AND kind = :kind"
# what retention archived may be learned again
_STANDING: Final = f"((valid_to IS NULL AND status <> 'archived') OR {REFUSED})"


class Duplicates:
    """What is stored already.

    Args:
        records: The truth.
        similarity: Names the embedder whose vectors are compared.
    """

    def __init__(self, records: Records, similarity: Similarity) -> None:
        self._records = records
        self._similarity = similarity

    def same(self, note: Note) -> MemoryItem | None:
        """Return the memory with the same text of the same owner, in use or waiting or refused."""
        found = self._records.where(
            f"content_sha256 = :sha256 AND {_OWNED} AND fact_key = :fact_key AND {_STANDING} "
            "AND (kind <> 'episodic' OR thread_id = :thread_id)",
            sha256=fingerprint(note.text),
            fact_key=fact_key(note.subject, note.predicate),
            thread_id=note.thread_id,
            **_owner(note),
        )
        return min(found, key=lambda item: item.status != "active", default=None)

    def near(self, note: Note, vector: bytes) -> MemoryItem | None:
        """Return the memory that says the same in other words, the nearest of the five nearest that qualifies."""
        if note.kind == "episodic" or fact_key(note.subject, note.predicate):
            return None
        for found in self._nearest(note, vector):
            item = self._records.get(found)
            if item is not None and _covers(item, note):
                return item
        return None

    def _nearest(self, note: Note, vector: bytes) -> list[str]:
        rows = self._records.db.execute(
            "SELECT memory.seq AS seq, vector.value AS value FROM memory "  # noqa: S608 (constants only)
            "JOIN vector ON vector.seq = memory.seq AND vector.embedder_id = :embedder "
            f"WHERE {_OWNED} AND subject_key = :subject_key AND fact_key = '' AND status = :status "
            "AND valid_to IS NULL ORDER BY memory.seq DESC LIMIT :limit",
            _owner(note)
            | {
                "embedder": self._similarity.id,
                "subject_key": subject_key(note.subject),
                "status": note.status,
                "limit": _COMPARED,
            },
        ).fetchall()
        if not rows:
            return []
        stored = np.frombuffer(b"".join(row["value"] for row in rows), dtype=np.float32).reshape(len(rows), -1)
        cosines = stored @ np.frombuffer(vector, dtype=np.float32)
        order = np.argsort(-cosines, kind="stable")[:_NEAREST]
        return [f"m{rows[place]['seq']}" for place in order if cosines[place] >= _NEAR]


def _owner(note: Note) -> dict[str, str]:
    return {"role": note.role, "person": note.person, "branch": note.branch, "kind": note.kind}


def _covers(item: MemoryItem, note: Note) -> bool:
    """Return whether nothing of the note is lost when the item stands for it."""
    cleaner = item.tainted and not note.tainted
    return not cleaner and authority(item) >= authority(note) and same_values(item.text, note.text)
