"""How far an item is borne out, by evidence the newsroom holds: never by whether it sounds likely.

Corroborated: an item of another outlet tells the same. That is, its article lies on another host, it was published
within a day of this one, both mention an instrument in common, sound the same way (both good or both bad), and at least
a quarter of the telling words of both titles are common to both (Jaccard index; names of instruments, short and empty
words left out). An item that is suspicious itself bears nothing out.

Suspicious: the newsroom's own check found signs of manipulation in it, or its outlet is believed less than
`outlets.FLOOR`. This goes first: a lie that is copied stays one.

Everything else is unconfirmed, which is no reproach: most news is told once.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, Literal

from company.newsroom.archive import Item
from company.newsroom.outlets import FLOOR, weight_of
from company.newsroom.symbols import without_names

Truth = Literal["corroborated", "unconfirmed", "suspicious"]

ALIKE: Final = 0.25
"""Share of the titles' telling words that must be common."""

APART: Final = timedelta(hours=24)

_WORD: Final = re.compile(r"[^\W_]{3,}|\d{2,}")
_EMPTY: Final = re.compile(
    r"\b(?:about|after|again|all|and|are|before|but|can|for|from|had|has|have|how|into|its|more|new|not|off|one|out|over|per"
    r"|said|says?|than|that|the|their|they|this|two|was|were|what|when|where|who|why|will|with|would|you)\b"
)


def judge(item: Item, others: Iterable[Item]) -> tuple[Truth, tuple[str, ...]]:
    """Say how far an item is borne out, and why.

    Args:
        item: The item.
        others: What else the newsroom has read; may contain the item itself.
    """
    if signs := _signs(item):
        return "suspicious", signs
    if tellers := sorted({other.host for other in others if _bears_out(other, item)}):
        return "corroborated", (f"also told at {', '.join(tellers)}",)
    return "unconfirmed", (_why_alone(item),)


def _signs(item: Item) -> tuple[str, ...]:
    weight = weight_of(item.host)
    doubt = [f"its outlet is believed at {weight:g}, below {FLOOR:g}"] if weight < FLOOR else []
    return (*item.notes, *doubt)


def _bears_out(other: Item, item: Item) -> bool:
    return (
        abs(other.at - item.at) <= APART
        and not set(other.symbols).isdisjoint(item.symbols)
        and other.sentiment.label == item.sentiment.label != "neutral"
        and _are_apart(other.host, item.host)
        and _likeness(telling_words(other.title), telling_words(item.title)) >= ALIKE
        and not _signs(other)
    )


def _are_apart(one: str, other: str) -> bool:
    """Tell whether two hosts are two outlets; a part of a site is the site, and an unknown host proves nothing."""
    if not one or not other:
        return False
    return not f".{one}".endswith(f".{other}") and not f".{other}".endswith(f".{one}")


def telling_words(title: str) -> frozenset[str]:
    """Return the words of a title that tell one story from another."""
    return frozenset(_WORD.findall(_EMPTY.sub(" ", without_names(title).lower())))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def _why_alone(item: Item) -> str:
    missing: Sequence[str] = [
        *(["names no instrument the company follows"] if not item.symbols else []),
        *(["sounds neither good nor bad"] if item.sentiment.label == "neutral" else []),
        *(["has no address"] if not item.host else []),
    ]
    return f"cannot be compared: {' and '.join(missing)}" if missing else "no other outlet told it within a day"
