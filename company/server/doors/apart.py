"""A thread with an event loop of its own, for code of others that the server's loop must not wait for.

What blocks there blocks nobody here: who waits has a time limit, and the thread is a daemon, so it does not keep the
process alive either. A thread cannot be ended from outside; one that hangs for good is left behind.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from company.errors import ProviderError

GRACE = 1.0
"""Seconds that a thread has to end."""


class Apart:
    """Calls what is given in a thread of its own; the thread begins with the first call.

    Args:
        name: Name of the thread.
        time_limit: Seconds a call may take.
    """

    def __init__(self, name: str, time_limit: float) -> None:
        self._name, self._time_limit = name, time_limit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        """Something was called, and the thread was not ended since."""
        return self._loop is not None

    async def call(self, what: Callable[[], Awaitable[None]], *, time_limit: float | None = None) -> None:
        """Call and await something there.

        Raises:
            ProviderError: It failed, or took too long; whether it had an effect is unknown.
        """
        limit = self._time_limit if time_limit is None else time_limit
        future = asyncio.run_coroutine_threadsafe(_called(what), self._opened())
        try:
            async with asyncio.timeout(limit):
                await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise ProviderError(f"it took longer than {limit:g} s", retryable=True) from error
        except ProviderError:
            raise
        except Exception as error:
            raise ProviderError(f"{type(error).__name__}: {error}", retryable=True) from error
        finally:
            future.cancel()

    async def close(self) -> None:
        """End the thread when what was called has ended, or leave it behind when it hangs."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            ended = asyncio.run_coroutine_threadsafe(_all_ended(), loop)
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await asyncio.wrap_future(ended)
            loop.call_soon_threadsafe(loop.stop)
            await asyncio.to_thread(thread.join, GRACE)

    def _opened(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            begun: Future[asyncio.AbstractEventLoop] = Future()
            self._thread = threading.Thread(target=_run, args=(begun,), name=self._name, daemon=True)
            self._thread.start()
            self._loop = begun.result()
        return self._loop


async def _all_ended() -> None:
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


async def _called(what: Callable[[], Awaitable[Any]]) -> None:
    await what()


def _run(begun: "Future[asyncio.AbstractEventLoop]") -> None:
    with asyncio.Runner() as runner:
        begun.set_result(runner.get_loop())
        runner.get_loop().run_forever()
