"""One question at a time: who asks the same while it is under way waits for its answer instead of asking again."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Flights:
    """Questions under way, by key."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    async def once(self, key: str, ask: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
        """Ask, or wait for who asked already; all get the same answer or the same error.

        Somebody who is cancelled takes the answer from nobody else.
        """
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.get_running_loop().create_task(ask())
            task.add_done_callback(lambda done: self._landed(key, done))
        result: _Result = await asyncio.shield(task)
        return result

    def _landed(self, key: str, task: asyncio.Task[Any]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled():
            task.exception()  # all who asked may be gone; asyncio would complain about an error nobody saw
