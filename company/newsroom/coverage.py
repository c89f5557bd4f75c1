"""What the newsroom hands out. Titles, sources, links and texts are words of strangers; everything else is its own."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from company.newsroom.sentiment import Label
from company.newsroom.truth import Truth


class _Coverage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Headline(_Coverage):
    """One news item.

    Attributes:
        id: The newsroom's id of the item, such as `n-1f0c53a9b2e4`.
        title: At most 160 characters of plain text.
        source: The outlet's name as the feed prints it.
        link: Address of the article, empty when it has none.
        at: When it was published; when first seen if the feed does not say.
        age_minutes: Whole minutes since then.
        symbols: Instruments it mentions.
        sentiment: How title and summary sound, from -1 to 1.
        confidence: How far that is to be believed, from 0 to 0.6.
        truth: How far what it claims is borne out by what else was read.
    """

    id: str
    title: str
    source: str
    link: str
    at: datetime
    age_minutes: int
    symbols: tuple[str, ...]
    sentiment: float
    confidence: float
    truth: Truth


class Article(_Coverage):
    """The text behind a headline.

    Attributes:
        id: The newsroom's id of the item.
        title: At most 160 characters of plain text.
        source: The outlet's name as the feed prints it.
        link: Where it was read.
        at: When it was published.
        symbols: Instruments title and text mention.
        text: Plain text, paragraphs parted by blank lines, at most 3,000 characters.
        suspicious: True when it seems to give instructions to a machine that reads it.
        notes: What makes it suspicious.
    """

    id: str
    title: str
    source: str
    link: str
    at: datetime
    symbols: tuple[str, ...]
    text: str
    suspicious: bool
    notes: tuple[str, ...]


class Mood(_Coverage):
    """How the news of the feed's window sounds together.

    Attributes:
        symbol: The instrument, or None for all news.
        score: Mean sentiment from -1 to 1; newer items and trusted outlets count more.
        label: The score in one word.
        confidence: From 0 to 0.6; grows with the number of items.
        items: How many items it rests on.
        positive: How many of them sound good.
        negative: How many of them sound bad.
        as_of: When it was taken.
    """

    symbol: str | None
    score: float
    label: Label
    confidence: float
    items: int
    positive: int
    negative: int
    as_of: datetime


class Judged(_Coverage):
    """One item the newsroom has read, and how far it is borne out.

    Attributes:
        truth: By evidence, see `truth.py`.
        notes: Why, in the newsroom's own words.
    """

    id: str
    title: str
    source: str
    at: datetime
    age_minutes: int
    symbols: tuple[str, ...]
    sentiment: float
    confidence: float
    truth: Truth
    notes: tuple[str, ...]


class Bulletin(_Coverage):
    """What the newsroom has read of the last two days: the mood of all of it, and the newest items first."""

    mood: Mood
    items: tuple[Judged, ...]


class Notable(_Coverage):
    """One item worth reading, in short."""

    id: str
    title: str
    source: str
    age_minutes: int
    sentiment: float


class AssetBrief(_Coverage):
    """One instrument in the news.

    Attributes:
        symbol: The instrument.
        items: How many items of the feed's window mention it.
        items_day: How many of them are younger than 24 hours.
        mood: How they sound together.
        notable: Up to five items that weigh most: strong words, trusted outlet, recent.
    """

    symbol: str
    items: int
    items_day: int
    mood: Mood
    notable: tuple[Notable, ...]
