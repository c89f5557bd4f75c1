"""The newsroom reads the feed, so that the other roles get short typed answers instead of the internet.

It knows nothing of prices and proposes no trades: whether a claim is true is for its reader to judge, from the outlet,
from other items, and from what the market does.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from company.errors import ToolError
from company.newsroom.archive import Archive, Item, item_id
from company.newsroom.competitors import RIVALS, CompetitorWatch, watch
from company.newsroom.coverage import Article, AssetBrief, Bulletin, Headline, Judged, Mood, Notable
from company.newsroom.feed import Entry, parse_feed
from company.newsroom.outlets import weight_of
from company.newsroom.plain import plain
from company.newsroom.sentiment import CEILING, Sentiment, label_of, score_text
from company.newsroom.suspicion import embedded_instructions
from company.newsroom.symbols import symbol_of, symbols_in
from company.newsroom.truth import judge
from company.ports import Books, Clock, NewsFeed

_FRESH = 60.0  # seconds a feed once read is used again
_HALF_LIFE = 12 * 60  # minutes after which an item weighs half
_FEW = 3  # items at which a mood reaches half of its confidence
_MOST_HEADLINES: Final = 30
_MOST_TEXT = 3_000
_NOTABLE = 5
_WATCH_DAYS = 7
_WINDOW: Final = timedelta(hours=48)  # what a bulletin covers


class Newsroom:
    """News of one feed.

    Args:
        feed: Where news comes from.
        clock: The company's time.
        books: Where items once read are kept.
        rivals: Names of the companies to watch.
    """

    def __init__(self, *, feed: NewsFeed, clock: Clock, books: Books, rivals: Sequence[str] = RIVALS) -> None:
        self._feed, self._clock, self._rivals = feed, clock, tuple(rivals)
        self._archive = Archive(books)
        self._document: bytes | None = None
        self._entries: Sequence[Entry] = ()
        self._filed: Sequence[Entry] | None = None
        self._items: tuple[Item, ...] = ()
        self._read_at: float | None = None

    async def headlines(self, limit: int, symbol: str | None = None) -> list[Headline]:
        """Return the newest items first.

        Args:
            limit: How many at most, from 1 to 30.
            symbol: Only items that mention it: symbol, ticker or name.

        Raises:
            ToolError: The limit is out of range or the symbol is not followed.
            ProviderError: The feed cannot be read.
        """
        if not 1 <= limit <= _MOST_HEADLINES:
            raise ToolError(f"limit is {limit}; ask for 1 to {_MOST_HEADLINES} headlines")
        items = await self._latest()
        return [self._headline(item, items) for item in (await self._about(symbol))[:limit]]

    async def article(self, id: str) -> Article:
        """Return the full text of an item, with signs of instructions hidden in it.

        Raises:
            ToolError: No such item was ever read, or it has no article.
            ProviderError: The feed or the article cannot be read.
        """
        item = self._archive.find(id) or next((item for item in await self._latest() if item.id == id), None)
        if item is None:
            raise ToolError(f"there is no news item {id!r}; take an id from the headlines, such as 'n-1f0c53a9b2e4'")
        if not item.link:
            raise ToolError(f"news item {id!r} has no article behind it; its title is all there is")
        raw = await self._feed.article(item.link)
        text, notes = plain(raw, _MOST_TEXT), embedded_instructions(raw)
        self._archive.note(item.id, notes)
        return Article(
            id=item.id,
            title=item.title,
            source=item.source,
            link=item.link,
            at=item.at,
            symbols=symbols_in(f"{item.title}\n{text}"),
            text=text,
            suspicious=bool(notes),
            notes=notes,
        )

    def sentiment(self, text: str) -> Sentiment:
        """Return how a text sounds; see `score_text`."""
        return score_text(text)

    async def mood(self, symbol: str | None = None) -> Mood:
        """Return how the news sounds together, of one symbol or of all.

        The score is the mean of the items' sentiment, weighted by outlet, the item's own confidence and age (half after
        12 hours). Confidence is the weighted mean of theirs times `n / (n + 3)`.

        Raises:
            ToolError: The symbol is not followed.
            ProviderError: The feed cannot be read.
        """
        return _mood(await self._about(symbol), symbol_of(symbol) if symbol else None, self._clock.now())

    def bulletin(self, limit: int) -> Bulletin:
        """Return what was read of the last two days, and how far each item is borne out.

        Nothing is fetched and nothing is filed, so looking at the news does not change what a role will find.

        Args:
            limit: Most items, the newest first; the mood counts all.
        """
        now = self._clock.now()
        items = sorted(self._archive.since(now - _WINDOW), key=lambda item: (item.at, item.id), reverse=True)
        return Bulletin(mood=_mood(items, None, now), items=tuple(_judged(item, items, now) for item in items[:limit]))

    async def offered(self) -> list[str]:
        """Return the ids of what the feed offers now; nothing is filed.

        Raises:
            ProviderError: The feed cannot be read.
        """
        return [item_id(entry.guid) for entry in await self._read()]

    async def competitors(self) -> CompetitorWatch:
        """Return what watched companies did in the last seven days, as far as it was read.

        Raises:
            ProviderError: The feed cannot be read.
        """
        await self._latest()
        items = self._archive.since(self._clock.now() - timedelta(days=_WATCH_DAYS))
        rows = ((item.id, item.title, item.at) for item in items)
        return watch(rows, rivals=self._rivals, days=_WATCH_DAYS)

    async def brief(self, symbol: str) -> AssetBrief:
        """Return one instrument in the news: counts, mood, and the items worth reading.

        Raises:
            ToolError: The symbol is not followed.
            ProviderError: The feed cannot be read.
        """
        wanted, now = symbol_of(symbol), self._clock.now()
        items = await self._about(wanted)
        weighty = sorted(items, key=lambda item: abs(item.sentiment.score) * _presence(item, now), reverse=True)
        return AssetBrief(
            symbol=wanted,
            items=len(items),
            items_day=sum(_age_minutes(item, now) < 24 * 60 for item in items),
            mood=await self.mood(wanted),
            notable=tuple(self._notable(item) for item in weighty[:_NOTABLE]),
        )

    async def _about(self, symbol: str | None) -> tuple[Item, ...]:
        wanted = symbol_of(symbol) if symbol else None
        return tuple(item for item in await self._latest() if wanted is None or wanted in item.symbols)

    async def _latest(self) -> tuple[Item, ...]:
        entries = await self._read()
        if entries is not self._filed:
            self._items, self._filed = self._archive.file(entries, self._clock.now()), entries
        return self._items

    async def _read(self) -> Sequence[Entry]:
        """Read the feed, or return what was read a moment ago."""
        seconds = self._clock.monotonic()
        if self._read_at is None or seconds - self._read_at >= _FRESH:
            document = await self._feed.fetch()
            if document != self._document:  # parsing costs ten times as much as asking
                self._entries, self._document = parse_feed(document, where=self._feed.id), document
            self._read_at = seconds
        return self._entries

    def _headline(self, item: Item, others: Sequence[Item]) -> Headline:
        return Headline(
            id=item.id,
            title=item.title,
            source=item.source,
            link=item.link,
            at=item.at,
            age_minutes=_age_minutes(item, self._clock.now()),
            symbols=item.symbols,
            sentiment=item.sentiment.score,
            confidence=item.sentiment.confidence,
            truth=judge(item, others)[0],
        )

    def _notable(self, item: Item) -> Notable:
        return Notable(
            id=item.id,
            title=item.title,
            source=item.source,
            age_minutes=_age_minutes(item, self._clock.now()),
            sentiment=item.sentiment.score,
        )


def _age_minutes(item: Item, now: datetime) -> int:
    return int((now - item.at).total_seconds() // 60)


def _mood(items: Sequence[Item], symbol: str | None, now: datetime) -> Mood:
    voices = [(_presence(item, now), item.sentiment) for item in items]
    said = sum(presence * voice.confidence for presence, voice in voices)
    heard = sum(presence for presence, _ in voices)
    score = sum(presence * voice.confidence * voice.score for presence, voice in voices) / said if said else 0.0
    confidence = said / heard * len(items) / (len(items) + _FEW) if heard else 0.0
    labels = [voice.label for _, voice in voices]
    return Mood(
        symbol=symbol,
        score=round(score, 2),
        label=label_of(round(score, 2)),
        confidence=round(min(confidence, CEILING), 2),
        items=len(items),
        positive=labels.count("positive"),
        negative=labels.count("negative"),
        as_of=now,
    )


def _judged(item: Item, others: Sequence[Item], now: datetime) -> Judged:
    truth, notes = judge(item, others)
    return Judged(
        id=item.id,
        title=item.title,
        source=item.source,
        at=item.at,
        age_minutes=_age_minutes(item, now),
        symbols=item.symbols,
        sentiment=item.sentiment.score,
        confidence=item.sentiment.confidence,
        truth=truth,
        notes=notes,
    )


def _presence(item: Item, now: datetime) -> float:
    """Return how much an item counts: its outlet's weight, halved every 12 hours."""
    return float(weight_of(item.host) * 0.5 ** (_age_minutes(item, now) / _HALF_LIFE))
