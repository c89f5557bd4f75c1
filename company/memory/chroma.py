"""The vectors in Chroma: an index that can be thrown away, never the truth.

Chroma embeds nothing here and holds only vectors, ids and the person each belongs to. A filter costs in proportion to
what passes it, many times a plain query, so each role has two collections: the company's memories, never filtered, and
those of persons, filtered by the one who is asking. Only one process may use the folder; `index` sees to that.

What was committed reaches Chroma through the outbox, in bulk before the next query, so writing never waits for it and
a crash in between is healed by the next query. When Chroma cannot open its directory or holds another number of
vectors than it should, a new generation is built from the records in a fresh directory and the old one is removed.
"""

import re
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from company.errors import ProviderError
from company.memory.embedder import Vectors
from company.memory.records import Records

_BATCH: Final = 500
# one thread and a fixed order of insertion: the same history gives the same graph; a wide search makes it near exact
_HNSW: Final = {"space": "cosine", "num_threads": 1, "ef_construction": 200, "ef_search": 200}


class ChromaIndex:
    """Chroma over the vectors of one embedder.

    Args:
        directory: Folder of all generations.
        records: The truth.
        embedder_id: Whose vectors it holds.
    """

    def __init__(self, directory: Path, records: Records, embedder_id: str) -> None:
        self._directory = directory
        self._records = records
        self._embedder_id = embedder_id
        self._client: Any = None
        self._collections: dict[tuple[str, bool], Any] = {}

    def open(self) -> None:
        """Open the valid generation and bring it up to date; build a new one when it is broken."""
        if self._client is not None:
            return
        from chromadb.errors import ChromaError

        try:
            self._connect(self._records.generation(self._embedder_id))
            self._drain()
            sound = self._agrees()
        except ChromaError:
            sound = False
        if not sound:
            self._renew()

    def nearest(self, role: str, person: str, vector: Vectors, limit: int) -> list[int]:
        """Return the numbers of the visible memories nearest to the unit vector, the nearest first."""
        self.open()
        from chromadb.errors import ChromaError

        try:
            self._drain()
            return self._query(role, person, vector, limit)
        except ChromaError:
            self._renew()
            return self._query(role, person, vector, limit)

    def close(self) -> None:
        """Bring an open index up to date and release it; one never opened leaves its outbox for the next time."""
        try:
            if self._client is not None:
                self._drain()
        finally:
            self._disconnect()

    def _connect(self, generation: int) -> None:
        from chromadb import PersistentClient
        from chromadb.config import Settings

        path = self._directory / f"{self._prefix}{generation}"
        self._client = PersistentClient(path=path, settings=Settings(anonymized_telemetry=False))

    def _disconnect(self) -> None:
        self._collections.clear()
        if self._client is not None:
            self._client.close()
            self._client = None

    def _drain(self) -> None:
        while waiting := self._records.pending(self._embedder_id, _BATCH):
            parts: dict[tuple[str, bool], list[tuple[int, str, bytes]]] = {}
            for seq, role, person, value in waiting:
                parts.setdefault((role, person != ""), []).append((seq, person, value))
            for (role, personal), rows in parts.items():
                self._collection(role, personal).upsert(
                    ids=[str(seq) for seq, _, _ in rows],
                    embeddings=[np.frombuffer(value, dtype=np.float32) for _, _, value in rows],
                    metadatas=[{"person": person} for _, person, _ in rows],
                )
            self._records.settle(self._embedder_id, [seq for seq, *_ in waiting])

    def _query(self, role: str, person: str, vector: Vectors, limit: int) -> list[int]:
        found = self._search(self._collection(role, False), vector, limit)
        if person:
            found += self._search(self._collection(role, True), vector, limit, where={"person": person})
        return [seq for _, seq in sorted(found)[:limit]]

    def _search(self, collection: Any, vector: Vectors, limit: int, **filters: Any) -> list[tuple[float, int]]:
        found = collection.query(query_embeddings=[vector], n_results=limit, include=["distances"], **filters)
        return [(distance, int(seq)) for distance, seq in zip(found["distances"][0], found["ids"][0], strict=True)]

    def _collection(self, role: str, personal: bool) -> Any:
        key = role, personal
        if key not in self._collections:
            self._collections[key] = self._client.get_or_create_collection(
                _name(role, personal), embedding_function=None, configuration={"hnsw": _HNSW}
            )
        return self._collections[key]

    def _agrees(self) -> bool:
        expected = self._records.indexed(self._embedder_id)
        return all(self._collection(*part).count() == vectors for part, vectors in expected.items())

    def _renew(self) -> None:
        self._disconnect()
        generation = self._records.begin_generation(self._embedder_id)
        for old in sorted(self._directory.glob(f"{self._prefix}*")):
            shutil.rmtree(old)
        self._connect(generation)
        self._drain()
        if not self._agrees():
            raise ProviderError(f"Chroma lost vectors while they were copied into {self._directory}; check the disk")

    @property
    def _prefix(self) -> str:
        return f"chroma-{sha256(self._embedder_id.encode()).hexdigest()[:8]}-"


def _name(role: str, personal: bool) -> str:
    """Return a collection name within Chroma's alphabet: readable, and distinct for each role."""
    readable = re.sub(r"[^a-z0-9]+", "-", role.lower()).strip("-")[:40]
    return f"{'persons' if personal else 'company'}-{readable}-{sha256(role.encode()).hexdigest()[:8]}"
