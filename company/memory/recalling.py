"""Recall: candidates asked for three ways, read back from the records, scored by fusion, inside a budget.

The records alone decide what the role and the person may see, and cosine is computed from the stored vectors, so that
the answer does not depend on who answers similarity.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import numpy as np

from company.memory.asking import Question
from company.memory.embedder import Vectors
from company.memory.item import Recalled
from company.memory.lexical import Lexical, Reader, Shared
from company.memory.ranking import POOL, Candidate, Found, rank
from company.memory.records import Records
from company.memory.similarity import Similarity
from company.memory.words import clean, fingerprint
from company.ports import Clock

_CHARACTERS_A_TOKEN: Final = 4
_REPLIED: Final = 20  # of the nearest, whose replies may be the answer


class Recalling:
    """Finds what a role knows.

    Args:
        records: The truth.
        similarity: Similarity of meaning.
        clock: The company's time.
    """

    def __init__(self, records: Records, similarity: Similarity, clock: Clock) -> None:
        self._records = records
        self._lexical = Lexical(records)
        self._similarity = similarity
        self._clock = clock

    def ranked(
        self, role: str, query: str, *, person: str = "", branch: str = "", as_of: datetime | None = None
    ) -> list[Found]:
        """Return everything visible that is relevant to the query, the most relevant first.

        Args:
            role: Whose memory to search, besides what all roles share.
            query: What to look for, in plain words.
            person: Who is being talked to; empty when nobody is.
            branch: Arm of a persona experiment; empty for none.
            as_of: Search what held at this time; None means what holds now.
        """
        question = Question(clean(query))
        reader = Reader(role, person, branch, as_of)
        shared = self._lexical.shared(reader, question.terms, POOL)
        candidates = self._candidates(reader, question, shared)
        now = as_of or self._clock.now()
        return rank(candidates, question, whole=shared.whole, now=now, semantic=bool(self._similarity.id))

    def recall(
        self,
        role: str,
        query: str,
        *,
        limit: int,
        person: str,
        budget_tokens: int,
        branch: str = "",
        as_of: datetime | None = None,
    ) -> list[Recalled]:
        """Return the best distinct memories that fit into the budget; see `Memory.recall`."""
        ranked = self.ranked(role, query, person=person, branch=branch, as_of=as_of)
        return _within(ranked, limit, budget_tokens * _CHARACTERS_A_TOKEN)

    def _candidates(self, reader: Reader, question: Question, shared: Shared) -> list[Candidate]:
        named = self._lexical.about(reader, question.subjects, POOL)
        vector = self._meaning(question)
        near = [] if vector is None else self._nearest(reader, vector)
        replies = self._beside(near[:_REPLIED], "after")
        found = self._records.read(
            reader.role,
            reader.person,
            sorted({*shared.alone, *shared.around, *named, *near, *replies.values()}),
            self._similarity.id,
            branch=reader.branch,
            as_of=reader.as_of,
        )
        before = self._beside([seq for seq, _, _ in found], "before")
        return [
            Candidate(
                item=item,
                alone=shared.alone.get(seq, 0.0),
                around=shared.around.get(seq, 0.0),
                cosine=_cosine(vector, value),
                follows=before.get(seq, 0),
            )
            for seq, item, value in found
        ]

    def _meaning(self, question: Question) -> Vectors | None:
        """Return the mean of the question's wordings, a unit vector."""
        vectors = [vector for each in question.wordings if (vector := self._similarity.query(each)) is not None]
        if len(vectors) < 2:
            return vectors[0] if vectors else None
        mean = np.add(*vectors)
        return np.divide(mean, np.linalg.norm(mean), dtype=np.float32)

    def _nearest(self, reader: Reader, vector: Vectors) -> list[int]:
        return self._similarity.nearest(reader.role, reader.person, reader.branch, vector, POOL, as_of=reader.as_of)

    def _beside(self, seqs: Sequence[int], side: Literal["before", "after"]) -> dict[int, int]:
        """Return the numbers of what was said just before or just after the memories."""
        rows = self._records.db.execute(
            f"SELECT seq, {side} AS other FROM memory_beside "  # noqa: S608 (constants only)
            f"WHERE seq IN (SELECT value FROM json_each(?)) AND {side} IS NOT NULL",
            (json.dumps(seqs),),
        )
        return {row["seq"]: row["other"] for row in rows}


def _cosine(vector: Vectors | None, value: bytes | None) -> float | None:
    if vector is None or value is None:
        return None
    return round(float(vector @ np.frombuffer(value, dtype=np.float32)), 6)


def _within(ranked: Sequence[Found], limit: int, characters: int) -> list[Recalled]:
    """Return the best distinct memories that fit; the very best is cut rather than left out."""
    recalled: list[Recalled] = []
    seen: set[str] = set()
    for found in ranked:
        text, print_ = found.item.text, fingerprint(found.item.text)
        if len(recalled) == limit:
            break
        if not recalled and len(text) > characters:
            text = text[: max(0, characters - 1)] + "…"
        if print_ in seen or len(text) > characters:
            continue
        seen.add(print_)
        characters -= len(text)
        recalled.append(_recalled(found, text))
    return recalled


def _recalled(found: Found, text: str) -> Recalled:
    item = found.item
    return Recalled(
        id=item.id,
        text=text,
        kind=item.kind,
        source=item.source,
        at=item.created_at,
        score=found.score,
        tainted=item.tainted,
        sources=item.sources,
        trust=item.trust,
        valid_from=item.valid_from,
        parts=found.parts,
    )
