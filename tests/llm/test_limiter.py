"""The limiter, on an event loop whose time passes only while everybody waits."""

import asyncio
import selectors
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.llm.limiter import Limiter


class Jumping(selectors.DefaultSelector):
    """A selector that waits for no timer: it moves the clock to it."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = Jumping()
        super().__init__(self.selector)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.selector.now


def play(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class Calls:
    """Calls through one limiter, with the times they started at."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.started: list[tuple[float, int]] = []
        self.inside = self.most = 0

    async def call(self, name: int, *, tokens: int = 1, lasts: float = 1.0) -> None:
        async with self.limiter.slot(tokens):
            self.started.append((asyncio.get_running_loop().time(), name))
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                await asyncio.sleep(lasts)
            finally:
                self.inside -= 1

    async def all(self, count: int, **how: Any) -> None:
        await asyncio.gather(*(self.call(number, **how) for number in range(count)))

    @property
    def times(self) -> list[float]:
        return [round(time, 6) for time, _ in self.started]

    @property
    def order(self) -> list[int]:
        return [name for _, name in self.started]


def test_calls_beyond_the_limit_wait_and_come_in_the_order_they_asked() -> None:
    calls = Calls(Limiter(max_parallel=2))

    play(calls.all(6))

    assert calls.times == [0, 0, 1, 1, 2, 2]
    assert calls.order == [0, 1, 2, 3, 4, 5]
    assert calls.most == 2


def test_a_minutes_worth_starts_at_once_and_the_rest_evenly() -> None:
    calls = Calls(Limiter(max_parallel=99, requests_per_minute=6))

    play(calls.all(9))

    assert calls.times == [0, 0, 0, 0, 0, 0, 10, 20, 30]


def test_tokens_are_counted_too() -> None:
    calls = Calls(Limiter(max_parallel=99, tokens_per_minute=600))

    play(calls.all(4, tokens=300))

    assert calls.times == [0, 0, 30, 60]


def test_a_prompt_larger_than_a_minutes_worth_starts_when_the_bucket_is_full_and_is_paid_for_later() -> None:
    calls = Calls(Limiter(max_parallel=99, tokens_per_minute=600))

    async def work() -> None:
        await asyncio.gather(calls.call(0, tokens=60), calls.call(1, tokens=1200), calls.call(2, tokens=60))

    play(work())

    assert calls.times == [0, 6, 6 + 60 + 6]


def test_a_large_call_is_not_overtaken_by_small_ones() -> None:
    calls = Calls(Limiter(max_parallel=99, tokens_per_minute=600))

    async def work() -> None:
        await calls.call(0, tokens=600)
        await asyncio.gather(calls.call(1, tokens=500), *(calls.call(n, tokens=1) for n in range(2, 9)))

    play(work())

    assert calls.order == list(range(9))


def test_a_hold_pauses_everybody_and_a_shorter_one_does_not_end_it() -> None:
    calls = Calls(Limiter(max_parallel=9))

    async def work() -> None:
        calls.limiter.hold(20)
        calls.limiter.hold(5)
        await calls.all(3)

    play(work())

    assert calls.times == [20, 20, 20]


def test_a_hold_reaches_those_who_wait_already() -> None:
    calls = Calls(Limiter(max_parallel=1))

    async def work() -> None:
        waiting = asyncio.create_task(calls.all(2))
        await asyncio.sleep(0.5)
        calls.limiter.hold(10)
        await waiting

    play(work())

    assert calls.times == [0, 10.5]


def test_a_hold_is_never_longer_than_a_minute() -> None:
    calls = Calls(Limiter(max_parallel=1))

    async def work() -> None:
        calls.limiter.hold(86_400)
        await calls.all(1)

    play(work())

    assert calls.times == [60]


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_a_cancelled_waiter_leaves_no_trace() -> None:
    calls = Calls(Limiter(max_parallel=1, requests_per_minute=60))

    async def work() -> None:
        tasks = [asyncio.create_task(calls.call(number, lasts=5)) for number in range(4)]
        await asyncio.sleep(1)
        await cancelled(tasks[1])
        await cancelled(tasks[2])
        await tasks[3]

    play(work())

    assert calls.order == [0, 3]
    assert calls.times == [0, 5]


def test_a_waiter_that_is_cancelled_in_the_moment_of_its_turn_gives_it_on() -> None:
    calls = Calls(Limiter(max_parallel=1, requests_per_minute=2, tokens_per_minute=600))

    async def work() -> None:
        async with calls.limiter.slot(100):
            tasks = [asyncio.create_task(calls.call(number, tokens=500)) for number in range(2)]
            await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    play(work())

    assert calls.order == [1]
    assert calls.times == [0]


def test_a_call_that_fails_gives_its_place_back() -> None:
    calls = Calls(Limiter(max_parallel=1))

    async def work() -> None:
        with suppress(ZeroDivisionError):
            async with calls.limiter.slot(1):
                raise ZeroDivisionError
        await calls.call(0)

    play(work())

    assert calls.times == [0]


def test_one_limiter_serves_one_loop_after_another() -> None:
    calls = Calls(Limiter(max_parallel=1, requests_per_minute=60))

    for _ in range(3):
        asyncio.run(calls.all(2, lasts=0))

    assert len(calls.started) == 6


def test_calls_of_a_loop_that_was_killed_are_forgotten() -> None:
    limiter = Limiter(max_parallel=1)
    loop = VirtualLoop()
    left = limiter.slot(1)
    loop.run_until_complete(left.__aenter__())
    loop.close()
    calls = Calls(limiter)

    play(calls.all(2))

    assert calls.times == [0, 1]


def test_two_loops_at_once_are_a_mistake() -> None:
    limiter = Limiter(max_parallel=1)

    async def inner() -> None:
        async with limiter.slot(1):
            pass

    async def outer() -> None:
        async with limiter.slot(1):
            await asyncio.to_thread(asyncio.run, inner())

    with pytest.raises(RuntimeError, match="one event loop at a time"):
        asyncio.run(outer())


request = st.fixed_dictionaries(
    {
        "after": st.floats(0, 30),
        "tokens": st.integers(0, 3000),
        "lasts": st.floats(0, 40),
        "cancel": st.one_of(st.none(), st.none(), st.floats(0, 60)),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(request, min_size=1, max_size=25),
    st.integers(1, 4),
    st.sampled_from([0, 3, 30]),
    st.sampled_from([0, 999]),
)
def test_limits_hold_in_every_minute_and_nobody_starves(
    requests: list[dict[str, Any]], parallel: int, rpm: int, tpm: int
) -> None:
    calls = Calls(Limiter(max_parallel=parallel, requests_per_minute=rpm, tokens_per_minute=tpm))

    async def one(number: int, asked: dict[str, Any]) -> bool:
        await asyncio.sleep(asked["after"])
        work = asyncio.create_task(calls.call(number, tokens=asked["tokens"], lasts=asked["lasts"]))
        try:
            await asyncio.wait_for(work, asked["cancel"])
        except TimeoutError:
            return False
        return True

    async def work() -> list[bool]:
        return await asyncio.gather(*(one(number, asked) for number, asked in enumerate(requests)))

    done = play(work())

    assert calls.most <= parallel
    assert all(finished or asked["cancel"] is not None for finished, asked in zip(done, requests, strict=True))
    starts = [time for time, _ in calls.started]
    assert not rpm or all(sum(start <= other < start + 60 for other in starts) <= 2 * rpm for start in starts)
    tokens = {number: asked["tokens"] for number, asked in enumerate(requests)}
    for begin in starts if tpm else []:
        window = [tokens[name] for time, name in calls.started if begin <= time < begin + 60]
        assert sum(window) <= 2 * tpm + max(window)


def test_waiting_costs_no_polling() -> None:
    calls = Calls(Limiter(max_parallel=9, requests_per_minute=1))
    turns = 0

    async def work() -> None:
        nonlocal turns
        loop = asyncio.get_running_loop()
        begin = loop.call_later

        def counted(*args: Any, **kwargs: Any) -> asyncio.TimerHandle:
            nonlocal turns
            turns += 1
            return begin(*args, **kwargs)

        loop.call_later = counted  # type: ignore[method-assign]
        await calls.all(5, lasts=0)

    play(work())

    assert calls.times == [0, 60, 120, 180, 240]
    assert turns < 20
