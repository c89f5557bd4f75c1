"""Laws of the circuit breaker."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.feeds import FeedError
from company.trading.feeds.breaker import Breaker
from company.trading.feeds.faults import AGAINST, Kind
from tests.trading.feeds.conftest import TestClock

KINDS: list[Kind] = ["down", "busy", "exhausted", "malformed", "key", "refused", "unknown", "unsupported", "empty"]


def ask(breaker: Breaker, kind: Kind | None) -> bool:
    """Ask once, failing as told; False when the breaker let nobody through."""
    passed = False
    with suppress(FeedError), breaker.guard():
        passed = True
        if kind is not None:
            raise FeedError("no", kind=kind)
    return passed


@given(st.lists(st.tuples(st.sampled_from([None, *KINDS]), st.floats(0, 400)), max_size=60))
def test_it_lets_nobody_through_while_open_and_opens_only_after_three_failures_in_a_row(steps: list) -> None:
    clock = TestClock()
    breaker, row = Breaker("p", now=clock.monotonic), 0
    for kind, pause in steps:
        state = breaker.state
        assert (state == "closed") == (row < 3)
        passed = ask(breaker, kind)
        assert passed == (state != "open")
        if passed:
            row = row + 1 if kind in AGAINST else 0
            assert breaker.state == ("closed" if row < 3 else "open")
        assert breaker.left <= 300
        clock.passed += pause


def test_each_failed_probe_doubles_the_rest_up_to_five_minutes() -> None:
    clock = TestClock()
    breaker = Breaker("p", now=clock.monotonic)
    for _ in range(3):
        ask(breaker, "down")
    rests = []
    for _ in range(6):
        rests.append(breaker.left)
        clock.passed += breaker.left
        ask(breaker, "down")
    assert rests == [30, 60, 120, 240, 300, 300]
    clock.passed += 300
    ask(breaker, None)
    for _ in range(3):
        ask(breaker, "down")
    assert breaker.left == 30


def test_half_open_lets_one_through_and_says_so_to_the_others() -> None:
    clock = TestClock()
    breaker = Breaker("p", now=clock.monotonic)
    for _ in range(3):
        ask(breaker, "down")
    clock.passed = 30
    with breaker.guard():
        assert breaker.state == "half-open"
        with pytest.raises(FeedError, match="p rests after failing: no; being tried once more"), breaker.guard():
            raise AssertionError("a second probe")
    assert breaker.state == "closed"


def test_a_probe_that_is_cancelled_leaves_the_place_to_the_next() -> None:
    clock = TestClock()
    breaker = Breaker("p", now=clock.monotonic)
    for _ in range(3):
        ask(breaker, "down")
    clock.passed = 30
    with suppress(asyncio.CancelledError), breaker.guard():
        raise asyncio.CancelledError
    assert breaker.state == "half-open"
    assert ask(breaker, None)
    assert breaker.state == "closed"
