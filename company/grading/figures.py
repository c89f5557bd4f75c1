"""Numbers in texts, and whether a text's number is one that a tool gave.

What holds digits but is no figure is passed over: ids (`A1`, `n-1f0c`), dates, times of day, addresses, links, and
units grown together with their number (`24h`). A figure may be rounded or cut to the places it is written with, and may
be a fraction written in per cent.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_NO_FIGURE = re.compile(
    r"https?://\S+"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?"
    r"|\b\d{1,2}:\d\d(?::\d\d)?\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|\b[0-9a-fA-F]*(?::[0-9a-fA-F]*){2,}\b"
    r"|\b[\w-]*(?:[A-Za-z_][\w-]*\d|\d[\w-]*[A-Za-z_])[\w-]*"
)
_FIGURE = re.compile(r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(\s?%|\s?per ?cent)?")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as somebody wrote it, without its sign.

    Attributes:
        text: As written.
        value: Its size.
        places: Digits after the point.
        percent: Written as per cent.
    """

    text: str
    value: Decimal
    places: int
    percent: bool

    def quotes(self, known: Decimal) -> bool:
        """Tell whether this is `known`, rounded or cut to its places; the sign may be in words."""
        return self._is(abs(known)) or (self.percent and self._is(abs(known) * 100))

    def _is(self, size: Decimal) -> bool:
        unit = Decimal(1).scaleb(-self.places)
        return abs(size - self.value) * 2 <= unit or 0 <= size - self.value < unit


def figures_in(text: str) -> Iterator[Figure]:
    """Yield the figures of a text in order."""
    for found in _FIGURE.finditer(_NO_FIGURE.sub(" ", text)):
        digits = found[1].replace(",", "")
        yield Figure(found[1], Decimal(digits), len(digits.partition(".")[2]), found[2] is not None)


def numbers_of(value: Any) -> Iterator[Decimal]:
    """Yield every number of JSON data, those in its texts and in its names too."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from numbers_of(re.sub(r"\D+", " ", name))
            yield from numbers_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from numbers_of(item)
    elif isinstance(value, str):
        yield from _numbers_of_text(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield Decimal(str(value))


def longest_list(values: Iterable[Any]) -> int:
    """Return how many things the longest list in some JSON data has: as far as counting can get."""
    return max((_longest(value) for value in values), default=0)


def _numbers_of_text(text: str) -> Iterator[Decimal]:
    try:
        yield Decimal(text)
    except InvalidOperation:
        yield from (figure.value for figure in figures_in(text))


def _longest(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = len(value) if isinstance(value, list) else 0
    return max([own, *(_longest(item) for item in inside)])
