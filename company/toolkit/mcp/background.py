"""An event loop of our own in a thread of its own, for connections that outlive the loop of whoever calls.

A command may run several event loops one after another, and a connection belongs to one. The thread is a daemon: a
program that ends without closing it is not held up by it.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Runs coroutines in its own thread; it starts with the first.

    Args:
        name: Name of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin some work and return its future."""
        return asyncio.run_coroutine_threadsafe(work, self._started())

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work from any event loop; cancelling the wait cancels the work."""
        return await asyncio.wrap_future(self.submit(work))

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work and block until it is done."""
        return self.submit(work).result()

    @property
    def runs(self) -> bool:
        """Something was begun, and it was not closed since."""
        return self._thread is not None

    def close(self) -> None:
        """End the loop and its thread; what is left of work is cancelled."""
        with self._lock:
            if self._thread is None or self._loop is None or self._stop is None:
                return
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout=10)
            self._thread = self._loop = self._stop = None

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                ready = threading.Event()
                self._thread = threading.Thread(
                    target=lambda: asyncio.run(self._main(ready)), name=self._name, daemon=True
                )
                self._thread.start()
                ready.wait()
            assert self._loop is not None
            return self._loop

    async def _main(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        stop = self._stop
        ready.set()
        await stop.wait()
