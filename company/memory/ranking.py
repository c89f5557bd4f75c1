"""How relevant a memory is to a question: score fusion of shared words, meaning, named subject, age and importance.

Fused scores, not fused ranks: on long conversations reciprocal-rank fusion of BM25 and MiniLM finds less than BM25
alone, while 0.6 BM25 + 0.4 cosine finds more than either. Each part is scaled to 0..1 for the question: BM25 by the
best hit, cosine from the noise floor (what unrelated texts reach) to the best, so that two nearly equal candidates stay
nearly equal. Age and importance order what is relevant; they never make anything relevant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from company.memory.item import MemoryItem

POOL: Final = 60  # candidates of each kind, and of those that age and importance may reorder

_LEXICAL: Final = 0.6
_MEANING: Final = 0.4
_NAMED: Final = 0.1
_LEXICAL_ALONE: Final = 1.0
_NAMED_ALONE: Final = 0.2
_RECENT: Final = 0.15
_HALF_LIFE_DAYS: Final = 30.0
_IMPORTANT: Final = 0.10
_NOISE: Final = 0.15


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that may answer the question.

    Attributes:
        item: The memory.
        lexical: BM25 score, 0 when it shares no word with the question.
        cosine: Similarity of meaning, -1..1; None when unknown.
        named: The question names its subject.
    """

    item: MemoryItem
    lexical: float
    cosine: float | None
    named: bool


def rank(candidates: Sequence[Candidate], *, now: datetime, semantic: bool) -> list[tuple[MemoryItem, float]]:
    """Return the relevant candidates with their scores, best first, ties by age of the id.

    Args:
        candidates: Memories the role may see.
        now: Time of the question.
        semantic: Whether there is an embedder; without one shared words weigh all.
    """
    best_lexical = max((each.lexical for each in candidates), default=0.0) or 1.0
    best_cosine = max((each.cosine or 0.0 for each in candidates), default=0.0)
    scored = []
    for each in candidates:
        lexical = each.lexical / best_lexical
        meaning = max(0.0, (each.cosine or 0.0) - _NOISE) / (best_cosine - _NOISE) if best_cosine > _NOISE else 0.0
        if semantic:
            base = _LEXICAL * lexical + _MEANING * meaning + _NAMED * each.named
        else:
            base = _LEXICAL_ALONE * lexical + _NAMED_ALONE * each.named
        if base > 0:
            scored.append((each.item, round(base, 6)))
    scored.sort(key=_order)
    return sorted(((item, round(base + _bonus(item, now), 4)) for item, base in scored[:POOL]), key=_order)


def _bonus(item: MemoryItem, now: datetime) -> float:
    age_days = max(0.0, (now - item.created_at).total_seconds() / 86_400)
    return float(_RECENT * 0.5 ** (age_days / _HALF_LIFE_DAYS) + _IMPORTANT * item.importance)


def _order(scored: tuple[MemoryItem, float]) -> tuple[float, int]:
    item, score = scored
    return -score, int(item.id[1:])
