from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

import pytest

from company.errors import ProviderError
from company.newsroom import Newsroom
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Wire:
    """A feed that holds whatever a test prints in it."""

    id = "wire"

    def __init__(self) -> None:
        self.document = b""
        self.articles: dict[str, str] = {}
        self.fetched = 0

    async def fetch(self) -> bytes:
        self.fetched += 1
        return self.document

    async def article(self, link: str) -> str:
        if link not in self.articles:
            raise ProviderError(f"feed 'wire' has no article at {link!r}")
        return self.articles[link]

    def show(self, *items: Mapping[str, str]) -> None:
        self.document = rss(*items)


def rss(*items: Mapping[str, str]) -> bytes:
    rows = "".join(
        "<item>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in item.items()) + "</item>"
        for item in items
    )
    text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title>{rows}</channel></rss>'
    return text.encode()


def item(title: str, *, at: datetime = NOON, host: str = "harbourwire.example", **more: str) -> dict[str, str]:
    link = f"https://{host}/{title.lower().replace(' ', '-')}"
    return {"title": title, "guid": link, "link": link, "pubDate": format_datetime(at), **more}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def books() -> MemoryBooks:
    return MemoryBooks()


@pytest.fixture
def newsroom(wire: Wire, clock: VirtualClock, books: MemoryBooks) -> Newsroom:
    return Newsroom(feed=wire, clock=clock, books=books)


@pytest.fixture(name="item")
def item_fixture() -> Callable[..., dict[str, str]]:
    return item


@pytest.fixture(name="rss")
def rss_fixture() -> Callable[..., bytes]:
    return rss
