"""Nearest vectors: exactly for as long as that is faster, by Chroma for the roles that remember most.

Comparing with twenty thousand vectors takes a millisecond and is exact, so Chroma answers only for owners with more.
Whatever it does not hold yet is compared exactly besides, so an answer never waits for it; opening, filling and
rebuilding it happen in the background.

Two processes on one Chroma directory lose vectors without an error, so a file lock names one owner. The others compare
exactly, which gives the same answer. Ownership is asked for at every question: when the owner ends, the next one to ask
takes over. A Chroma server, named in the settings, needs no owner.
"""

import fcntl
import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Final, Literal

import numpy as np

from company.errors import ProviderError
from company.memory.chroma import ChromaIndex
from company.memory.embedder import Vectors
from company.memory.exact import ExactIndex, Near
from company.memory.places import Folder, Place, Server
from company.memory.records import Records
from company.memory.vectors import Part, VectorRecords
from company.memory.visibility import visible

EXACT_BELOW: Final = 20_000
"""Vectors of one owner below which comparing with every one is faster than Chroma."""

_BEHIND: Final = 1_000
"""Vectors that wait before Chroma is filled: in bulk each costs a tenth."""
_GROWTH: Final = 4


class SharedIndex:
    """Similarity of the stored vectors, for any number of processes.

    Args:
        directory: Folder of the index; created when missing.
        records: The truth.
        embedder_id: Whose vectors to compare.
        server: Address of a Chroma server; empty for Chroma in this process.
        exact_below: Vectors of one owner below which Chroma is not asked.
    """

    def __init__(
        self,
        directory: Path,
        records: Records,
        embedder_id: str,
        *,
        server: str = "",
        exact_below: int = EXACT_BELOW,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._records = records
        self._embedder_id = embedder_id
        self._server = server
        self._exact_below = exact_below
        self._lock: IO[str] | None = None
        self._large = False
        self._failure = ""
        self._chroma = ChromaIndex(self._place(embedder_id), embedder_id)
        self._exact = ExactIndex(records, embedder_id)

    @property
    def name(self) -> Literal["chroma", "exact"]:
        """Whether this process has Chroma, or compares exactly only."""
        return "chroma" if self._may_use_chroma() else "exact"

    @property
    def failure(self) -> str:
        """Why Chroma cannot be used, or empty."""
        return self._failure

    @property
    def behind(self) -> bool:
        """Whether there is work for Chroma: a large role it does not answer for, or much that waits."""
        if not self._may_use_chroma():
            return False
        if self._large and not self._chroma.sound:
            return True
        return self._records.waiting(self._embedder_id, _BEHIND) >= _BEHIND

    @property
    def pending(self) -> int:
        """How many vectors wait for Chroma, where Chroma answers."""
        return self._records.waiting(self._embedder_id) if self._large or self._chroma.sound else 0

    def work(self, records: VectorRecords, stopped: Callable[[], bool]) -> None:
        """Open Chroma and bring it up to date; for the thread in the background, with records of its own."""
        try:
            self._chroma.open(records, stopped)
            self._failure = ""
        except ProviderError as error:
            self._failure = str(error)

    def nearest(
        self, role: str, person: str, branch: str, vector: Vectors, limit: int, *, as_of: datetime | None = None
    ) -> list[int]:
        """Return the numbers of the visible memories nearest to the unit vector, the nearest first.

        What is out of use crowds out nothing: as many more are looked at as it takes.
        """
        parts = [part for part in _parts(role, person, branch) if self._exact.size(part)]
        count = limit
        while True:
            found = sorted({near for part in parts for near in self._of(part, vector, count)}, key=_order)
            seen = self._visible(role, person, branch, [seq for _, seq in found], as_of)
            nearest = list(dict.fromkeys(seq for _, seq in found if seq in seen))
            if len(nearest) >= limit or len(found) < count:
                return nearest[:limit]
            count *= _GROWTH

    def rebuild(self) -> None:
        """Throw away what was made of the vectors, of every embedder, so that those of what was erased are nowhere.

        It is built again from the records when it is needed. A directory is removed at once, also when another process
        owns it, which notices and begins anew.

        Raises:
            ProviderError: The Chroma server cannot be reached.
        """
        self._exact.forget()
        self._chroma.close()
        for embedder_id in {self._embedder_id, *self._records.spaces()} - {""}:
            ChromaIndex(self._place(embedder_id), embedder_id).void(self._records)
        for left in self._directory.glob("chroma-*"):  # of an embedder or a setting that is used no more
            shutil.rmtree(left)

    def close(self) -> None:
        """Release the files and the ownership."""
        self._chroma.close()
        self._exact.forget()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _place(self, embedder_id: str) -> Place:
        return Server(self._server, embedder_id) if self._server else Folder(self._directory, embedder_id)

    def _of(self, part: Part, vector: Vectors, count: int) -> list[Near]:
        if self._exact.size(part) < self._exact_below:
            return self._exact.nearest(part, vector, count)
        self._large = True
        if self._chroma.sound and self._chroma.current(self._records):
            try:
                tail = self._tail(part, vector)
                return sorted({*tail, *self._chroma.nearest(part, vector, count)}, key=_order)[:count]
            except ProviderError as error:
                self._failure = str(error)
        else:
            self._chroma.sound = False
        return self._exact.nearest(part, vector, count)

    def _tail(self, part: Part, vector: Vectors) -> list[Near]:
        """What Chroma does not hold yet; read before it is asked, so that nothing is missed in between."""
        seqs, values = self._records.tail(part, self._embedder_id)
        if not seqs:
            return []
        cosines = np.frombuffer(values, dtype=np.float32).reshape(len(seqs), -1) @ vector
        return list(zip(cosines.tolist(), seqs, strict=True))

    def _visible(self, role: str, person: str, branch: str, seqs: list[int], as_of: datetime | None) -> set[int]:
        condition, arguments = visible(role, person, branch=branch, as_of=as_of)
        rows = self._records.db.execute(
            f"SELECT seq FROM memory WHERE seq IN (SELECT value FROM json_each(:seqs)) AND {condition}",  # noqa: S608 (constants only)
            arguments | {"seqs": json.dumps(seqs)},
        )
        return {row["seq"] for row in rows}

    def _may_use_chroma(self) -> bool:
        return bool(self._server) or self._owns()

    def _owns(self) -> bool:
        if self._lock is None:
            lock = (self._directory / "owner.lock").open("a")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
            else:
                self._lock = lock
        return self._lock is not None


def _parts(role: str, person: str, branch: str) -> list[Part]:
    """Return the owners whose memories a reader sees."""
    owners = [Part(of, whose, arm) for of in (role, "*") for whose in ("", person) for arm in ("", branch)]
    return list(dict.fromkeys(owners))


def _order(near: Near) -> tuple[float, int]:
    return -near[0], near[1]
