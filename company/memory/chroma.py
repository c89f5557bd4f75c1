"""The vectors in Chroma: an index that can be thrown away, never the truth.

Chroma embeds nothing here and holds only vectors, ids and whom each belongs to. A filter costs in proportion to what
passes it, many times a plain query, so each role has two collections: the company's memories, never filtered, and those
of persons and of arms of experiments, filtered by the one who is asking.

What was committed reaches Chroma through the outbox, in bulk and in the background, so neither writing nor asking waits
for it and a crash in between is healed by the next look. When Chroma cannot open its collections, holds another number
of vectors than it should or does not find those it is asked for, a new generation is built from the records in a fresh
place and the old one is removed. The place is a directory, used by one process only (`index` sees to that), or a Chroma
server, which many processes may use.
"""

import re
import time
from collections.abc import Callable
from hashlib import sha256
from threading import Lock
from typing import Any, Final

import numpy as np

from company.errors import ProviderError
from company.memory.embedder import Vectors
from company.memory.exact import Near
from company.memory.places import Place, troubles
from company.memory.vectors import Part, VectorRecords

_BATCH: Final = 25
_PAUSE: Final = 0.03
"""Seconds between two batches: Chroma lets no other thread run while it takes one."""
_SAMPLE: Final = 20
_SAME: Final = 1e-3
"""Cosine distance at which a vector counts as the one that was asked for."""
# one thread and a fixed order of insertion: the same history gives the same graph; a wide search makes it near exact
_HNSW: Final = {"space": "cosine", "num_threads": 1, "ef_construction": 200, "ef_search": 200}


class ChromaIndex:
    """Chroma over the vectors of one embedder.

    `open`, `fill` and `void` belong to the thread that does the work in the background; `nearest` may be asked by
    another one meanwhile.

    Args:
        place: Where its generations are.
        embedder_id: Whose vectors it holds.

    Attributes:
        sound: It is open, and was found to hold what it should.
    """

    def __init__(self, place: Place, embedder_id: str) -> None:
        self._place = place
        self._embedder_id = embedder_id
        self._client: Any = None
        self._generation = 0
        self._collections: dict[tuple[str, bool], Any] = {}
        self._changing = Lock()
        self.sound = False

    def open(self, records: VectorRecords, stopped: Callable[[], bool]) -> None:
        """Open the valid generation and bring it up to date; build a new one when it is broken.

        Raises:
            ProviderError: It cannot be built either.
        """
        if not (self.sound and self.current(records)):
            self.sound = False
            try:
                self._connect(records.generation(self._place.index or self._embedder_id))
                self.fill(records, stopped)
                self.sound = self._agrees(records)
            except troubles():
                pass  # what is broken is built anew
            if not self.sound:
                self._renew(records, stopped)
        self.fill(records, stopped)

    def current(self, records: VectorRecords) -> bool:
        """Return whether no other process has declared this generation void."""
        return self._generation == records.generation(self._place.index or self._embedder_id)

    def void(self, records: VectorRecords) -> int:
        """Throw the valid generation away, files and all; return the number of the next one, which is empty.

        Raises:
            ProviderError: The old one cannot be removed.
        """
        self.close()
        index = self._place.index or self._embedder_id
        old = records.generation(index)
        try:
            self._place.remove(old)  # what cannot be removed stays the valid one
            number = records.begin_generation(self._embedder_id, index=index, number=self._place.next_number())
            self._place.remove(old)  # what another process made of it meanwhile
        except troubles() as error:
            raise ProviderError(f"the vectors in Chroma cannot be removed: {error}", retryable=True) from error
        return number

    def fill(self, records: VectorRecords, stopped: Callable[[], bool]) -> None:
        """Copy what waits in the outbox until nothing does, or until told to stop."""
        while not stopped() and (waiting := records.pending(self._embedder_id, _BATCH)):
            parts: dict[tuple[str, bool], list[tuple[int, str, bytes]]] = {}
            for seq, part, value in waiting:
                parts.setdefault((part.role, part.private), []).append((seq, _owner(part), value))
            for (role, private), rows in parts.items():
                self._collection(role, private).upsert(
                    ids=[str(seq) for seq, _, _ in rows],
                    embeddings=[np.frombuffer(value, dtype=np.float32) for _, _, value in rows],
                    metadatas=[{"owner": owner} for _, owner, _ in rows],
                )
            records.settle(self._embedder_id, [each.seq for each in waiting])
            time.sleep(_PAUSE)

    def nearest(self, part: Part, vector: Vectors, count: int) -> list[Near]:
        """Return the owner's memories nearest to the unit vector, whatever their status, the nearest first.

        Raises:
            ProviderError: Chroma cannot answer; it is not sound any more.
        """
        filters = {"where": {"owner": _owner(part)}} if part.private else {}
        try:
            with self._changing:
                found = self._collection(part.role, part.private).query(
                    query_embeddings=[vector], n_results=count, include=["distances"], **filters
                )
        except troubles() as error:
            self.sound = False
            raise ProviderError(f"Chroma cannot answer: {type(error).__name__}: {error}", retryable=True) from error
        return [(1 - distance, int(seq)) for distance, seq in zip(found["distances"][0], found["ids"][0], strict=True)]

    def close(self) -> None:
        """Release it; what waits in the outbox is copied the next time."""
        self.sound = False
        with self._changing:
            self._disconnect()

    def _connect(self, generation: int) -> None:
        with self._changing:
            self._disconnect()
            self._client = self._place.connect(generation)
            self._generation = generation

    def _disconnect(self) -> None:
        self._collections.clear()
        client, self._client = self._client, None
        if client is not None:
            self._place.release(client)

    def _renew(self, records: VectorRecords, stopped: Callable[[], bool]) -> None:
        try:
            self._connect(self.void(records))
            self.fill(records, stopped)
            self.sound = self._agrees(records)
        except troubles() as error:
            raise ProviderError(f"Chroma cannot be used: {type(error).__name__}: {error}", retryable=True) from error
        if not self.sound:
            raise ProviderError("Chroma lost vectors while they were copied into it; check its disk", retryable=True)

    def _collection(self, role: str, private: bool) -> Any:
        key = role, private
        if key not in self._collections:
            self._collections[key] = self._client.get_or_create_collection(
                self._place.collection(self._generation, _name(role, private)),
                embedding_function=None,
                configuration={"hnsw": _HNSW},
            )
        return self._collections[key]

    def _agrees(self, records: VectorRecords) -> bool:
        return all(
            self._collection(*key).count() == len(seqs) and self._finds(key, seqs, records)
            for key, seqs in records.indexed(self._embedder_id).items()
        )

    def _finds(self, key: tuple[str, bool], seqs: list[int], records: VectorRecords) -> bool:
        """Return whether a sample of the stored vectors is found by itself: Chroma may count what it cannot find."""
        sample = seqs[:: max(1, len(seqs) // _SAMPLE)]
        vectors = [np.frombuffer(records.value(self._embedder_id, seq), dtype=np.float32) for seq in sample]
        found = self._collection(*key).query(query_embeddings=vectors, n_results=1, include=["distances"])
        return all(distances and distances[0] < _SAME for distances in found["distances"])


def _owner(part: Part) -> str:
    return f"{part.person}\n{part.branch}"


def _name(role: str, private: bool) -> str:
    """Return a collection name within Chroma's alphabet: readable, and distinct for each role."""
    readable = re.sub(r"[^a-z0-9]+", "-", role.lower()).strip("-")[:40]
    return f"{'private' if private else 'company'}-{readable}-{sha256(role.encode()).hexdigest()[:8]}"
