"""The roles' long-term memory: records in SQLite, similarity by Chroma, recall by score fusion.

Writing is one transaction with the vector already in it, so what `remember` returned survives a crash, and it never
waits for the index. Reading asks for candidates three ways (shared words, nearest meaning, named subject), reads them
back from the records, which alone decide what the role and the person may see, and scores them by exact cosine, so that
the answer does not depend on who answers similarity.

The methods are coroutines because memory is a port; nothing in them waits for anybody else and no thread is started.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from company.memory.embedder import Embedder, Vectors
from company.memory.index import SharedIndex
from company.memory.item import Kind, MemoryItem, MemoryStatus, Note, Recalled, Source
from company.memory.ranking import POOL, Candidate, rank
from company.memory.records import Records
from company.memory.screen import screened
from company.memory.words import clean, fingerprint, phrases, terms, words
from company.ports import Clock

_CHARACTERS_A_TOKEN: Final = 4
_EMBED_AT_ONCE: Final = 256
_QUERIES_KEPT: Final = 256


class VectorMemory:
    """`Memory` on the state directory: `memory.db` is the truth, `memory-index/` can be deleted at any time.

    Args:
        directory: State directory of the company; created when missing.
        clock: The company's time.
        embedder: Turns texts into vectors; None makes the memory lexical, and `status()` says so.
    """

    def __init__(self, *, directory: Path, clock: Clock, embedder: Embedder | None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._embedder = embedder
        self._records = Records(directory / "memory.db")
        self._index: SharedIndex | None = None
        if embedder is not None:
            self._index = SharedIndex(directory / "memory-index", self._records, embedder.id)
        self._all_embedded = embedder is None
        self._queries: dict[str, Vectors] = {}

    async def remember(
        self,
        role: str,
        text: str,
        *,
        kind: Kind = "episodic",
        person: str = "",
        subject: str = "",
        source: Source = "self",
        trust: int = 2,
        tainted: bool = False,
        sources: Sequence[str] = (),
        importance: float = 0.5,
        run_id: str = "",
    ) -> MemoryItem:
        """Store one memory durably; see `Memory.remember`."""
        note = Note(
            role=role,
            text=text,
            kind=kind,
            person=person,
            subject=subject,
            source=source,
            trust=trust,
            tainted=tainted,
            sources=tuple(sources),
            importance=importance,
            run_id=run_id,
        )
        (item,) = await self.remember_many([note])
        return item

    async def remember_many(self, notes: Sequence[Note]) -> list[MemoryItem]:
        """Store several notes in one transaction, or none of them; see `Memory.remember_many`."""
        kept = [screened(note) for note in notes]
        fresh = list(dict.fromkeys(note.text for note in kept if not self._records.knows(note)))
        vectors = self._embed(fresh)
        return self._records.save(kept, self._clock.now(), vectors=vectors, embedder_id=self._embedder_id)

    async def recall(
        self, role: str, query: str, *, limit: int = 5, person: str | None = None, budget_tokens: int = 600
    ) -> list[Recalled]:
        """Return what the role knows about `query`, the most relevant first; see `Memory.recall`."""
        candidates = self._candidates(role, person or "", clean(query))
        ranked = rank(candidates, now=self._clock.now(), semantic=self._embedder is not None)
        return _within(ranked, limit, budget_tokens * _CHARACTERS_A_TOKEN)

    def browse(
        self, roles: Sequence[str], query: str, *, person: str, limit: int
    ) -> list[tuple[MemoryItem, float | None]]:
        """Return whole memories for a person to read; see `Memory.browse`."""
        if not clean(query):
            return [(item, None) for item in self._records.newest(roles, person, limit)]
        now, semantic = self._clock.now(), self._embedder is not None
        found = [
            pair
            for role in roles
            for pair in rank(self._candidates(role, person, clean(query)), now=now, semantic=semantic)
        ]
        found.sort(key=lambda pair: -pair[1])
        return list(found[:limit])

    def warm(self) -> None:
        """Load the embedder and open the index now, so that the first recall does not pay for it."""
        if self._embedder is not None and self._index is not None:
            self._embedder.load()
            self._embed_missing(self._embedder)
            self._index.open()

    def status(self) -> MemoryStatus:
        """Say how well the memory works."""
        index = self._index.name if self._index is not None else "none"
        return MemoryStatus(
            state="ok" if self._embedder is not None else "degraded: lexical",
            index=index,
            reason=_REASONS[index],
            embedder=self._embedder_id,
            items=self._records.count(),
            pending=self._records.waiting(self._embedder_id),
        )

    def count(self, role: str) -> int:
        """Return how many memories a role has, of all persons."""
        return self._records.count(role)

    def close(self) -> None:
        """Release the files; the memory cannot be used afterwards."""
        if self._index is not None:
            self._index.close()
        self._records.close()

    @property
    def _embedder_id(self) -> str:
        return self._embedder.id if self._embedder is not None else ""

    def _candidates(self, role: str, person: str, query: str) -> list[Candidate]:
        asked = words(query)
        lexical = self._records.matching(role, person, terms(asked), POOL)
        named = set(self._records.about(role, person, phrases(asked), POOL))
        vector, near = self._similar(role, person, query)
        found = self._records.read(role, person, sorted({*lexical, *named, *near}), self._embedder_id)
        return [
            Candidate(item, lexical.get(seq, 0.0), _cosine(vector, value), seq in named) for seq, item, value in found
        ]

    def _similar(self, role: str, person: str, query: str) -> tuple[Vectors | None, list[int]]:
        if self._embedder is None or self._index is None or not query:
            return None, []
        self._embed_missing(self._embedder)
        vector = self._queries.get(query)
        if vector is None:
            vector = self._embedder.embed([query])[0]
            self._queries[query] = vector
            if len(self._queries) > _QUERIES_KEPT:
                del self._queries[next(iter(self._queries))]
        return vector, self._index.nearest(role, person, vector, POOL)

    def _embed(self, texts: Sequence[str]) -> dict[str, bytes]:
        if self._embedder is None or not texts:
            return {}
        return {text: vector.tobytes() for text, vector in zip(texts, self._embedder.embed(texts), strict=True)}

    def _embed_missing(self, embedder: Embedder) -> None:
        """Embed what was remembered without this embedder, a few hundred at a time."""
        if self._all_embedded:
            return
        missing = self._records.without_vector(embedder.id, _EMBED_AT_ONCE)
        vectors = self._embed(list(dict.fromkeys(missing.values())))
        if missing:
            self._records.add_vectors({seq: vectors[text] for seq, text in missing.items()}, embedder.id)
        self._all_embedded = len(missing) < _EMBED_AT_ONCE


_REASONS: Final[Mapping[str, str]] = {
    "chroma": "",
    "exact": "another process owns the index; this one compares with every stored vector",
    "none": "the embedder's weights are not installed; only memories that share words with the question are found",
}


def _cosine(vector: Vectors | None, value: bytes | None) -> float | None:
    if vector is None or value is None:
        return None
    return round(float(vector @ np.frombuffer(value, dtype=np.float32)), 6)


def _within(ranked: Sequence[tuple[MemoryItem, float]], limit: int, characters: int) -> list[Recalled]:
    """Return the best distinct memories that fit; the very best is cut rather than left out."""
    recalled: list[Recalled] = []
    seen: set[str] = set()
    for item, score in ranked:
        text, print_ = item.text, fingerprint(item.text)
        if len(recalled) == limit:
            break
        if not recalled and len(text) > characters:
            text = text[: max(0, characters - 1)] + "…"
        if print_ in seen or len(text) > characters:
            continue
        seen.add(print_)
        characters -= len(text)
        recalled.append(
            Recalled(
                id=item.id,
                text=text,
                kind=item.kind,
                source=item.source,
                at=item.created_at,
                score=score,
                tainted=item.tainted,
                sources=item.sources,
            )
        )
    return recalled
