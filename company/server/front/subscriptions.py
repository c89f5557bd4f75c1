"""Browsers that want to be told when an approval waits: who they belong to, and how a message to them is sealed."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from company.server.principal import Principal
from company.store import SqlBooks

_KIND = "push"

MOST = 20
"""Subscriptions a person has; a further one replaces the oldest."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One browser.

    Attributes:
        endpoint: Address at the browser's push service; whoever knows it can bother the person.
        p256dh: The browser's public key, base64url.
        auth: The browser's secret, base64url.
        person: Whose browser it is.
        credential: Id of the session or token that subscribed it; it hears nothing once that does not hold any more.
    """

    endpoint: str
    p256dh: str
    auth: str
    person: str
    credential: str


class Subscriptions:
    """All subscriptions of a home.

    Args:
        books: The server's books.
    """

    def __init__(self, books: SqlBooks) -> None:
        self._books = books

    def __iter__(self) -> Iterator[Subscription]:
        """Give all of them, the oldest first."""
        for endpoint, document in self._books.items(_KIND):
            yield Subscription(endpoint=endpoint, **document)

    def add(self, subscription: Subscription) -> None:
        """Keep a subscription; one with the same endpoint is replaced."""
        document: dict[str, Any] = asdict(subscription)
        endpoint = document.pop("endpoint")
        with self._books.transaction():
            self._books.put(_KIND, endpoint, document)
            mine = [known.endpoint for known in self if known.person == subscription.person]
            for old in [known for known in mine if known != endpoint][: max(0, len(mine) - MOST)]:
                self._books.delete(_KIND, old)

    def remove(self, endpoint: str, principal: Principal | None = None) -> None:
        """Forget a subscription; with a principal only one of the same person."""
        document = self._books.get(_KIND, endpoint)
        if document and (principal is None or document["person"] == principal.person):
            self._books.delete(_KIND, endpoint)
