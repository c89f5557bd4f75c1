from datetime import UTC, datetime, timedelta, timezone

import pytest

from company.world import VirtualClock, WallClock

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def test_virtual_clock_stands_still_until_it_is_moved():
    clock = VirtualClock(NOON)

    assert (clock.now(), clock.monotonic()) == (NOON, 0)
    assert (clock.now(), clock.monotonic()) == (NOON, 0)


def test_virtual_clock_counts_the_seconds_it_was_moved():
    clock = VirtualClock(NOON)

    clock.advance_to(NOON + timedelta(minutes=90))
    clock.advance_to(NOON + timedelta(minutes=90))

    assert clock.now() == NOON + timedelta(minutes=90)
    assert clock.monotonic() == 5400


def test_virtual_clock_never_goes_back():
    clock = VirtualClock(NOON)

    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance_to(NOON - timedelta(microseconds=1))

    assert clock.now() == NOON


def test_virtual_clock_speaks_utc_whatever_zone_it_is_told():
    clock = VirtualClock(NOON.astimezone(timezone(timedelta(hours=9))))

    assert clock.now().tzinfo is UTC
    assert clock.now() == NOON


def test_virtual_clock_refuses_a_time_without_a_zone():
    with pytest.raises(ValueError, match="no time zone"):
        VirtualClock(NOON.replace(tzinfo=None))


def test_wall_clock_is_aware_and_does_not_go_back():
    clock = WallClock()
    first, second = clock.monotonic(), clock.monotonic()

    assert clock.now().tzinfo is UTC
    assert second >= first
