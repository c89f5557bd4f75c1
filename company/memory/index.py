"""Nearest vectors: by Chroma in the process that owns the directory, by numpy in every other.

Two processes on one Chroma directory lose vectors without an error, so a file lock names one owner. The others compare
with every stored vector, which gives the same answer, only slower once there are many. Ownership is asked for at every
question: when the owner ends, the next one to ask takes over.
"""

import fcntl
from pathlib import Path
from typing import IO, Literal

import numpy as np

from company.memory.chroma import ChromaIndex
from company.memory.embedder import Vectors
from company.memory.records import Records


class SharedIndex:
    """Similarity of the stored vectors, for any number of processes.

    Args:
        directory: Folder of the index; created when missing.
        records: The truth.
        embedder_id: Whose vectors to compare.
    """

    def __init__(self, directory: Path, records: Records, embedder_id: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._lock_file = directory / "owner.lock"
        self._lock: IO[str] | None = None
        self._chroma = ChromaIndex(directory, records, embedder_id)
        self._exact = ExactIndex(records, embedder_id)

    @property
    def name(self) -> Literal["chroma", "exact"]:
        """Who answers now."""
        return "chroma" if self._owns() else "exact"

    def open(self) -> None:
        """Get ready now instead of at the first question."""
        if self._owns():
            self._chroma.open()

    def nearest(self, role: str, person: str, vector: Vectors, limit: int) -> list[int]:
        """Return the numbers of the visible memories nearest to the unit vector, the nearest first."""
        answering = self._chroma if self._owns() else self._exact
        return answering.nearest(role, person, vector, limit)

    def close(self) -> None:
        """Release the files and the ownership."""
        self._chroma.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _owns(self) -> bool:
        if self._lock is None:
            lock = self._lock_file.open("a")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
            else:
                self._lock = lock
        return self._lock is not None


class ExactIndex:
    """Compares with every visible vector: no state of its own, under 10 ms for a thousand."""

    def __init__(self, records: Records, embedder_id: str) -> None:
        self._records = records
        self._embedder_id = embedder_id

    def nearest(self, role: str, person: str, vector: Vectors, limit: int) -> list[int]:
        """Return the numbers of the visible memories nearest to the unit vector, the nearest first."""
        seqs, values = self._records.vectors(role, person, self._embedder_id)
        similarity = np.frombuffer(values, dtype=np.float32).reshape(len(seqs), -1) @ vector if seqs else np.zeros(0)
        return [seqs[place] for place in np.argsort(-similarity, kind="stable")[:limit]]
