"""How posts were received: the figures of a post a day after it went out, against what its channel reached before.

A post is expected to reach as many views as the middle one of those before it on the same channel. It is measured once,
at the first look at least a day after it went out, and the expectation is fixed with it, so what was learnt from a post
stays what it was. The first post of a channel has nothing to be held against.
"""

from datetime import datetime, timedelta
from statistics import median_low
from typing import Final

from pydantic import BaseModel, ConfigDict

from company.errors import ProviderError
from company.ports import Books, Delivery, Json, Outbox
from company.studio.drafts import Channel, Draft

RIPE: Final = timedelta(days=1)
"""Age at which a post is measured."""

LOST: Final = timedelta(days=8)
"""Age at which a post that could never be measured is given up."""

_ENGAGED, _WAITING = "studio.engaged", "studio.unmeasured"
_COMPARED: Final = 20


class Engaged(BaseModel):
    """What became of a post.

    Attributes:
        draft_id: The draft that went out.
        channel: Where it appeared.
        topic: What it was about.
        author: Role that wrote it.
        sources: The documents of strangers that its author had read.
        at: When it was measured.
        views: How often it was seen.
        likes: How many liked it.
        replies: How many answered.
        expected: Views that earlier posts of the channel led to expect; None for the first one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    draft_id: str
    channel: Channel
    topic: str
    author: str
    sources: tuple[str, ...]
    at: datetime
    views: int
    likes: int
    replies: int
    expected: int | None


class Engagement:
    """Measures posts.

    Args:
        books: The studio's books.
        outbox: Where posts were sent.
    """

    def __init__(self, books: Books, outbox: Outbox) -> None:
        self._books, self._outbox = books, outbox

    def expect(self, draft: Draft, delivery: Delivery) -> None:
        """Note that a draft went out and is to be measured, once."""
        if self._books.get(_ENGAGED, draft.id):
            return
        said = {"topic": draft.topic, "author": draft.author, "sources": list(draft.sources)}
        post = {"delivery": delivery.id, "at": delivery.at.isoformat(), "channel": draft.channel, **said}
        self._books.put(_WAITING, draft.id, post)

    async def measure(self, now: datetime) -> None:
        """Measure what is ripe; a post that the outbox cannot tell about now is measured at a later look."""
        for draft_id, post in list(self._books.items(_WAITING)):
            age = now - datetime.fromisoformat(post["at"])
            if age < RIPE:
                continue
            try:
                figures = await self._outbox.engagement(post["delivery"])
            except ProviderError:
                if age > LOST:
                    self._books.delete(_WAITING, draft_id)
                continue
            with self._books.transaction():
                self._books.put(
                    _ENGAGED, draft_id, self._measured(draft_id, post, figures, now).model_dump(mode="json")
                )
                self._books.delete(_WAITING, draft_id)

    def newest(self, limit: int) -> list[Engaged]:
        """Return up to `limit` measured posts, the last measured first."""
        return [Engaged.model_validate(row) for _, row in self._books.newest(_ENGAGED, limit)]

    def _measured(self, draft_id: str, post: Json, figures: Json, now: datetime) -> Engaged:
        before = [one.views for one in self.newest(_COMPARED) if one.channel == post["channel"]]
        return Engaged(
            draft_id=draft_id,
            channel=post["channel"],
            topic=post["topic"],
            author=post["author"],
            sources=tuple(post["sources"]),
            at=now,
            views=int(figures["views"]),
            likes=int(figures["likes"]),
            replies=int(figures["replies"]),
            expected=median_low(before) if before else None,
        )
