"""A post is measured once, a day after it went out, and held against what its channel reached before."""

from datetime import datetime, timedelta
from typing import Any

from company.errors import ProviderError
from company.studio import Studio
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock
from company.world.outbox import PaperOutbox

NOON = datetime.fromisoformat("2026-11-20T12:00:00+00:00")


class Deaf(PaperOutbox):
    """An outbox that cannot tell how posts are doing while `deaf`."""

    deaf = True

    async def engagement(self, id: str) -> dict[str, Any]:
        if self.deaf:
            raise ProviderError("no answer")
        return await super().engagement(id)


def _studio() -> tuple[Studio, Deaf, VirtualClock]:
    clock, books = VirtualClock(NOON), MemoryBooks()
    outbox = Deaf(seed=7, clock=clock, books=books)
    outbox.deaf = False
    return Studio(outbox=outbox, clock=clock, books=books), outbox, clock


async def _publish(studio: Studio, number: int, channel: str = "blog") -> None:
    draft = studio.draft("A calm week.", channel, "our week", "content", key=f"d{number}")
    studio.review(draft.id)
    await studio.publish(draft.id, f"p{number}", version=1)


async def test_a_post_is_measured_when_it_is_a_day_old_and_never_again() -> None:
    studio, _, clock = _studio()
    await _publish(studio, 1)
    assert await studio.received() == []
    clock.advance_to(NOON + timedelta(days=1))
    (first,) = await studio.received()
    clock.advance_to(NOON + timedelta(days=9))
    await studio.publish("D1", "p1", version=1)
    assert await studio.received() == [first]
    assert (first.draft_id, first.topic, first.author, first.expected) == ("D1", "our week", "content", None)


async def test_a_post_is_expected_to_reach_what_its_channel_reached_before() -> None:
    studio, _, clock = _studio()
    for number in range(1, 4):
        await _publish(studio, number)
        await _publish(studio, 10 + number, "newsletter")
        clock.advance_to(NOON + timedelta(days=number))
    blog = [post for post in reversed(await studio.received()) if post.channel == "blog"]
    assert [post.expected for post in blog[:2]] == [None, blog[0].views]
    assert blog[2].expected == min(blog[0].views, blog[1].views)


async def test_a_post_of_which_the_outbox_cannot_tell_is_measured_later_and_given_up_after_a_week() -> None:
    studio, outbox, clock = _studio()
    await _publish(studio, 1)
    outbox.deaf = True
    clock.advance_to(NOON + timedelta(days=2))
    assert await studio.received() == []
    outbox.deaf = False
    assert len(await studio.received()) == 1
    await _publish(studio, 2)
    outbox.deaf = True
    clock.advance_to(NOON + timedelta(days=20))
    assert len(await studio.received()) == 1
    outbox.deaf = False
    assert len(await studio.received()) == 1
