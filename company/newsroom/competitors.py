"""Who else is out there, and what they did: counts from headlines, never their words.

A rival is recognised by name, the kind of its doing by words. The result holds only our own names, kinds, numbers and
item ids, so reading it cannot carry a stranger's sentence into a role's context.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["launch", "price", "outage", "funding", "other"]

RIVALS: Final = (
    "Quillmark AI",
    "Northgate Autonomy",
    "Heliotrope Labs",
    "Brassfield Systems",
    "Vantage Loop",
    "Otterbyte",
)

# The first kind that fits counts: an outage of a new product is an outage.
_WORDS: Final[tuple[tuple[Kind, str], ...]] = (
    ("outage", r"outages?|down|offline|disruption|unreachable|errors|incident|degraded"),
    ("price", r"pric(?:e|es|ed|ing)|discounts?|free tier|fees?|per seat|cheaper|subscriptions?|tariffs?|charges?"),
    ("funding", r"funding|raises|raised|round|valu(?:e|es|ation)|investors?|series [a-e]|acquires?|acquired|merger"),
    ("launch", r"launch(?:es|ed)?|releases?|released|unveils?|unveiled|debuts?|introduces?|ships|rolls out|beta"),
)
_KINDS: Final = tuple((kind, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for kind, words in _WORDS)


class RivalNews(BaseModel):
    """What one rival did, of one kind.

    Attributes:
        company: Its name, from the watch list.
        kind: What happened.
        count: How many items said so.
        latest_at: When the newest of them was published.
        ids: Ids of up to three items, the newest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    company: str
    kind: Kind
    count: int
    latest_at: datetime
    ids: tuple[str, ...]


class CompetitorWatch(BaseModel):
    """Doings of the rivals.

    Attributes:
        days: Length of the time looked at.
        watched: Names on the watch list.
        news: One row for each rival and kind, the newest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int
    watched: tuple[str, ...]
    news: tuple[RivalNews, ...]


def rivals_in(text: str, rivals: Sequence[str]) -> tuple[str, ...]:
    """Return the watched companies `text` names, in the order of the watch list."""
    return tuple(name for name in rivals if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE))


def kind_of(text: str) -> Kind:
    """Return what kind of doing a headline reports; `other` when no word tells."""
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), "other")


def watch(items: Iterable[tuple[str, str, datetime]], *, rivals: Sequence[str], days: int) -> CompetitorWatch:
    """Count what the rivals did.

    Args:
        items: Id, title and time of the items, in any order.
        rivals: Names to look for.
        days: What the items span, for the record.
    """
    found: dict[tuple[str, Kind], list[tuple[datetime, str]]] = {}
    for key, title, at in items:
        for company in rivals_in(title, rivals):
            found.setdefault((company, kind_of(title)), []).append((at, key))
    news = [_row(company, kind, sorted(hits, reverse=True)) for (company, kind), hits in found.items()]
    news.sort(key=lambda row: (row.latest_at, row.ids[0], row.company), reverse=True)
    return CompetitorWatch(days=days, watched=tuple(rivals), news=tuple(news))


def _row(company: str, kind: Kind, hits: Sequence[tuple[datetime, str]]) -> RivalNews:
    ids = tuple(key for _, key in hits[:3])
    return RivalNews(company=company, kind=kind, count=len(hits), latest_at=hits[0][0], ids=ids)
