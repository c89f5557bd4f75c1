"""Orders in one commit: what waits at the same time is carried out in its turn and committed together.

An answer is given only after the commit that holds its work. What fails undoes only itself. All of a commit happens at
one moment of market time: two legs that come in together are accepted together. Work is a coroutine of the paper venue,
which never waits for anything, so it runs to its end inside the transaction.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from company.ports import Books

MOST: Final = 32
"""Orders in one commit; then others get their turn."""

Work = Callable[[datetime], Awaitable[Any]]
"""Does something at a moment of market time."""


class Commits:
    """Carries out work on books.

    Args:
        books: What the work changes.
        now: Market time.
        committed: Called after each commit.
    """

    def __init__(self, books: Books, now: Callable[[], datetime], committed: Callable[[], None] = lambda: None) -> None:
        self._books, self._now, self._committed = books, now, committed
        self._waiting: deque[tuple[Work, asyncio.Future[Any]]] = deque()

    async def carry_out(self, work: Work) -> Any:
        """Do `work` in a transaction and return what it returns, once that is committed.

        Raises:
            Exception: What `work` raised; then nothing of it was done. Or the commit failed, and nothing was done.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((work, done))
        if len(self._waiting) == 1:
            loop.call_soon(self._next)
        return await asyncio.shield(done)

    def _next(self) -> None:
        part = [self._waiting[place] for place in range(min(MOST, len(self._waiting)))]
        try:
            with self._books.transaction():
                at = self._now()
                outcomes = [self._tried(work, at) for work, _ in part]
        except Exception as error:  # noqa: BLE001 -- the commit failed: everybody who waits for it is told
            outcomes = [error] * len(part)
        for _ in part:
            self._waiting.popleft()
        for (_, done), outcome in zip(part, outcomes, strict=True):
            (done.set_exception if isinstance(outcome, Exception) else done.set_result)(outcome)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
        self._committed()

    def _tried(self, work: Work, at: datetime) -> Any:
        """Return what the work returns, or the error it ended with."""
        try:
            with self._books.transaction():
                return at_once(work(at))
        except Exception as error:  # noqa: BLE001 -- goes to whoever asked for this work
            return error


def at_once(work: Awaitable[Any]) -> Any:
    """Return the result of an awaitable that waits for nothing.

    Raises:
        RuntimeError: It waits for something.
    """
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise RuntimeError("this would wait inside a transaction")
