"""How often a tool is called and how many of its calls are under way: `rate` and `parallel` of its manifest.

A call over the rate is refused at once and says when it may be made again; one over `parallel` waits for its turn as
long as it may take itself, and is refused then. Both refusals come before the tool is called. The counts belong to this
process and to one open company, and a restart forgets them. They hold in any event loop, also in several one after
another. Who gave a call up that hangs in a thread has given its turn back: the thread is not counted.
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING

from company.governor.execution import Ran
from company.toolkit import Manifest, Tool

if TYPE_CHECKING:
    from limits.strategies import MovingWindowRateLimiter

RATE, BUSY = "tool.rate", "tool.busy"
NOT_SENT = frozenset({RATE, BUSY})
"""Rules that refuse a call before its tool is called."""

USUAL = Manifest().parallel


class Turns:
    """Gives the calls of a company's tools their turns."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    async def run(self, tool: Tool, work: Callable[[], Awaitable[Ran]], look: Callable[[], None]) -> Ran:
        """Do `work`, one call of a tool, when its turn comes; refuse it when that is too late.

        Args:
            tool: Whose call it is; one of the framework itself has no limit unless it declares one.
            work: Calls the tool; never raises for what the tool does.
            look: Called after a wait: raises when the call may not be made any more.
        """
        if tool.kind == "bundled" and tool.manifest.parallel == USUAL:
            return self._refused(tool) or await work()
        line = self._lines.setdefault(tool.name, _Line(tool.manifest.parallel))
        waits = not line.enter()
        if waits and not await line.wait(tool.timeout):
            many = f"{tool.name} is busy: {tool.manifest.parallel} calls at the same time are allowed"
            return Ran("retryable", error=f"{many}, and none ended within {tool.timeout:g} s", rule=BUSY)
        try:
            if waits:
                look()
            return self._refused(tool) or await work()
        finally:
            line.leave()

    def _refused(self, tool: Tool) -> Ran | None:
        """Count a call, unless its rate is used up."""
        if not tool.manifest.rate:
            return None
        from limits import parse

        limit = parse(tool.manifest.rate)
        if self._rates.hit(limit, tool.name):
            return None
        wait = max(1, math.ceil(self._rates.get_window_stats(limit, tool.name).reset_time - time.time()))
        often = f"{tool.name} may be called {tool.manifest.rate}"
        return Ran("retryable", error=f"{often}: it may be called again in {wait} s", rule=RATE)

    @cached_property
    def _rates(self) -> "MovingWindowRateLimiter":
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        return MovingWindowRateLimiter(MemoryStorage())


class _Line:
    """The calls of one tool, in the order in which they came; not bound to an event loop."""

    def __init__(self, places: int) -> None:
        self._free, self._lock = places, threading.Lock()
        self._waiting: deque[Future[None]] = deque()

    def enter(self) -> bool:
        """Take a place if there is one now; tell whether there was."""
        with self._lock:
            is_free = self._free > 0
            self._free -= is_free
        return is_free

    async def wait(self, seconds: float) -> bool:
        """Wait in line for a place, at most so long; tell whether there was one."""
        turn: Future[None] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wrap_future(turn)
        except BaseException as error:
            if not turn.cancel():  # its turn came at the very moment it gave up
                self.leave()
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def leave(self) -> None:
        """Give a place to whoever waits longest."""
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            self._free += 1
