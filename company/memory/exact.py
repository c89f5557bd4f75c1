"""Nearest vectors by comparing with every one: exact, and under 1 ms for ten thousand.

The vectors of an owner are read once and kept as one array, which grows by what was written since. All arrays together
stay within a fixed room; the owner asked for longest ago goes first, and one that is larger than the room is read
piece by piece at every question. A vector never changes and its row number only grows, so "what is new" is one look at
the end of the table; that nothing was removed there is seen by the last row still being the same.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from company.memory.bert import one_thread
from company.memory.embedder import Vectors
from company.memory.vectors import Part, VectorRecords

ROOM: Final = 192 * 1024 * 1024
"""Bytes of vectors held at most: 125,000 of 384 numbers."""

Near = tuple[float, int]
"""Cosine and number of a memory."""

_AT_ONCE: Final = 4_096
_NEWS: Final = 20_000
_OWNED: Final = (
    "SELECT vector.rowid FROM memory JOIN vector ON vector.seq = memory.seq AND vector.embedder_id = ? "
    "WHERE memory.role = ? AND memory.person = ? AND memory.branch = ? AND vector.rowid <= ?"
)
_NEW: Final = (  # the sign keeps SQLite from looking through the whole embedder instead of the end of the table
    "SELECT vector.seq, role, person, branch, vector.value FROM vector JOIN memory ON memory.seq = vector.seq "
    "WHERE vector.rowid > ? AND vector.rowid <= ? AND +vector.embedder_id = ? ORDER BY vector.rowid"
)


class ExactIndex:
    """The vectors of one embedder, compared exactly.

    Args:
        records: The truth.
        embedder_id: Whose vectors to compare.
        room: Bytes of vectors held at most.
    """

    def __init__(self, records: VectorRecords, embedder_id: str, *, room: int = ROOM) -> None:
        self._records = records
        self._embedder_id = embedder_id
        self._room = room
        self._arrays: dict[Part, _Array] = {}
        self._sizes: dict[Part, int] = {}
        self._seen: object = None
        self._last: tuple[int, int] = (0, 0)

    def size(self, part: Part) -> int:
        """Return how many vectors an owner has."""
        self._refresh()
        if part not in self._sizes:
            self._sizes[part] = len(self._rows(part))
        return self._sizes[part]

    def nearest(self, part: Part, vector: Vectors, count: int) -> list[Near]:
        """Return the owner's memories nearest to the unit vector, whatever their status, the nearest first."""
        if self.size(part) * vector.nbytes > self._room:
            return self._scan(part, vector, count)
        array = self._arrays.pop(part, None) or self._load(part, len(vector))
        self._arrays[part] = array  # the one asked for last stands last
        self._make_room()
        return array.nearest(vector, count)

    def forget(self) -> None:
        """Let go of all vectors; they are read again when asked for."""
        self._arrays.clear()
        self._sizes.clear()

    def _refresh(self) -> None:
        seen = (self._records.number("PRAGMA data_version"), self._records.db.total_changes)
        if seen == self._seen or self._records.db.in_transaction:  # what may be rolled back is not kept
            return
        self._seen = seen
        before, number = self._last
        end = self._records.db.execute("SELECT rowid, seq FROM vector ORDER BY rowid DESC LIMIT 1").fetchone() or (0, 0)
        if end[0] - before > _NEWS or not self._still(before, number):
            self.forget()
        elif end[0] > before:
            self._grow(before, end[0])
        self._last = (end[0], end[1])

    def _still(self, row: int, seq: int) -> bool:
        found = self._records.db.execute("SELECT seq FROM vector WHERE rowid = ?", (row,)).fetchone()
        return row == 0 or (found is not None and found[0] == seq)

    def _grow(self, after: int, end: int) -> None:
        news: dict[Part, list[tuple[int, bytes]]] = {}
        for seq, role, person, branch, value in self._records.db.execute(_NEW, (after, end, self._embedder_id)):
            news.setdefault(Part(role, person, branch), []).append((seq, value))
        for part, rows in news.items():
            if part in self._sizes:
                self._sizes[part] += len(rows)
            if part in self._arrays:
                self._arrays[part].extend([seq for seq, _ in rows], b"".join(value for _, value in rows))

    def _make_room(self) -> None:
        held = sum(array.nbytes for array in self._arrays.values())
        while held > self._room and len(self._arrays) > 1:
            held -= self._arrays.pop(next(iter(self._arrays))).nbytes

    def _load(self, part: Part, width: int) -> "_Array":
        array = _Array(self.size(part), width)
        for seqs, values in self._pieces(part):
            array.extend(seqs, values)
        return array

    def _scan(self, part: Part, vector: Vectors, count: int) -> list[Near]:
        best: list[Near] = []
        for seqs, values in self._pieces(part):
            array = _Array(len(seqs), len(vector))
            array.extend(seqs, values)
            best = sorted([*best, *array.nearest(vector, count)], key=_order)[:count]
        return best

    def _rows(self, part: Part) -> list[int]:
        rows = self._records.db.execute(_OWNED, (self._embedder_id, *part, self._last[0]))
        return sorted(row for (row,) in rows)

    def _pieces(self, part: Part) -> Iterator[tuple[list[int], bytes]]:
        """Yield numbers and vectors in the order of the file."""
        rows = self._rows(part)
        for start in range(0, len(rows), _AT_ONCE):
            piece = rows[start : start + _AT_ONCE]
            marks = ",".join(map(str, piece))
            found = self._records.db.execute(f"SELECT seq, value FROM vector WHERE rowid IN ({marks}) ORDER BY rowid")  # noqa: S608 (numbers)
            read = found.fetchall()
            yield [row[0] for row in read], b"".join(row[1] for row in read)


class _Array:
    """Vectors in one piece, with the numbers of their memories; has spare places for more."""

    def __init__(self, places: int, width: int) -> None:
        self._seqs: NDArray[np.int64] = np.zeros(places, dtype=np.int64)
        self._values: Vectors = np.zeros((places, width), dtype=np.float32)
        self._used = 0

    @property
    def nbytes(self) -> int:
        return self._values.nbytes

    def extend(self, seqs: list[int], values: bytes) -> None:
        end = self._used + len(seqs)
        if end > len(self._seqs):
            places = end + end // 8
            self._seqs = np.concatenate([self._seqs, np.zeros(places - len(self._seqs), dtype=np.int64)])
            spare = np.zeros((places - len(self._values), self._values.shape[1]), dtype=np.float32)
            self._values = np.concatenate([self._values, spare])
        self._seqs[self._used : end] = seqs
        self._values[self._used : end] = np.frombuffer(values, dtype=np.float32).reshape(len(seqs), -1)
        self._used = end

    def nearest(self, vector: Vectors, count: int) -> list[Near]:
        with one_thread():
            cosines = self._values[: self._used] @ vector
        best = np.argpartition(-cosines, count - 1)[:count] if 0 < count < self._used else np.arange(self._used)
        found = [(float(cosines[place]), int(self._seqs[place])) for place in best]
        return sorted(found, key=_order)[:count]


def _order(near: Near) -> tuple[float, int]:
    return -near[0], near[1]
