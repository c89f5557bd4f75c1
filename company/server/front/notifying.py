"""Tells subscribed browsers that approvals wait, and again when nobody answered for long.

It follows the journal at its own slow pace and remembers how far it told, so what was asked while no server ran is told
when one starts. A message is a count: no amounts, no names, nothing of what is asked. A subscription hears nothing, and
is forgotten, once the session or token that made it does not hold or may not approve any more.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from company.errors import ProviderError
from company.server.front.post import BadEndpoint, Post
from company.server.front.subscriptions import Subscription, Subscriptions
from company.store import Store

LOOK_EVERY = 2.0
"""Seconds between two looks at the journal."""

AT_ONCE = 8
"""Push services that are talked to at the same time."""

_KIND, _KEY = "push told", "journal"
_log = logging.getLogger(__name__)


class Notifying:
    """Follows the journal and tells.

    Args:
        store: The journal, the open approvals and the server's books.
        subscriptions: Whom to tell.
        post: Sends.
        may_approve: Tells whether a credential, by id, still holds and may approve.
        now: Wall-clock time.
    """

    def __init__(
        self,
        store: Store,
        subscriptions: Subscriptions,
        post: Post,
        *,
        may_approve: Callable[[str], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._subscriptions, self._post = store, subscriptions, post
        self._may_approve, self._now = may_approve, now
        self._books = store.books("server")
        told = self._books.get(_KIND, _KEY)
        self._told: int = told["seq"] if told else store.journal.last_seq()
        self._looks = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncIterator[None]:
        """Follow while the server runs."""
        following = asyncio.create_task(self._follow(), name="push")
        following.add_done_callback(_report)
        yield
        following.cancel()
        await asyncio.wait({following})
        await self._post.close()

    async def look(self) -> int:
        """Tell what was asked or passed on since the last look; returns how many browsers took it."""
        end = self._store.journal.last_seq()
        if end <= self._told:
            return 0
        asked = self._store.journal.read(after=self._told, types={"approval.asked", "approval.escalated"}, limit=1)
        self._told = end
        if not asked:
            return 0
        self._books.put(_KIND, _KEY, {"seq": end})
        return await self._tell()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def _tell(self) -> int:
        waiting = self._store.approvals.open()
        if not waiting:
            return 0
        lasts = max(approval.expires_at for approval in waiting) - self._now()
        text = sentence(len(waiting), sum(approval.escalated_at is not None for approval in waiting))
        taken = await asyncio.gather(*(self._told_to(each, text, lasts) for each in self._entitled()))
        return sum(taken)

    def _entitled(self) -> Sequence[Subscription]:
        known = list(self._subscriptions)
        entitled = [subscription for subscription in known if self._may_approve(subscription.credential)]
        for subscription in known:
            if subscription not in entitled:
                self._subscriptions.remove(subscription.endpoint)
        return entitled

    async def _told_to(self, subscription: Subscription, text: str, lasts: timedelta) -> bool:
        try:
            async with self._looks:
                taken = await self._post.send(subscription, text, lasts=lasts)
        except BadEndpoint as error:
            _log.warning("a push subscription was removed: %s", error)
            taken = False
        except ProviderError as error:
            _log.warning("%s; the next approval is told again", error)
            return False
        if not taken:
            self._subscriptions.remove(subscription.endpoint)
        return taken


def _report(following: asyncio.Task[None]) -> None:
    """Say in the log what ended the following; the server goes on without it."""
    if not following.cancelled():
        _log.error("approvals are not told any more", exc_info=following.exception())


def sentence(count: int, late: int = 0) -> str:
    """Return all that a message says: how many wait, and how many of them were passed on because nobody answered."""
    waits = "1 approval waits" if count == 1 else f"{count} approvals wait"
    if not late:
        return waits
    return f"{waits} too long" if count == 1 else f"{waits}, {late} of them too long"
