"""How relevant a memory is to a question: a sum of parts, each of which says by name what it gave.

What decides are four parts: the words of the text, the words of the text with those beside it, meaning, and whether the
question names its subject or its speaker. They are fused by score, not by rank: on long conversations reciprocal-rank
fusion of BM25 and MiniLM finds less than BM25 alone, while their weighted sum finds more than either. Each is scaled to
0..1 for the question. BM25 is scaled by what a text with every word of the question would reach, so that a text with
one word of five counts as a fifth and not as the best there is; without that, shared words that say little bury the
paraphrases. Cosine is scaled from the noise floor (what unrelated texts reach) to the best. What replies to a question
that matches gets a share of its match.

The other parts order what is relevant and never make anything relevant: whether a text has the kind of answer that is
asked for, was said at the time that is named, says something rather than asks, is new, is important. A fact with a key
comes before everything when the question names its subject and its predicate: similarity cannot tell which value of a
key is the current one, and only that one is among the candidates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from company.memory.asking import Question, asking, speaker
from company.memory.item import MemoryItem
from company.memory.records import number_of
from company.memory.words import subject_key

POOL: Final = 40
"""Candidates of each kind, and of those that the lesser parts may reorder."""

_WITH_MODEL: Final = {"words": 0.25, "around": 0.35, "meaning": 0.40, "subject": 0.10}
_WITHOUT: Final = {"words": 0.4, "around": 0.6, "meaning": 0.0, "subject": 0.20}
# the weights above are those of reference measurements on long conversations; the ones below were chosen on
# tests/bench/talks/chosen_on_* and tests/bench/paraphrases/chosen_on.txt, where they lie on a plateau
_STRETCH: Final = 4  # the best text counts as a quarter at least
_REPLY: Final = 0.3
_NOISE: Final = 0.15
_ASKED_FACT: Final = 1.0
_OTHER_FACT: Final = 0.3
_IN_KIND: Final = 0.2
_DATED: Final = 0.15
_ASKS: Final = 0.2
_SAYS: Final = 0.1
_SAYS_ENOUGH: Final = 18  # words
_RECENT: Final = 0.15
_HALF_LIFE_DAYS: Final = 30.0
_IMPORTANT: Final = 0.10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that may answer the question.

    Attributes:
        item: The memory.
        alone: BM25 score of its text, 0 when it shares no word with the question.
        around: BM25 score of its text with those beside it.
        cosine: Similarity of meaning, -1..1; None when unknown.
        follows: Number of the memory said just before it; 0 for none.
    """

    item: MemoryItem
    alone: float = 0.0
    around: float = 0.0
    cosine: float | None = None
    follows: int = 0

    @property
    def seq(self) -> int:
        """Its number."""
        return number_of(self.item.id)

    @property
    def meaning(self) -> float:
        """How far its similarity stands above what unrelated texts reach."""
        return max(0.0, (self.cosine or 0.0) - _NOISE)


@dataclass(frozen=True, slots=True)
class Found:
    """A memory that answers a question.

    Attributes:
        item: The memory.
        score: Fused relevance, comparable only within one answer.
        parts: The parts of the score by name.
    """

    item: MemoryItem
    score: float
    parts: Mapping[str, float]


def rank(
    candidates: Sequence[Candidate], question: Question, *, whole: float, now: datetime, semantic: bool
) -> list[Found]:
    """Return the relevant candidates, best first, ties by age of the id.

    Args:
        candidates: Memories the role may see.
        question: What is asked.
        whole: About the BM25 score of a text that has every word of the question.
        now: Time of the question.
        semantic: Whether there is an embedder; without one shared words weigh all.
    """
    weights = _WITH_MODEL if semantic else _WITHOUT
    matched = _matched(candidates, weights, whole)
    asked = {each.seq for each in candidates if each.item.text.rstrip().endswith("?")}
    found = []
    for each in candidates:
        parts = matched[each.seq] | _named(each.item, question, weights["subject"])
        if each.follows in asked:
            parts["reply"] = _REPLY * (matched[each.follows]["words"] + matched[each.follows]["meaning"])
        if any(parts.values()):
            found.append(_found(each.item, parts))
    relevant = sorted(found, key=_order)[:POOL]
    return sorted(
        (_found(each.item, {**each.parts, **_lesser(each.item, question, now)}) for each in relevant), key=_order
    )


def _matched(
    candidates: Sequence[Candidate], weights: Mapping[str, float], whole: float
) -> dict[int, dict[str, float]]:
    best_alone = max((each.alone for each in candidates), default=0.0)
    best_around = max((each.around for each in candidates), default=0.0)
    best_meaning = max((each.meaning for each in candidates), default=0.0)
    return {
        each.seq: {
            "words": weights["words"] * each.alone / _full(best_alone, whole),
            "around": weights["around"] * each.around / _full(best_around, whole),
            "meaning": weights["meaning"] * each.meaning / (best_meaning or 1.0),
        }
        for each in candidates
    }


def _full(best: float, whole: float) -> float:
    """Return the BM25 score that counts as 1; BM25 tells little in a memory of a few texts, where the best must do."""
    return max(best, min(whole, _STRETCH * best)) or 1.0


def _named(item: MemoryItem, question: Question, weight: float) -> dict[str, float]:
    subject = bool(item.subject) and subject_key(item.subject) in question.subjects
    if subject and item.predicate:
        return {"subject": weight, "fact": _ASKED_FACT if question.states(item.predicate) else _OTHER_FACT}
    return {"subject": weight if subject or question.names(speaker(item.text)) else 0.0}


def _lesser(item: MemoryItem, question: Question, now: datetime) -> dict[str, float]:
    age_days = max(0.0, (now - item.created_at).total_seconds() / 86_400)
    return {
        "answer": _IN_KIND * question.answered_in_kind(item.text),
        "date": _DATED * question.dated(item.valid_from or item.created_at),
        "asks": -_ASKS * asking(item.text),
        "says": _SAYS * min(1.0, len(item.text.split()) / _SAYS_ENOUGH),
        "recency": _RECENT * 0.5 ** (age_days / _HALF_LIFE_DAYS),
        "importance": _IMPORTANT * item.importance,
    }


def _found(item: MemoryItem, parts: Mapping[str, float]) -> Found:
    return Found(item, round(sum(parts.values()), 4), {name: round(part, 4) for name, part in parts.items() if part})


def _order(found: Found) -> tuple[float, int]:
    return -found.score, number_of(found.item.id)
