"""How hard one provider may be asked: calls at the same time, calls a minute, tokens a minute.

One limiter for each provider, shared by all roles and runs of the process. Callers are served in the order they came; a
large request at the front is waited for, so that it is never overtaken for ever. After a 429 `hold` pauses everybody:
one role's refusal is news for all of them.

Both rates are token buckets that hold one minute's worth and fill evenly, as those of OpenAI and Anthropic do: after a
quiet time a whole minute's worth may start at once. A request larger than the bucket starts when the bucket is full and
leaves it in debt, which the next ones wait for.

The limiter belongs to one process. Several processes on one home each have their own and may together ask too much;
what keeps them honest is the provider's 429 and its retry-after, which each of them obeys. It is used from one event
loop at a time, and from one loop after another (`asyncio.run` for each command): calls of a loop that ended are
forgotten.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

LONGEST_HOLD = 60.0
"""Seconds that `hold` pauses at most; who asks for longer is left alone by the circuit breaker."""

_MINUTE = 60.0
_NOTHING = 1e-6  # of a request or token: rounding, not worth another wait


@dataclass(slots=True)
class _Bucket:
    """What may still be started: `rate` a minute, `rate` at most; below zero after a request larger than that."""

    rate: int
    level: float
    filled: float = 0.0

    def fill(self, now: float) -> None:
        if now > self.filled:
            self.level = min(self.level + (now - self.filled) * self.rate / _MINUTE, self.rate)
        self.filled = now

    def wait(self, amount: int) -> float:
        """Return the seconds until `amount` may start, or the bucket is full."""
        missing = min(amount, self.rate) - self.level
        return missing * _MINUTE / self.rate if self.rate and missing > _NOTHING else 0.0

    def take(self, amount: int) -> None:
        self.level -= amount if self.rate else 0


@dataclass(slots=True)
class _Floor:
    """The calls of one event loop: those inside, and those that wait in line."""

    loop: asyncio.AbstractEventLoop
    inside: int = 0
    line: deque[tuple[asyncio.Future[None], int]] = field(default_factory=deque)
    timer: asyncio.TimerHandle | None = None


class Limiter:
    """The limits of one provider.

    Args:
        max_parallel: Calls in flight at the same time.
        requests_per_minute: Calls begun in a minute; 0 for no limit.
        tokens_per_minute: Tokens asked for in a minute, prompt and longest answer; 0 for no limit.
    """

    def __init__(self, *, max_parallel: int, requests_per_minute: int = 0, tokens_per_minute: int = 0) -> None:
        self._max_parallel = max_parallel
        self._requests = _Bucket(requests_per_minute, float(requests_per_minute))
        self._tokens = _Bucket(tokens_per_minute, float(tokens_per_minute))
        self._held_until = 0.0
        self._floor: _Floor | None = None

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[None]:
        """Wait for a turn, and keep it while the call is in flight.

        Args:
            tokens: Tokens the call may cost at most, prompt and answer.
        """
        floor = self._here()
        await self._enter(floor, tokens)
        try:
            yield
        finally:
            floor.inside -= 1
            self._serve(floor)

    def hold(self, seconds: float) -> None:
        """Let nobody begin for a while; calls in flight go on. A shorter hold does not end a longer one."""
        floor = self._here()
        self._held_until = max(self._held_until, floor.loop.time() + min(max(seconds, 0.0), LONGEST_HOLD))

    def _here(self) -> _Floor:
        """Return the floor of the running loop; a new loop gets a new one."""
        loop = asyncio.get_running_loop()
        if self._floor is None or self._floor.loop is not loop:
            if self._floor is not None and self._floor.loop.is_running():
                raise RuntimeError("a limiter is used from one event loop at a time")
            self._floor = _Floor(loop)
            now = loop.time()
            self._held_until = min(self._held_until, now + LONGEST_HOLD)
            self._requests.filled, self._tokens.filled = min(self._requests.filled, now), min(self._tokens.filled, now)
        return self._floor

    async def _enter(self, floor: _Floor, tokens: int) -> None:
        turn: asyncio.Future[None] = floor.loop.create_future()
        floor.line.append((turn, tokens))
        self._serve(floor)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # its turn came at the very moment it was cancelled
                floor.inside -= 1
                self._requests.take(-1)
                self._tokens.take(-tokens)
            self._serve(floor)
            raise

    def _serve(self, floor: _Floor) -> None:
        """Let in who may begin, from the front of the line; come back when the next one may."""
        if floor.timer is not None:
            floor.timer.cancel()
            floor.timer = None
        while floor.line and floor is self._floor:
            turn, tokens = floor.line[0]
            if turn.done():  # cancelled while it waited
                floor.line.popleft()
                continue
            if floor.inside >= self._max_parallel:
                return
            if (wait := self._wait(floor.loop.time(), tokens)) > 0:
                floor.timer = floor.loop.call_later(wait, self._serve, floor)
                return
            floor.line.popleft()
            floor.inside += 1
            self._requests.take(1)
            self._tokens.take(tokens)
            turn.set_result(None)

    def _wait(self, now: float, tokens: int) -> float:
        self._requests.fill(now)
        self._tokens.fill(now)
        return max(self._held_until - now, self._requests.wait(1), self._tokens.wait(tokens))
