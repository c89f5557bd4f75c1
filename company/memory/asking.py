"""What a question asks for, and what a text has to offer, as far as English words give it away.

A question for a time is answered by a text that tells one, a question for a number by one with a number in it, and
hardly any by a text that only asks something itself. Nothing here decides; each is one small part of the score.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from company.memory.words import forms, phrases, terms, words

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
_MONTH: Final = "|".join(_MONTHS)
_COUNT: Final = "a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|few|couple of|several|many"
_UNIT: Final = "minute|hour|day|night|week|weekend|month|year|decade"
_FOR_TIME: Final = re.compile(
    r"\W*((since|until|from|by) )?(when\b|how (long|soon|recently)\b"
    r"|((on|in|at|since) )?(what|which) (days?|date|week|month|season|year|time)\b)",
    re.IGNORECASE,
)
_TIME: Final = re.compile(
    r"\b(yesterday|today|tonight|tomorrow|ago|(mon|tues|wednes|thurs|fri|satur|sun)days?|christmas|easter"
    rf"|(last|next|this|past|previous|coming|every|following) (\w+ )?({_UNIT}|spring|summer|autumn|fall|winter)s?"
    rf"|({_COUNT}|\d+) ({_UNIT})s?|(in|since|until|by|of|around) (the )?([12]\d\d\d|{_MONTH})"
    rf"|\d+(st|nd|rd|th)|\d\d? ({_MONTH})|({_MONTH}) \d\d?|\d{{4}}-\d\d-\d\d|\d+ ?[ap]m)\b",
    re.IGNORECASE,
)
_FOR_NUMBER: Final = re.compile(r"\bhow (many|much|old|tall|far|big|large|high|often)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(rf"\d|\b({_COUNT[5:]}|twenty|thirty|forty|fifty|hundred|thousand|dozen|half)\b", re.I)
_DATE: Final = re.compile(
    rf"(?:(?P<before>\d\d?)(?:st|nd|rd|th)?(?: of)? |(?P<within>in|since|during|of) )?\b(?P<month>{_MONTH})\b"
    r"(?: (?P<after>\d\d?)(?:st|nd|rd|th)?\b)?(?:,? (?P<year>[12]\d\d\d)\b)?",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(
    rf"(?<=\w )(?!(?i:{_MONTH})\b|\w+day\b)[A-ZÀ-Þ][a-zß-ÿ][\w-]*(?: [A-ZÀ-Þ][a-zß-ÿ][\w-]*)*"  # first words may be any
)
_SENTENCE: Final = re.compile(r"[^.!?]+[.!?]*")
_SPEAKER: Final = re.compile(r"\s*(?:\[[^\]]*\]\s*|\([^)]*\)\s*)?([^\W\d_][\w.'’ -]{0,40}?)(?: said[:,]|:)\s")


@dataclass(frozen=True)
class Question:
    """A question, and what it gives away about its answer.

    Attributes:
        text: The question, clean.
    """

    text: str

    @cached_property
    def wordings(self) -> tuple[str, ...]:
        """It as it was asked and, where it names somebody, as it would be asked about someone.

        Who says something seldom says their own name, so the name in the question leads away from their words.
        """
        return tuple(dict.fromkeys((self.text, _NAMES.sub("someone", self.text))))

    @cached_property
    def terms(self) -> list[tuple[str, ...]]:
        """The words worth searching for, each in the forms it may take."""
        return [forms(term) for term in terms(words(self.text))]

    @cached_property
    def subjects(self) -> list[str]:
        """What it may be about: every run of a few of its words."""
        return phrases(words(self.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Its words without endings, in all their forms."""
        return frozenset(stem(form) for term in self.terms for form in term)

    @cached_property
    def dates(self) -> list[tuple[int, int, int]]:
        """The dates it names, as year, month and day; 0 for what it leaves open."""
        found = (match.groupdict() for match in _DATE.finditer(self.text))
        return [
            (
                int(date["year"] or 0),
                1 + _MONTHS.index(date["month"].lower()),
                int(date["before"] or date["after"] or 0),
            )
            for date in found
            if date["month"].lower() != "may" or any(date[name] for name in ("before", "within", "after", "year"))
        ]

    def names(self, name: str) -> bool:
        """Return whether it names somebody, by any part of the name."""
        return not self._words.isdisjoint(words(name))

    def states(self, predicate: str) -> bool:
        """Return whether it asks for a property of its subject, by any word of the property."""
        return any(stem(form) in self.stems for term in terms(words(predicate)) for form in forms(term))

    def answered_in_kind(self, text: str) -> bool:
        """Return whether the text has what is asked for: a time, or a number."""
        return (self._for_time and _TIME.search(text) is not None) or (
            self._for_number and _NUMBER.search(text) is not None
        )

    def dated(self, at: datetime) -> bool:
        """Return whether it names a date that is that of a memory, within the week before it."""
        return any(_falls(at, *date) for date in self.dates)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(terms(words(self.text)))

    @cached_property
    def _for_time(self) -> bool:
        return _FOR_TIME.match(self.text) is not None

    @cached_property
    def _for_number(self) -> bool:
        return _FOR_NUMBER.search(self.text) is not None


def speaker(text: str) -> str:
    """Return who speaks in a text such as `Ada: ...` or `ada said: ...`; empty when it does not say."""
    found = _SPEAKER.match(text)
    return found[1] if found is not None else ""


def asking(text: str) -> float:
    """Return the share of a text that asks, 0 to 1."""
    sentences = [found[0] for found in _SENTENCE.finditer(text)]
    return sum(len(each) for each in sentences if each.rstrip().endswith("?")) / max(1, sum(map(len, sentences)))


def stem(word: str) -> str:
    """Return a word without a common English ending, for comparing two words and nothing else."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word


def _falls(at: datetime, year: int, month: int, day: int) -> bool:
    if year and year != at.year:
        return False
    if not day:
        return month == at.month
    return month == at.month and 0 <= at.day - day <= 7  # what happened is told within the week
