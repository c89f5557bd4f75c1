"""The tables behind similarity: vectors by embedder, the outbox of the index and its generation.

A space is the vectors of one embedder. Spaces lie side by side and are never compared; one is complete once every
memory has a vector in it, and stays so while single ones wait.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from company.memory.database import Database
from company.memory.words import fingerprint

_FEW: Final = 64


class Part(NamedTuple):
    """The memories of one owner: a role, and with it a person or an arm of an experiment, or neither."""

    role: str
    person: str
    branch: str

    @property
    def private(self) -> bool:
        """Whether it belongs to a person or an arm."""
        return bool(self.person or self.branch)


class Waiting(NamedTuple):
    """A vector that waits to be copied into the index."""

    seq: int
    part: Part
    value: bytes


class VectorRecords(Database):
    """Vectors of memories by embedder, and which of them the index does not hold yet."""

    def add_vectors(self, vectors: Mapping[int, bytes], embedder_id: str) -> None:
        """Give memories their vectors, and the index notice of it; what was forgotten meanwhile gets none."""
        rows = [(embedder_id, value, seq) for seq, value in vectors.items()]
        with self.transaction():
            self.db.executemany(
                "INSERT OR IGNORE INTO vector (seq, embedder_id, value) SELECT seq, ?, ? FROM memory WHERE seq = ?",
                rows,
            )
            self.db.executemany(
                "INSERT OR IGNORE INTO outbox (embedder_id, seq) SELECT ?, seq FROM memory WHERE seq = ?",
                [(embedder_id, seq) for seq in vectors],
            )

    def known(self, texts: Iterable[str], embedder_id: str) -> dict[str, bytes]:
        """Return the vectors that memories of the very same texts have, by text."""
        query = (
            "SELECT vector.value AS value FROM memory "  # crossed: SQLite would walk through the vectors instead
            "CROSS JOIN vector ON vector.seq = memory.seq AND vector.embedder_id = ? "
            "WHERE content_sha256 = ? AND text = ? LIMIT 1"
        )
        rows = ((text, self.db.execute(query, (embedder_id, fingerprint(text), text)).fetchone()) for text in texts)
        return {text: row["value"] for text, row in rows if row is not None}

    def without_vector(self, embedder_id: str, limit: int, *, after: int = 0) -> dict[int, str]:
        """Return the texts of the oldest memories behind `after` that have no vector of this embedder."""
        rows = self.db.execute(
            "SELECT seq, text FROM memory WHERE seq > ? AND NOT EXISTS "
            "(SELECT 1 FROM vector WHERE vector.embedder_id = ? AND vector.seq = memory.seq) ORDER BY seq LIMIT ?",
            (after, embedder_id, limit),
        )
        return {row["seq"]: row["text"] for row in rows}

    def lacking(self, embedder_id: str) -> int:
        """Return how many memories have no vector of this embedder."""
        return self.number(
            "SELECT (SELECT count(*) FROM memory) - (SELECT count(*) FROM vector WHERE embedder_id = ?)", embedder_id
        )

    def width(self, embedder_id: str) -> int:
        """Return the length of this embedder's vectors, 0 when there are none."""
        return self.number("SELECT max(width) FROM space WHERE embedder_id = ?", embedder_id)

    def complete(self, embedder_id: str) -> bool:
        """Return whether every memory has a vector of this embedder, or once had and no more than a few lack one."""
        lacking = self.lacking(embedder_id)
        known = self.number("SELECT max(complete) FROM space WHERE embedder_id = ?", embedder_id)
        few = max(_FEW, self.number("SELECT count(*) FROM memory") // 10)
        return lacking == 0 or (bool(known) and lacking <= few)

    def describe(self, embedder_id: str, *, width: int = 0, complete: bool = False) -> None:
        """Note what is known of a space; it never becomes incomplete again."""
        known = "SELECT count(*) FROM space WHERE embedder_id = ? AND width >= ? AND complete >= ?"
        if self.number(known, embedder_id, width, complete):
            return
        with self.transaction():
            self.db.execute(
                "INSERT INTO space (embedder_id, width, complete) VALUES (?, ?, ?) ON CONFLICT (embedder_id) "
                "DO UPDATE SET width = max(width, excluded.width), complete = max(complete, excluded.complete)",
                (embedder_id, width, complete),
            )

    def spaces(self) -> list[str]:
        """Return the embedders that vectors are kept of, the one with the most first."""
        rows = self.db.execute(
            "SELECT embedder_id FROM vector GROUP BY embedder_id ORDER BY count(*) DESC, embedder_id"
        )
        return [row["embedder_id"] for row in rows]

    def tail(self, part: Part, embedder_id: str) -> tuple[list[int], bytes]:
        """Return an owner's memories that wait to be copied into the index, and their vectors one after another."""
        rows = self.db.execute(
            "SELECT outbox.seq AS seq, vector.value AS value FROM outbox JOIN memory ON memory.seq = outbox.seq "
            "JOIN vector ON vector.seq = outbox.seq AND vector.embedder_id = outbox.embedder_id "
            "WHERE outbox.embedder_id = ? AND role = ? AND person = ? AND branch = ? ORDER BY outbox.seq",
            (embedder_id, *part),
        ).fetchall()
        return [row["seq"] for row in rows], b"".join(row["value"] for row in rows)

    def pending(self, embedder_id: str, limit: int) -> list[Waiting]:
        """Return the oldest vectors that wait to be copied into the index."""
        rows = self.db.execute(
            "SELECT memory.seq AS seq, role, person, branch, vector.value AS value FROM outbox "
            "JOIN memory ON memory.seq = outbox.seq "
            "JOIN vector ON vector.seq = outbox.seq AND vector.embedder_id = outbox.embedder_id "
            "WHERE outbox.embedder_id = ? ORDER BY outbox.seq LIMIT ?",
            (embedder_id, limit),
        )
        return [Waiting(row["seq"], Part(row["role"], row["person"], row["branch"]), row["value"]) for row in rows]

    def settle(self, embedder_id: str, seqs: Iterable[int]) -> None:
        """Take from the outbox what the index holds now."""
        with self.transaction():
            self.db.executemany(
                "DELETE FROM outbox WHERE embedder_id = ? AND seq = ?", [(embedder_id, seq) for seq in seqs]
            )

    def indexed(self, embedder_id: str) -> dict[tuple[str, bool], list[int]]:
        """Return what the index should hold, by role and whether it is private: all that does not wait."""
        rows = self.db.execute(
            "SELECT vector.seq AS seq, role, person <> '' OR branch <> '' AS private "
            "FROM vector JOIN memory ON memory.seq = vector.seq WHERE vector.embedder_id = :embedder "
            "AND vector.seq NOT IN (SELECT seq FROM outbox WHERE embedder_id = :embedder) ORDER BY vector.seq",
            {"embedder": embedder_id},
        )
        found: dict[tuple[str, bool], list[int]] = {}
        for seq, role, private in rows:
            found.setdefault((role, bool(private)), []).append(seq)
        return found

    def value(self, embedder_id: str, seq: int) -> bytes:
        """Return the vector of a memory, empty when it has none."""
        found = self.db.execute("SELECT value FROM vector WHERE embedder_id = ? AND seq = ?", (embedder_id, seq))
        return bytes(next(iter(row["value"] for row in found), b""))

    def generation(self, index: str) -> int:
        """Return the number of the index that is valid now; the first is 1."""
        return self.number("SELECT max(number) FROM generation WHERE embedder_id = ?", index) or 1

    def begin_generation(self, embedder_id: str, *, index: str = "", number: int = 0) -> int:
        """Declare an index void: every vector waits to be copied again; returns the number of the next one.

        Args:
            embedder_id: Whose vectors it holds.
            index: Which index, where there are others than the one on this machine.
            number: Number of the next one; 0 for the one that follows.
        """
        with self.transaction():
            number = number or self.generation(index or embedder_id) + 1
            self.db.execute("INSERT OR REPLACE INTO generation VALUES (?, ?)", (index or embedder_id, number))
            self.db.execute("DELETE FROM outbox WHERE embedder_id = ?", (embedder_id,))
            self.db.execute(
                "INSERT INTO outbox (embedder_id, seq) SELECT embedder_id, seq FROM vector WHERE embedder_id = ?",
                (embedder_id,),
            )
        return number

    def waiting(self, embedder_id: str, most: int = 1_000_000) -> int:
        """Return how many vectors wait to be copied into the index, counted no further than `most`."""
        return self.number(
            "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE embedder_id = ? LIMIT ?)", embedder_id, most
        )
