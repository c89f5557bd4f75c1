"""Work that nobody should wait for: vectors that are missing, and the copy of them in Chroma.

One thread with a connection of its own, started when there is work and ended when there is none. Each piece is one
transaction, so a process that is killed in the middle has lost nothing and the next one goes on from there. A file lock
sees to it that of several processes one embeds.
"""

import fcntl
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Final

from company.errors import CompanyError, ProviderError
from company.memory.embedder import Embedder, Vectors
from company.memory.vectors import VectorRecords

_AT_ONCE: Final = 32
_PATIENCE: Final = 5.0

Job = Callable[[VectorRecords, Callable[[], bool]], None]
"""Does its work with these records until it is done or told to stop."""


class Background:
    """Runs jobs over the memory's file, one after another, besides everything else.

    Args:
        file: The SQLite file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stop = Event()
        self._thread: Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether it is at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, jobs: list[Job]) -> None:
        """Begin, unless it is at work."""
        if not self.busy:
            self._stop.clear()
            self._thread = Thread(target=self._run, args=(jobs,), name="memory", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until it is done."""
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """End it after the piece it is at; one that waits for a provider is left to itself and harms nothing."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _run(self, jobs: list[Job]) -> None:
        records = VectorRecords(self._file)
        try:
            for job in jobs:
                job(records, self._stop.is_set)
        finally:
            records.close()


class Embedding:
    """The job that gives a space the vectors it lacks, the oldest memories first.

    Args:
        embedder: Makes the vectors.
        lock: File that the one process at work holds.

    Attributes:
        failure: Why it had to give up the last time, or empty.
    """

    def __init__(self, embedder: Embedder, lock: Path) -> None:
        self._embedder = embedder
        self._lock = lock
        self.failure = ""

    def run(self, records: VectorRecords, stopped: Callable[[], bool]) -> None:
        """Embed until every memory has its vector; at once over when another process is at it."""
        with self._lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._embed(records, stopped)
                self.failure = ""
            except BlockingIOError:
                return
            except CompanyError as error:
                self.failure = str(error)

    def _embed(self, records: VectorRecords, stopped: Callable[[], bool]) -> None:
        after = 0
        while not stopped():
            missing = records.without_vector(self._embedder.id, _AT_ONCE, after=after)
            if not missing:
                records.describe(self._embedder.id, complete=True)
                return
            store(records, self._embedder.id, missing, self._embedder.embed(list(missing.values())))
            after = max(missing)


def store(records: VectorRecords, embedder_id: str, missing: Mapping[int, str], vectors: Vectors) -> None:
    """Keep the vectors of memories, in the order of `missing`.

    Raises:
        ProviderError: They are not as long as those the space has.
    """
    fit(records, embedder_id, vectors)
    records.add_vectors({seq: vector.tobytes() for seq, vector in zip(missing, vectors, strict=True)}, embedder_id)


def fit(records: VectorRecords, embedder_id: str, vectors: Vectors) -> None:
    """See to it that vectors belong to a space; the first ones settle how long those of the space are.

    Raises:
        ProviderError: They are not as long as those the space has.
    """
    width = records.width(embedder_id)
    if not width:
        records.describe(embedder_id, width=vectors.shape[1])
    elif width != vectors.shape[1]:
        raise ProviderError(
            f"{embedder_id} answered with {vectors.shape[1]} numbers, its stored vectors have {width}: the model "
            "behind the name has changed; give its provider another name in company.toml to embed anew"
        )
