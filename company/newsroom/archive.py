"""What the newsroom has read, kept for two weeks, so that an id in a report can still be looked up later.

An item is filed when first seen, and what it says is not changed afterwards: a feed that rewrites its past does not
rewrite ours. What our own check finds in it is noted with it.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from company.newsroom.feed import Entry
from company.newsroom.sentiment import Sentiment, score_text
from company.newsroom.suspicion import embedded_instructions
from company.newsroom.symbols import symbols_in
from company.ports import Books, Json

KEPT: Final = timedelta(days=14)
_MOST = 2_000  # items, whatever a feed pours out
_KIND = "newsroom.item"


@dataclass(frozen=True, slots=True)
class Item:
    """A news item as it was first seen.

    Attributes:
        id: The newsroom's id of it.
        title: Plain text.
        source: Outlet's name as printed.
        host: Where its article lies.
        link: Address of the article, or empty.
        at: When it was published, never later than it was first seen.
        symbols: Instruments that title and summary mention.
        sentiment: How title and summary sound.
        notes: What in title, summary or, once it was read, the article looks like manipulation.
    """

    id: str
    title: str
    source: str
    host: str
    link: str
    at: datetime
    symbols: tuple[str, ...]
    sentiment: Sentiment
    notes: tuple[str, ...]


def item_id(guid: str) -> str:
    """Return the newsroom's id of the item a feed calls `guid`: short, and free of the feed's own words."""
    return "n-" + sha256(guid.encode("utf-8", "replace")).hexdigest()[:12]


class Archive:
    """Items by id.

    Args:
        books: Where they are kept.
    """

    def __init__(self, books: Books) -> None:
        self._books = books

    def file(self, entries: Sequence[Entry], now: datetime) -> tuple[Item, ...]:
        """File what is new, drop what is old, and return the items of `entries`, the newest first."""
        with self._books.transaction():
            items = {item.id: item for item in (self._filed(entry, now) for entry in entries)}
            self._thin_out(now - KEPT, spare=items)
        return tuple(sorted(items.values(), key=lambda item: (item.at, item.id), reverse=True))

    def find(self, key: str) -> Item | None:
        """Return an item that was filed, or None."""
        document = self._books.get(_KIND, key)
        return _item(key, document) if document else None

    def note(self, key: str, notes: Sequence[str]) -> None:
        """Add to an item that was filed what was found in it."""
        with self._books.transaction():
            item = self.find(key)
            if item is not None and (new := [note for note in notes if note not in item.notes]):
                self._books.put(_KIND, key, _document(replace(item, notes=(*item.notes, *new))))

    def since(self, start: datetime) -> tuple[Item, ...]:
        """Return the items published after `start`, in the order they were filed."""
        items = (_item(key, document) for key, document in self._books.items(_KIND))
        return tuple(item for item in items if item.at > start)

    def _filed(self, entry: Entry, now: datetime) -> Item:
        key = item_id(entry.guid)
        if known := self.find(key):
            return known
        text = f"{entry.title}. {entry.summary}"
        item = Item(
            id=key,
            title=entry.title,
            source=entry.source,
            host=entry.host,
            link=entry.link,
            at=min(entry.at or now, now),
            symbols=symbols_in(text),
            sentiment=score_text(text),
            notes=embedded_instructions(f"{entry.title}\n{entry.summary}"),
        )
        self._books.put(_KIND, key, _document(item))
        return item

    def _thin_out(self, moment: datetime, spare: Container[str]) -> None:
        items = [_item(key, document) for key, document in self._books.items(_KIND)]
        for number, item in enumerate(items):
            if (item.at < moment or number < len(items) - _MOST) and item.id not in spare:
                self._books.delete(_KIND, item.id)


def _document(item: Item) -> Json:
    return {
        "title": item.title,
        "source": item.source,
        "host": item.host,
        "link": item.link,
        "at": item.at.isoformat(),
        "symbols": list(item.symbols),
        "sentiment": item.sentiment.model_dump(),
        "notes": list(item.notes),
    }


def _item(key: str, document: Json) -> Item:
    return Item(
        id=key,
        title=document["title"],
        source=document["source"],
        host=document["host"],
        link=document["link"],
        at=datetime.fromisoformat(document["at"]),
        symbols=tuple(document["symbols"]),
        sentiment=Sentiment(**document["sentiment"]),
        notes=tuple(document.get("notes", ())),  # older homes have items without
    )
