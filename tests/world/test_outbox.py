from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import ProviderError
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock
from company.world.outbox import PaperOutbox, letters_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return VirtualClock(NOON)


@pytest.fixture
def books():
    return MemoryBooks()


@pytest.fixture
def outbox(clock, books):
    return PaperOutbox(seed=7, clock=clock, books=books)


async def test_message_is_sent_once_for_its_key(outbox, clock):
    first = await outbox.send("blog", "hello", "key-1")
    clock.advance_to(NOON + timedelta(hours=1))
    assert await outbox.send("social", "something else", "key-1") == first
    assert await outbox.lookup("key-1") == first
    assert (first.id, first.at) == ("M1", NOON)
    assert (await outbox.send("blog", "hello", "key-2")).id == "M2"


async def test_nothing_is_found_under_an_unused_key(outbox):
    assert await outbox.lookup("key-1") is None


async def test_delivery_outlives_the_outbox(outbox, clock, books):
    first = await outbox.send("blog", "hello", "key-1")
    assert await PaperOutbox(seed=7, clock=clock, books=books).lookup("key-1") == first


async def test_inbox_gives_the_newest_letters_first_and_none_from_the_future(outbox):
    letters = await outbox.inbox(30)
    assert len(letters) == 30
    assert [letter.at for letter in letters] == sorted((letter.at for letter in letters), reverse=True)
    assert letters[0].at <= NOON
    assert len({letter.id for letter in letters}) == 30


async def test_letters_arrive_while_time_passes(outbox, clock):
    before = await outbox.inbox(1)
    clock.advance_to(NOON + timedelta(days=1))
    later = await outbox.inbox(20)
    assert 1 <= later.index(before[0]) <= 12


@given(st.integers(0, 50), st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1)))
def test_three_to_six_letters_arrive_each_day_and_always_the_same(seed, day):
    letters = letters_of(seed, day)
    assert 3 <= len(letters) <= 6
    assert letters == letters_of(seed, day)
    assert all(letter.at.date() == day for letter in letters)


def test_month_of_letters_holds_customers_suppliers_spam_and_false_orders():
    days = (NOON.date() - timedelta(days=back) for back in range(30))
    senders = {letter.sender.split("@")[1] for day in days for letter in letters_of(7, day)}
    assert {"mail.example", "northhost.example", "best-links.example", "partner-desk.example"} <= senders


async def test_engagement_grows_with_time_and_never_shrinks(outbox, clock):
    delivery = await outbox.send("blog", "hello", "key-1")
    readings = []
    for hours in (0, 1, 3, 12, 48, 500):
        clock.advance_to(NOON + timedelta(hours=hours))
        readings.append(await outbox.engagement(delivery.id))
    assert readings[0] == {"views": 0, "likes": 0, "replies": 0}
    assert all(a[name] <= b[name] for a, b in pairwise(readings) for name in a)
    assert readings[-1]["views"] > 100


async def test_engagement_of_an_unknown_message_is_an_error(outbox):
    with pytest.raises(ProviderError, match="'M9'"):
        await outbox.engagement("M9")
