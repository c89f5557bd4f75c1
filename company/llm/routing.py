"""Finds the handle whose sample is nearest to a request.

Similarity is the cosine of two vectors at once: words, and three-letter pieces of words (so that "positions" is near to
"position" and a typo does not matter). Both are weighted by rarity over all samples (inverse document frequency), so
"what is the" counts little and a word no sample knows counts most, which keeps "what is the capital of France" away
from "what is the value at risk". No randomness, no model, no word list: the samples in the role files are all it knows.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from company.llm.slots import MASK, NUMBER, masked, missing_slots, names_word, read_slots
from company.roles import Handle, Role

NEAR = 0.35
"""Least similarity, 0 to 1, at which a request counts as meant by a sample."""

_WORD_SHARE = 0.45
_VAGUE = 0.15  # a number alone says little: any sentence may hold one
_WORD = re.compile(r"[^\W_]+")
_SHORT = {"'s": " is", "'re": " are", "n't": " not", "'ve": " have", "'ll": " will", "'m": " am"}

Vector = dict[str, float]


@dataclass(frozen=True, slots=True)
class Match:
    """A request and the handle that answers it.

    Attributes:
        role: Whose handle it is.
        handle: The handle.
        path: Where it stands in the role's file: `handles[2]`.
        similarity: 0 to 1.
        slots: Values read from the request; None for what is not in it.
    """

    role: Role
    handle: Handle
    path: str
    similarity: float
    slots: dict[str, Any]

    @property
    def missing(self) -> list[str]:
        """Slots the handle cannot do without and the request does not give."""
        return missing_slots(self.handle, self.slots)


@dataclass(frozen=True, slots=True)
class _Candidate:
    role: Role
    handle: Handle
    path: str
    samples: tuple[tuple[Vector, Vector], ...]


class Router:
    """Knows the samples of all roles.

    Args:
        roles: Roles by id; of two handles that are equally near, the one that comes first is taken.
    """

    def __init__(self, roles: Mapping[str, Role]) -> None:
        places = [
            (role, handle, f"handles[{number}]")
            for role in roles.values()
            for number, handle in enumerate(role.handles)
        ]
        texts = [[masked(handle, sample) for sample in handle.say] for _, handle, _ in places]
        every = [text for samples in texts for text in samples]
        self._words = _Rarity(_words(text) for text in every)
        self._pieces = _Rarity(_pieces(text) for text in every)
        self._candidates = [
            _Candidate(*place, tuple(self._vectors(text) for text in samples))
            for place, samples in zip(places, texts, strict=True)
        ]

    def nearest(self, request: str, *, role: str = "", known: Mapping[str, str] | None = None) -> Match | None:
        """Return the handle nearest to `request`, or None when none is near.

        Args:
            request: What a person said.
            role: Look only among this role's handles; empty looks everywhere.
            known: Slot values that were read before.
        """
        request = request.replace("\u2019", "'")
        best, similarity = None, 0.0
        for candidate in self._candidates:
            if role not in ("", candidate.role.id) or names_word(candidate.handle.unless, request):
                continue
            if (here := self._similarity(candidate, request)) > similarity:
                best, similarity = candidate, here
        if best is None or similarity < NEAR:
            return None
        return Match(best.role, best.handle, best.path, similarity, read_slots(best.handle, request, known))

    def _similarity(self, candidate: _Candidate, request: str) -> float:
        request_vectors = self._vectors(masked(candidate.handle, request))
        return max(_likeness(request_vectors, sample) for sample in candidate.samples)

    def _vectors(self, text: str) -> tuple[Vector, Vector]:
        return self._words.vector(_words(text)), self._pieces.vector(_pieces(text))


class _Rarity:
    def __init__(self, documents: Iterable[Counter[str]]) -> None:
        self._seen: Counter[str] = Counter()
        self._total = 0
        for document in documents:
            self._total += 1
            self._seen.update(document.keys())

    def vector(self, document: Counter[str]) -> Vector:
        """Return a vector of length 1, heavier where a term is rare."""
        weights = {term: count * self._weight(term) for term, count in document.items()}
        length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
        return {term: weight / length for term, weight in weights.items()}

    def _weight(self, term: str) -> float:
        rarity = math.log((1 + self._total) / (1 + self._seen[term])) + 0.2
        return rarity * _VAGUE if term == NUMBER else rarity


def _likeness(request: tuple[Vector, Vector], sample: tuple[Vector, Vector]) -> float:
    words, pieces = (_cosine(*pair) for pair in zip(request, sample, strict=True))
    return _WORD_SHARE * words + (1 - _WORD_SHARE) * pieces if sample[1] else words


def _cosine(left: Vector, right: Vector) -> float:
    return math.fsum(weight * right[term] for term, weight in left.items() if term in right)


def _plain(text: str) -> str:
    for short, long in _SHORT.items():
        text = text.replace(short, long)
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(_plain(text)))


def _pieces(text: str) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for word, count in _words(text).items():
        if not word.startswith(MASK):
            edged = f"^{word}$"
            pieces.update({edged[start : start + 3]: count for start in range(len(edged) - 2)})
    return pieces
