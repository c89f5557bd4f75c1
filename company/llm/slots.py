"""Reads values out of a sentence: numbers, money, and words that stand for one of a few choices.

The same reading serves routing: a slot's words are replaced by the slot's name in samples and requests alike, so that
"sell 2 ether" is as near to the sample "buy 0.1 BTC" as "buy 3 BTC" is.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from company.llm.numbers import Number
from company.roles import Handle, Slot

MASK = "slot"
"""How every word that stands for a slot begins in a masked text."""

NUMBER = f"{MASK}number"
"""Stands for any number or amount of money in a masked text."""

_DIGITS = r"\d[\d,]*(?:\.\d+)?|\.\d+"
_CURRENCY = r"usdt?|usdc|dollars?|bucks"
_MONEY = re.compile(rf"\$\s*(?P<a>{_DIGITS})|(?<![\w.])(?P<b>{_DIGITS})\s*(?:{_CURRENCY})\b", re.IGNORECASE)
_NUMBER = re.compile(rf"(?<![\w.$,])(?P<a>(?>{_DIGITS}))(?![\w%])(?!\s*(?:%|percent|(?:{_CURRENCY})\b))", re.IGNORECASE)


def read_slots(handle: Handle, text: str, known: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return every slot of `handle` with its value in `text`; None for one that is not there.

    Args:
        handle: Says which slots there are.
        text: The request.
        known: Values that were read before; they win.
    """
    known = known or {}
    values = {name: _read(kind, text) for name, kind in _slots(handle).items()}
    return values | {name: _typed(_slots(handle)[name], known[name]) for name in values if name in known}


def missing_slots(handle: Handle, values: Mapping[str, Any]) -> list[str]:
    """Return the slots that must be there and are not, in order."""
    return [name for name in handle.slots if not name.endswith("?") and values[name] is None]


def masked(handle: Handle, text: str) -> str:
    """Return `text` with the words that fill a slot replaced: numbers by `NUMBER`, choices by `slot` and their name."""
    for name, kind in _slots(handle).items():
        if kind != "text":
            mask = NUMBER if isinstance(kind, str) else f"{MASK}{name.replace('_', '')}"
            text = _pattern(_frozen(kind)).sub(f" {mask} ", text)
    return text


def names_word(words: Iterable[str], text: str) -> bool:
    """Return whether one of `words` stands in `text` as a whole word, whatever its case."""
    wanted = tuple(words)
    return bool(wanted and _words(wanted).search(text))


def _slots(handle: Handle) -> dict[str, Slot]:
    return {name.removesuffix("?"): kind for name, kind in handle.slots.items()}


def _read(kind: Slot, text: str) -> Any:
    if kind == "text":
        return text
    found = _pattern(_frozen(kind)).search(text)
    if not found:
        return None
    if isinstance(kind, str):
        return Number((found["a"] or found["b"] if kind == "money" else found["a"]).replace(",", ""))
    return next(value for value, words in kind.items() if names_word((value, *words), found[0]))


def _typed(kind: Slot, text: str) -> Any:
    return Number(text) if kind in ("number", "money") else text


def _frozen(kind: Slot) -> str | tuple[str, ...]:
    return kind if isinstance(kind, str) else tuple(word for value, words in kind.items() for word in (value, *words))


@functools.lru_cache(maxsize=256)
def _pattern(kind: str | tuple[str, ...]) -> re.Pattern[str]:
    if kind == "money":
        return _MONEY
    return _NUMBER if kind == "number" else _words(tuple(kind))


@functools.lru_cache(maxsize=256)
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
