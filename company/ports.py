"""Protocols of the outside world and of persistence.

Departments and tools know the outside only through these. The paper world implements all of them offline; live
adapters replace them one by one. Text that comes through a port says who can write it: `NewsFeed`, `Traffic` and
`Outbox.inbox` carry words of strangers.

Numbers that come from a venue may be `Decimal`, `str` or `float`, as with ccxt's `number` option; readers convert
with `decimal_of`. Timestamps of venues are UTC epoch milliseconds, as in ccxt.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

Json = dict[str, Any]


def decimal_of(number: Any) -> Decimal:
    """Convert a venue's number to an exact Decimal (floats by their shortest decimal form)."""
    return number if isinstance(number, Decimal) else Decimal(str(number))


class Clock(Protocol):
    """Time of the company: wall time, or virtual time in the paper world."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back; constant while virtual time stands still."""


class MarketData(Protocol):
    """Read-only market data in ccxt's unified shapes."""

    id: str

    async def load_markets(self, reload: bool = False) -> Mapping[str, Json]: ...

    async def fetch_ticker(self, symbol: str) -> Json: ...

    async def fetch_order_book(self, symbol: str, limit: int | None = None) -> Json: ...

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str = "1m", since: int | None = None, limit: int | None = None
    ) -> list[list[Any]]: ...


class Venue(MarketData, Protocol):
    """One exchange account: the part of ccxt's unified async interface that the desk uses.

    `create_order` takes the client order id in `params["clientOrderId"]`; `fetch_order` finds an order by it when
    `params["clientOrderId"]` is given. A second order with the same client order id raises `DuplicateOrder`.
    """

    async def fetch_balance(self) -> Json: ...

    async def create_order(
        self,
        symbol: str,
        type: str,
        side: str,
        amount: Any,
        price: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Json: ...

    async def cancel_order(self, id: str, symbol: str | None = None) -> Json: ...

    async def fetch_order(
        self, id: str | None, symbol: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Json: ...

    async def fetch_open_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]: ...

    async def fetch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]: ...

    async def close(self) -> None: ...


class NewsFeed(Protocol):
    """A source of news: an RSS or Atom document, and the full text behind a link. Untrusted text."""

    id: str

    async def fetch(self) -> bytes:
        """Return the feed document as bytes, newest items first."""

    async def article(self, link: str) -> str:
        """Return the plain text of one article.

        Raises:
            ProviderError: The link is unknown or cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Delivery:
    """Proof that the outbox took a message.

    Attributes:
        id: The outbox's own id of the message.
        key: The message key it was sent with.
        channel: Where it was sent.
        at: When the outbox took it.
    """

    id: str
    key: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A message somebody sent to the company. Untrusted text; the id is the outbox's own, for labels show it."""

    id: str
    sender: str
    text: str
    at: datetime


class Outbox(Protocol):
    """Where the company speaks in public, and what is said back to it."""

    async def send(self, channel: str, text: str, key: str) -> Delivery:
        """Publish `text` once for `key`; the same key again returns the first delivery."""

    async def lookup(self, key: str) -> Delivery | None:
        """Return the delivery made with `key`, or None when nothing was sent."""

    async def inbox(self, limit: int = 20) -> Sequence[Letter]:
        """Return the newest letters first."""

    async def engagement(self, id: str) -> Json:
        """Return `{"views": int, "likes": int, "replies": int}` of a delivered message."""


class Traffic(Protocol):
    """The company's web traffic as access-log lines (Combined Log Format). Untrusted text."""

    async def lines(self, since: datetime, until: datetime) -> Sequence[str]:
        """Return the lines with `since` < time <= `until`, oldest first."""

    async def block(self, address: str, key: str) -> Json:
        """Refuse further requests from `address`; idempotent. Returns `{"address", "key", "at"}`."""

    async def blocked(self) -> Sequence[str]:
        """Return the addresses that are refused now, in the order they were blocked."""


Urgency = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know now. No secret is in it, and no word of a stranger.

    Attributes:
        id: The same when it is told again, so that what was told already can be dropped.
        kind: What happened, such as `approval.asked` or `run.failed`.
        title: The same in a few words.
        text: A sentence or two more.
        link: Where to look and to decide; empty when there is no such place.
        urgency: How soon it matters.
        at: When it happened.
    """

    id: str
    kind: str
    title: str
    text: str
    link: str
    urgency: Urgency
    at: datetime


class Notifier(Protocol):
    """Tells people. It is called from an event loop of its own, and again with the same notice after it failed."""

    async def notify(self, notice: Notice) -> None:
        """Tell it; returning means that it was taken.

        Raises:
            ProviderError: It was not taken. Every other exception means the same.
        """

    async def close(self) -> None:
        """Close what is open; nothing is told afterwards."""


class Secrets(Protocol):
    """Reads secrets by name; values never travel further than the adapter that needs them."""

    def get(self, name: str) -> str | None: ...


class Books(Protocol):
    """Durable records of a department: documents by kind and key, and running numbers.

    Documents are JSON objects; `Decimal` and aware `datetime` values are stored as strings. Listing order is the
    order of first insertion. Every single call is atomic; `transaction()` groups several.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Group the calls inside into one atomic change; nests."""

    def get(self, kind: str, key: str) -> Json | None: ...

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None: ...

    def delete(self, kind: str, key: str) -> bool: ...

    def items(self, kind: str) -> Iterator[tuple[str, Json]]: ...

    def newest(self, kind: str, limit: int) -> list[tuple[str, Json]]:
        """Return up to `limit` documents, the last inserted first."""

    def next_number(self, kind: str) -> int:
        """Return 1, 2, 3, ... for each `kind`, never the same number twice."""
