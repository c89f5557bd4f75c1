"""Whether two texts that mean nearly the same also state the same values.

Similarity of meaning cannot tell a rewording from a correction: the same sentence with another number is nearer than
the same fact in other words. So two memories are one only when everything that could be the value is equal in both:
numbers, dates, negations, names, and words that have an opposite. Where it is unclear the texts count as different,
because a memory too many does no harm and a correction that is swallowed does.
"""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?\d[\d,.:/-]*(?:\s?(?:%|k|m|bn)(?!\w))?", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_][\w'’-]*")
_SENTENCE: Final = re.compile(r"(?<=[.!?;:\n])\s+")
_MULTIPLES: Final = {"k": 1_000, "m": 1_000_000, "bn": 1_000_000_000}
_EXCHANGED_WORDS: Final = 3
_ENDING: Final = 4
# fmt: off
_NUMBER_WORDS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)
_VALUES: Final = frozenset({
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march",
    "april", "may", "june", "july", "august", "september", "october", "november", "december", "today", "tomorrow",
    "yesterday", "daily", "weekly", "monthly", "yearly", "hourly", "morning", "noon", "evening", "night", "twenty",
    "thirty", "fifty", "hundred", "thousand", "million", "half", "double", "twice", "once",
    "up", "down", "long", "short", "buy", "sell", "bought", "sold", "bullish", "bearish", "high", "low", "higher",
    "lower", "highest", "lowest", "more", "less", "most", "least", "above", "below", "over", "under", "before",
    "after", "rise", "rose", "rises", "fall", "fell", "falls", "increase", "increased", "decrease", "decreased",
    "open", "opened", "opens", "closed", "close", "closes", "enabled", "disabled", "off", "start", "started",
    "stop", "stopped", "always", "sometimes", "accepted", "rejected", "approved", "refused", "allowed", "forbidden",
    "true", "false", "yes", "good", "bad", "safe", "unsafe", "first", "last", "early", "late", "maker", "taker",
})
_NEGATIONS: Final = frozenset({
    "no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot", "hardly", "stopped",
})
_PLAIN_STARTS: Final = frozenset({
    "a", "an", "the", "it", "its", "he", "she", "they", "we", "our", "his", "her", "their", "this", "that", "these",
    "those", "there", "in", "on", "at", "for", "from", "of", "to", "with", "when", "if", "as", "by", "and", "but",
    "all", "any", "each", "every", "some", "i", "you", "your", "my", "please", "is", "are", "was", "were",
})
# fmt: on


def same_values(one: str, other: str) -> bool:
    """Return whether two texts of one subject state the same numbers, dates, negations, names and opposites."""
    if _numbers(one) != _numbers(other):
        return False
    words, other_words = _words(one), _words(other)
    if _values(words) != _values(other_words) or _exchanged(words, other_words):
        return False
    return _named(one, other_words) and _named(other, words)


def _words(text: str) -> list[str]:
    return [found[0].casefold().replace("’", "'") for found in _WORD.finditer(text)]


def _numbers(text: str) -> Counter[str]:
    figures = [_figure(found[0]) for found in _NUMBER.finditer(text)]
    return Counter(figures + [str(_NUMBER_WORDS.index(word)) for word in _words(text) if word in _NUMBER_WORDS])


def _figure(written: str) -> str:
    """Return a number in one form, `60,000` and `60k` as `60000`; dates, times and ranges as they are written."""
    text = written.casefold().replace(" ", "").rstrip(",.:/-")
    unit = re.search(r"(?:%|k|m|bn)$", text)
    number = text[: unit.start()] if unit else text
    plain = number.replace(",", "")
    if not re.fullmatch(r"[-+]?\d+(\.\d+)?", plain):
        return text
    size = Decimal(plain) * _MULTIPLES.get(unit[0] if unit else "", 1)
    return f"{size.normalize():f}" + ("%" if text.endswith("%") else "")


def _values(words: Iterable[str]) -> Counter[str]:
    return Counter(
        "not" if word in _NEGATIONS or word.endswith("n't") else word
        for word in words
        if word in _VALUES or word in _NEGATIONS or word.endswith("n't")
    )


def _named(text: str, words: Iterable[str]) -> bool:
    """Return whether every possible name in a text stands among the words of the other.

    A name is a word with a capital. The first of a sentence may be any word, so another form of it is enough.
    """
    stems = {_stem(word) for word in words}
    for sentence in _SENTENCE.split(text):
        for place, match in enumerate(_WORD.finditer(sentence)):
            word = match[0].casefold()
            if match[0] == match[0].lower() or (not place and word in _PLAIN_STARTS):
                continue
            if _stem(word) not in stems and (place or not _has_form(word, stems)):
                return False
    return True


def _has_form(word: str, stems: Iterable[str]) -> bool:
    root = word[:-_ENDING]
    return word.isalpha() and len(root) >= _ENDING and any(stem.startswith(root) for stem in stems)


def _stem(word: str) -> str:
    word = word.replace("’", "'").removesuffix("'s").removesuffix("'")
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _exchanged(one: list[str], other: list[str]) -> bool:
    """Return whether the texts are one sentence with another value put in: "tea" for "coffee" between equal words."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    middles = len(one) - start - end, len(other) - start - end
    if not all(middles) or max(middles) > _EXCHANGED_WORDS:
        return False
    return end == 0 or min(middles) == 1
