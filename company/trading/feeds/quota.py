"""How often a provider may be asked: its published quotas, counted here so that it never has to say no.

Every window is a moving one (`limits`): at no moment do the requests of the last minute or day exceed the quota,
whenever the provider's own windows begin. A request passes when all windows have room, and then counts in all of them.
The count belongs to this process; what a provider says itself comes on top: after a `Retry-After` it is left alone.
"""

import asyncio
import math
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from company.errors import UsageError
from company.trading.feeds.faults import FeedError

Sleep = Callable[[float], Awaitable[None]]

_SHORTEST = 0.001  # seconds of a wait: the rounding of floats must not make one that never ends


@dataclass(frozen=True, slots=True)
class Window:
    """One quota now: what it says, how many requests are left in it, and the seconds until it has room again."""

    quota: str
    left: int
    free_in: float


class Moments(MemoryStorage):
    """Keeps when requests were made: the memory of `limits`, with a clock that is given to it, and no task of its own.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._made: defaultdict[str, deque[float]] = defaultdict(deque)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count requests, unless there would be more than `limit` within the last `expiry` seconds."""
        made = self._kept(key, expiry)
        if len(made) + amount > limit:
            return False
        made.extend([self._now()] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest request of the last `expiry` seconds was made, and how many there were."""
        made = self._kept(key, expiry)
        return (made[0] if made else self._now()), len(made)

    def _kept(self, key: str, expiry: int) -> deque[float]:
        made = self._made[key]
        while made and made[0] + expiry <= self._now():
            made.popleft()
        return made


def read_quotas(texts: Sequence[str], *, where: str) -> list[RateLimitItem]:
    """Read quotas such as `8/minute`, `800/day` or `1 per 2 second`.

    Raises:
        UsageError: A text is none.
    """
    found: list[RateLimitItem] = []
    for text in texts:
        try:
            found += parse_many(text)
        except ValueError:
            raise UsageError(f"{text!r} is no quota", where=where, cure="write it as 8/minute or 800/day") from None
    return found


class Quota:
    """The quotas of one provider.

    Args:
        provider: Its name, for errors.
        windows: What it allows; none for no limit.
        patience: Longest wait for room, in seconds; who would wait longer is told so at once.
        now: Monotonic seconds.
        sleep: Waits.
    """

    def __init__(
        self,
        provider: str,
        windows: Sequence[RateLimitItem],
        *,
        patience: float,
        now: Callable[[], float],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._provider, self._windows = provider, windows
        self._patience, self._now, self._sleep = patience, now, sleep
        self._limiter = MovingWindowRateLimiter(Moments(now))
        self._held_until = -math.inf

    async def take(self) -> None:
        """Count one request, waiting for room when that is short.

        Raises:
            FeedError: There is no room for longer than anybody waits (`exhausted`).
        """
        waited = 0.0
        while (wait := await self._wait()) > 0:
            if waited + wait > self._patience:
                raise FeedError(f"{self._provider}: {await self._why(wait)}", kind="exhausted", retry_after=wait)
            await self._sleep(max(wait, _SHORTEST))
            waited += max(wait, _SHORTEST)
        for window in self._windows:
            await self._limiter.hit(window)

    def hold(self, seconds: float) -> None:
        """Leave the provider alone for a while; a shorter time does not end a longer one."""
        self._held_until = max(self._held_until, self._now() + seconds)

    async def left(self) -> list[Window]:
        """Return what is left of each quota."""
        return [await self._window(window) for window in self._windows]

    async def _window(self, window: RateLimitItem) -> Window:
        stats = await self._limiter.get_window_stats(window)
        free_in = 0.0 if stats.remaining > 0 else max(0.0, stats.reset_time - self._now())
        return Window(str(window), max(0, stats.remaining), free_in)

    async def _wait(self) -> float:
        return max([self._held_until - self._now(), *(window.free_in for window in await self.left())])

    async def _why(self, wait: float) -> str:
        used_up = [window.quota for window in await self.left() if window.free_in >= wait]
        what = f"the quota of {used_up[0]} is used up" if used_up else "it asked to be left alone"
        return f"{what}; asked again in {wait:.0f} s"
