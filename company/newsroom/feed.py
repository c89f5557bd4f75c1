"""A feed document becomes entries, or a `ProviderError` that says where it broke; nothing else can come out.

The bytes were written by strangers. So the document is first walked once by expat, which is strict and fast: it must be
well-formed XML, bounded in size, depth and number of elements, and free of an internal DTD subset (where entity bombs
and external entities live). Only then does feedparser read it, for what it is good at: the many dialects of RSS and
Atom. Its tolerant fallback parser, slow on hostile input, is thereby never reached, and its HTML sanitiser is off
because all markup is stripped here anyway. An error never holds a word of the document: figures made from the feed are
trusted, and so are the errors of who makes them.
"""

import io
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from xml.parsers import expat

import feedparser

from company.errors import ProviderError
from company.newsroom.plain import line, plain

MAX_BYTES: Final = 1_000_000
MAX_ENTRIES: Final = 200
_MAX_ELEMENTS = 20_000
_MAX_DEPTH = 32
_MAX_VALUE = 100_000  # characters of one text or attribute
_MAX_NAME = 400  # characters inside an element of _PERSONS: feedparser looks for e-mail addresses in quadratic time
_PERSONS = frozenset({"author", "creator", "managingeditor", "owner", "publisher", "webmaster"})
_TITLE, _SUMMARY, _SOURCE, _LINK = 160, 600, 60, 300


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as the feed tells it, in plain text.

    Attributes:
        guid: The feed's own id of the item, its link or title when it has none.
        title: At most 160 characters, one line.
        summary: At most 600 characters.
        source: Name of the outlet as the feed gives it; can be forged, unlike the host of the link.
        link: http(s) address of the article, empty when there is none that could be used.
        at: When the feed says it was published; None when it does not say so in a readable way.
    """

    guid: str
    title: str
    summary: str
    source: str
    link: str
    at: datetime | None

    @property
    def host(self) -> str:
        """Host name of the link, lower case, without `www.`."""
        return (urlsplit(self.link).hostname or "").removeprefix("www.")


def parse_feed(document: bytes, *, where: str) -> tuple[Entry, ...]:
    """Read an RSS or Atom document.

    Args:
        document: The bytes as they came.
        where: Name of the feed, for the error message.

    Returns:
        Up to 200 entries in the order of the document; those without a title are left out.

    Raises:
        ProviderError: The document is empty, too large, malformed, hostile, or not a feed.
    """
    if len(document) > MAX_BYTES:
        raise ProviderError(f"feed {where!r} has {len(document)} bytes, more than the {MAX_BYTES} that are read")
    _Guard(where).read(document)
    parsed = _feedparser(document, where)
    if not parsed.version:
        raise ProviderError(f"feed {where!r} is XML but neither RSS nor Atom: check the address of the feed")
    name = line(_text(parsed.feed, "title"), _SOURCE)
    entries = (_entry(entry, name) for entry in parsed.entries[:MAX_ENTRIES])
    return tuple(entry for entry in entries if entry.title)


class _Guard:
    """Walks a document once and refuses what no honest feed contains."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._depth = self._elements = self._length = 0
        self._person = self._name = 0  # depth of the element of _PERSONS we are in, and characters seen there
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def read(self, document: bytes) -> None:
        try:
            self._parser.Parse(document, True)
        except expat.ExpatError as error:
            what = f"{expat.ErrorString(error.code)}: line {error.lineno}, column {error.offset}"
            raise ProviderError(f"feed {self._where!r} is not well-formed XML: {what}") from error
        except (LookupError, ValueError) as error:
            raise ProviderError(f"feed {self._where!r} is not well-formed XML: unreadable encoding") from error

    def _doctype(self, name: str, system: str | None, public: str | None, has_internal_subset: int) -> None:
        if has_internal_subset:
            self._refuse("declares its own entities or elements")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth, self._elements, self._length = self._depth + 1, self._elements + 1, 0
        if self._depth > _MAX_DEPTH:
            self._refuse(f"nests more than {_MAX_DEPTH} elements")
        if self._elements > _MAX_ELEMENTS:
            self._refuse(f"has more than {_MAX_ELEMENTS} elements")
        if any(len(value) > _MAX_VALUE for value in attributes.values()):
            self._refuse(f"has an attribute of more than {_MAX_VALUE} characters")
        if not self._person and name.rpartition(":")[2].lower() in _PERSONS:
            self._person, self._name = self._depth, 0

    def _end(self, name: str) -> None:
        if self._person == self._depth:
            self._person = 0
        self._depth, self._length = self._depth - 1, 0

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length > _MAX_VALUE:
            self._refuse(f"has a text of more than {_MAX_VALUE} characters")
        self._name += len(text)
        if self._person and self._name > _MAX_NAME:
            self._refuse(f"names a person with more than {_MAX_NAME} characters")

    def _refuse(self, what: str) -> None:
        place = f"line {self._parser.CurrentLineNumber}, column {self._parser.CurrentColumnNumber}"
        raise ProviderError(f"feed {self._where!r} {what} ({place}); it was not read")


def _feedparser(document: bytes, where: str) -> Any:
    # A stream, because feedparser takes plain bytes for a file name first and would open it.
    try:
        parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # feedparser promises nothing about hostile input; every failure is the feed's
        raise ProviderError(f"feed {where!r} cannot be read: {type(error).__name__}") from error
    problem = parsed.get("bozo_exception")
    if problem is not None and not isinstance(problem, feedparser.CharacterEncodingOverride):
        raise ProviderError(f"feed {where!r} is malformed: {type(problem).__name__}")
    return parsed


def _entry(entry: Any, feed_name: str) -> Entry:
    title, link = line(_text(entry, "title"), _TITLE), _web_address(_text(entry, "link"))
    source = entry.get("source")
    name = line(_text(source, "title"), _SOURCE) if isinstance(source, dict) else ""
    return Entry(
        guid=_text(entry, "id") or link or title,
        title=title,
        summary=plain(_text(entry, "summary"), _SUMMARY),
        source=name or feed_name,
        link=link,
        at=_moment(dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")),
    )


def _text(holder: Any, name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _web_address(text: str) -> str:
    """Return `text` when it is a plain http(s) address of bearable length, else nothing."""
    if len(text) > _LINK or not text.isascii() or not text.isprintable() or " " in text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.hostname else ""


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):  # years the calendar does not have: as good as no date
        return None
