"""The roles' long-term memory: a thin front over writing, recalling and similarity, all on one `Records`.

Writing is one transaction with the vector already in it, so what `remember` returned survives a crash, and it never
waits for the index. The methods are coroutines because memory is a port, and because an embedder may have to be asked
over the network; that is waited for before anything is read or written.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from company.memory.asking import Question
from company.memory.embedder import Embedder
from company.memory.item import Browsed, Kind, MemoryItem, MemoryStatus, Note, Recalled, Status
from company.memory.keeping.past import Past
from company.memory.recalling import Recalling
from company.memory.records import Records
from company.memory.screen import screened
from company.memory.similarity import DEFAULT, Similarity, SimilaritySetup
from company.memory.words import clean, terms, words
from company.memory.writing import Writing
from company.ports import Clock

_LOOKED_THROUGH: Final = 500
"""Memories that are out of use or wait, of which those that share a word are found."""


class ComposedMemory:
    """`Memory` made of its parts, wherever they keep what they know.

    Args:
        records: The truth.
        similarity: Similarity of meaning.
        clock: The company's time.

    Attributes:
        records: The truth.
        similarity: Similarity of meaning.
        past: How each memory stood before it was changed.
        recalling: The read path.
        writing: The write path.
    """

    def __init__(self, records: Records, similarity: Similarity, clock: Clock) -> None:
        self.records = records
        self.similarity = similarity
        self.past = Past(records, clock)
        self.recalling = Recalling(records, similarity, clock)
        self.writing = Writing(records, similarity, clock)

    async def remember(self, role: str, text: str, **fields: Any) -> MemoryItem:
        """Store one memory durably, with fields of `Note`; see `Memory.remember`."""
        (item,) = await self.remember_many([Note(role=role, text=text, **fields)])
        return item

    async def remember_many(self, notes: Sequence[Note]) -> list[MemoryItem]:
        """Store several notes in one transaction, or none of them; see `Memory.remember_many`."""
        await self.similarity.prepare([screened(note).text for note in notes])
        return self.writing.write(notes)

    async def recall(
        self,
        role: str,
        query: str,
        *,
        limit: int = 5,
        person: str | None = None,
        budget_tokens: int = 600,
        branch: str = "",
        as_of: datetime | None = None,
    ) -> list[Recalled]:
        """Return what the role knows about `query`, the most relevant first; see `Memory.recall`."""
        await self.similarity.prepare(Question(clean(query)).wordings)
        return self.recalling.recall(
            role,
            query,
            limit=limit,
            person=person or "",
            budget_tokens=budget_tokens,
            branch=branch,
            as_of=as_of,
        )

    def browse(
        self,
        roles: Sequence[str],
        query: str,
        *,
        person: str,
        limit: int,
        kind: Kind | None = None,
        status: Status = "active",
    ) -> list[Browsed]:
        """Return whole memories for a person to read; see `Memory.browse`."""
        asked = clean(query)
        if not asked:
            return [Browsed(item=item) for item in self.records.newest(roles, person, limit, kind=kind, status=status)]
        if status != "active":
            out_of_use = self.records.newest(roles, person, _LOOKED_THROUGH, kind=kind, status=status)
            wanted = set(terms(words(asked)))
            return [Browsed(item=item) for item in out_of_use if wanted & set(words(item.text))][:limit]
        found = [found for role in roles for found in self.recalling.ranked(role, asked, person=person)]
        best: dict[str, Browsed] = {}
        for each in sorted(found, key=lambda each: -each.score):
            if kind in (None, each.item.kind):  # a shared one is found with every role
                best.setdefault(each.item.id, Browsed(item=each.item, score=each.score, parts=each.parts))
        return list(best.values())[:limit]

    def get(self, id: str) -> MemoryItem:
        """Return one memory, whatever its status; see `Memory.get`."""
        return self.writing.get(id)

    def history(self, id: str) -> list[MemoryItem]:
        """Return all values the key of a memory ever had; see `Memory.history`."""
        return self.writing.history(id)

    def decide(self, id: str, accept: bool, person: str) -> MemoryItem:
        """Let a person accept or refuse a proposal; see `Memory.decide`."""
        return self.writing.decide(id, accept, person)

    def share(self, id: str) -> MemoryItem:
        """Give a role's memory to all roles; see `Memory.share`."""
        return self.writing.share(id)

    def warm(self) -> None:
        """Load the embedder and open the index now, so that the first recall does not pay for it."""
        self.similarity.warm()

    def status(self) -> MemoryStatus:
        """Say how well the memory works."""
        return self.similarity.status()

    def count(self, role: str) -> int:
        """Return how many memories a role has, of all persons."""
        return self.records.count(role)

    def close(self) -> None:
        """Release the files; the memory cannot be used afterwards."""
        self.similarity.close()
        self.records.close()


class VectorMemory(ComposedMemory):
    """`Memory` on the state directory: `memory.db` is the truth, `memory-index/` can be deleted at any time.

    Args:
        directory: State directory of the company; created when missing.
        clock: The company's time.
        embedder: Turns texts into vectors; None makes the memory lexical, and `status()` says so.
        setup: How similarity is found, apart from the embedder.
    """

    def __init__(
        self, *, directory: Path, clock: Clock, embedder: Embedder | None, setup: SimilaritySetup = DEFAULT
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        records = Records(directory / "memory.db")
        super().__init__(records, Similarity(directory, records, embedder, setup), clock)
