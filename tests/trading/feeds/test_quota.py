"""Laws of the quotas, in any order of asking and waiting."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import UsageError
from company.trading.feeds import FeedError
from company.trading.feeds.quota import Quota, read_quotas
from tests.trading.feeds.conftest import TestClock

WINDOWS = st.sampled_from([["3/second"], ["8/minute", "20/day"], ["2/second", "5/minute"], ["1 per 2 second"]])
SECONDS = {"3/second": 1, "2/second": 1, "1 per 2 second": 2, "8/minute": 60, "5/minute": 60, "20/day": 86_400}


def quota(texts: list[str], clock: TestClock, patience: float = 5.0) -> Quota:
    return Quota("p", read_quotas(texts, where="here"), patience=patience, now=clock.monotonic, sleep=clock.sleep)


@given(WINDOWS, st.lists(st.floats(0, 40), max_size=40), st.sampled_from([0.0, 5.0, 90_000.0]))
async def test_no_moving_window_ever_holds_more_requests_than_the_quota(
    texts: list[str], pauses: list[float], patience: float
) -> None:
    clock = TestClock()
    bucket, made = quota(texts, clock, patience), []
    for pause in pauses:
        clock.passed += pause
        with suppress(FeedError):
            await bucket.take()
            made.append(clock.passed)
    for text in texts:
        most, size = int(text.split("/")[0].split(" ")[0]), SECONDS[text]
        for start in made:
            assert sum(start <= at < start + size - 1e-6 for at in made) <= most


@given(WINDOWS, st.integers(1, 30))
async def test_whoever_waits_long_enough_gets_through(texts: list[str], times: int) -> None:
    clock = TestClock()
    bucket = quota(texts, clock, patience=200_000)
    for _ in range(times):
        await bucket.take()
    assert clock.passed >= 0


async def test_many_who_ask_at_once_share_one_quota() -> None:
    clock = TestClock()
    bucket = quota(["3/second"], clock, patience=100)
    await asyncio.gather(*(bucket.take() for _ in range(9)))
    assert clock.passed >= 2


async def test_who_would_wait_too_long_is_told_at_once_how_long() -> None:
    clock = TestClock()
    bucket = quota(["2/day"], clock)
    await bucket.take()
    await bucket.take()
    clock.passed = 86_000

    with pytest.raises(FeedError, match=r"p: the quota of 2 per 1 day is used up; asked again in 400 s") as caught:
        await bucket.take()

    assert (caught.value.kind, caught.value.retry_after, clock.slept) == ("exhausted", 400.0, [])


async def test_a_request_that_one_window_refuses_counts_in_none() -> None:
    clock = TestClock()
    bucket = quota(["1/minute", "10/day"], clock)
    await bucket.take()
    for _ in range(5):
        with pytest.raises(FeedError):
            await bucket.take()
    assert [(window.quota, window.left) for window in await bucket.left()] == [
        ("1 per 1 minute", 0),
        ("10 per 1 day", 9),
    ]


async def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    clock = TestClock()
    bucket = quota([], clock)
    bucket.hold(100)
    bucket.hold(1)
    clock.passed = 99.5
    await bucket.take()
    assert clock.slept == [0.5]


@pytest.mark.parametrize("text", ["many", "0/never", "-1/minute", ""])
def test_what_is_no_quota_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no quota") as caught:
        read_quotas([text], where="data.providers.yahoo.quotas")
    assert caught.value.where == "data.providers.yahoo.quotas"
