"""A journal and its tail without a server, and a client as ASGI sees it."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from company import events
from company.events import Draft
from company.server.streams.tail import Pace, Tail
from company.server.streams.transport import EXTENSION
from company.store import Store

FAST = Pace(look=0.005, heartbeat=0.05, stalled=0.1, chores=0.01)


class Log:
    """A journal that other processes append to, and the tail that reads it."""

    def __init__(self, store: Store) -> None:
        self.store, self.closing, self.lags = store, False, list[float]()

    def tail(self, pace: Pace = FAST) -> Tail:
        """Return a reader of the journal."""
        return Tail(
            self.store,
            now=lambda: datetime.now(UTC),
            is_closing=lambda: self.closing,
            on_event=self.lags.append,
            pace=pace,
        )

    def write(
        self, count: int = 1, *, run: str = "R1", thread: str = "main", debug: bool = False, size: int = 1
    ) -> None:
        """Append pieces of a message."""
        body = events.text_delta(f"{run}/m", "x" * size, "ceo")
        self.store.journal.append([Draft(run, thread, "ceo", "debug" if debug else "user", body)] * count)


class Client:
    """The other end of a connection: keeps what it is sent, leaves when told, and stalls when told."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(self, message: Any) -> None:
        await self.takes.wait()
        self.messages.append(message)
        if message.get("more_body") is False:
            self.leave()

    def leave(self, _code: int = 0) -> None:
        """End the connection, at either end."""
        self.inbox.put_nowait({"type": "http.disconnect"})

    @property
    def scope(self) -> dict[str, Any]:
        return {"type": "http", "extensions": {EXTENSION: {"drop": self.leave}}}

    async def receive(self) -> Any:
        return await self.inbox.get()

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.messages).decode()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():
                await asyncio.sleep(0.002)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """An empty journal."""
    store = Store.open(tmp_path / "company.db", now=lambda: datetime.now(UTC))
    yield Log(store)
    store.close()
