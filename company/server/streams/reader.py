"""One client that follows the journal: a place that its own speed moves.

It sends what is there, then sleeps until the tail wakes it. A client that takes nothing for long is dropped; it comes
back and resumes where it was. Closing a stream never stops a run.
"""

import asyncio
from abc import ABC, abstractmethod
from time import monotonic
from typing import Any

from starlette.types import Receive, Scope

from company.server.streams.channels import Choice
from company.server.streams.lines import Piece
from company.server.streams.tail import Kind, Tail
from company.server.streams.transport import FAILED, TOO_SLOW, drop


class Reader(ABC):
    """Follows the journal for one client.

    Args:
        tail: The journal's reader.
        kind: How the client listens.
        after: Number of the last event it knows.
        choice: What it wants.
    """

    __slots__ = ("_due", "_left", "_patience", "_sending", "_tail", "_waiting", "_wish", "after", "choice", "kind")

    def __init__(self, tail: Tail, kind: Kind, *, after: int, choice: Choice) -> None:
        self._tail, self.kind, self.after, self.choice = tail, kind, after, choice
        self._patience = asyncio.timeout(None)
        self._waiting: asyncio.Future[None] | None = None
        self._sending: float | None = None
        self._wish: Any = None
        self._left, self._due = False, 0.0

    def wake(self) -> None:
        """Look what there is to do, if it is not busy."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def tend(self, now: float) -> None:
        """Wake it for its heartbeat, or drop a client that takes nothing; sooner when the server ends."""
        if self._sending is not None and (self._tail.closing or now - self._sending > self._tail.pace.stalled):
            self._patience.reschedule(now)
        elif now >= self._due:
            self.wake()

    @abstractmethod
    async def _give(self, piece: Piece) -> int:
        """Send a piece, which waits while the client's connection is full; return the place reached."""

    @abstractmethod
    async def _beat(self) -> None:
        """Send a sign of life."""

    @abstractmethod
    async def _obey(self) -> None:
        """Do what the client wishes; called between two pieces when there is a wish."""

    @abstractmethod
    async def _listen(self, receive: Receive) -> None:
        """Hear what the client says until it leaves."""

    @abstractmethod
    async def _close(self) -> None:
        """Say that the server ends the stream."""

    async def _serve(self, scope: Scope, receive: Receive) -> None:
        """Send until the client leaves or stalls, or the server ends.

        What sends is a task of its own, because waking a task wakes every call it is inside of, and a request is inside
        of some twenty layers of framework.
        """
        sending = asyncio.create_task(self._send_all(scope))
        try:
            await self._listen(receive)
            self._left = True
            self.wake()
            await sending
        finally:
            sending.cancel()

    async def _send_all(self, scope: Scope) -> None:
        self._due = monotonic() + self._tail.pace.heartbeat
        self._tail.attach(self)
        try:
            async with self._patience:
                while not (self._left or self._tail.closing or self._tail.broken):
                    await self._turn()
            if self._tail.broken:
                await drop(scope, FAILED)
            elif not self._left:
                await self._close()
        except TimeoutError:
            await drop(scope, TOO_SLOW)
        except OSError:
            return  # it went away, which the other task hears
        except Exception:
            await drop(scope, FAILED)
            raise
        finally:
            self._tail.detach(self)

    async def _turn(self) -> None:
        """Do the one thing that is due, or sleep until the tail wakes it."""
        self._sending = now = monotonic()
        if self._wish is not None:
            await self._obey()
        elif now >= self._due:
            self._due = now + self._tail.pace.heartbeat
            await self._beat()
        elif self.after < self._tail.last:
            piece = self._tail.piece(self.after, self.choice)
            self.after = await self._give(piece) if piece.lines else piece.last
        else:
            self._sending = None
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
