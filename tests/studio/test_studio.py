import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import ProviderError, ToolError
from company.studio import Studio
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock
from company.world.outbox import PaperOutbox

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def messages(books):
    return [document["text"] for _, document in books.items("outbox.delivery")]


def test_draft_is_kept_once_for_its_key(studio, draft):
    first = draft()
    assert (first.id, first.version, first.status, first.findings) == ("D1", 1, "drafted", None)
    assert first.hash == sha256(b"A calm week.").hexdigest()
    assert draft() == first
    assert draft(key="draft-2").id == "D2"
    assert studio.get("D1") == first


def test_unknown_channel_names_the_known_ones(draft):
    with pytest.raises(ToolError, match=r"'radio'.*blog, social, newsletter"):
        draft(channel="radio")


def test_unknown_draft_is_an_error_the_model_can_act_on(studio):
    with pytest.raises(ToolError, match="'D9'"):
        studio.review("D9")


def test_review_says_what_to_change_and_marks_the_draft(studio, draft):
    draft("You should buy now!!")
    review = studio.review("D1")
    assert not review.ok
    assert {finding.rule for finding in review.findings} == {"advice", "tone"}
    assert studio.get("D1").status == "rejected"


async def test_draft_without_a_good_review_is_not_published(studio, draft, outbox, books):
    draft("You should buy now!!")
    with pytest.raises(ToolError, match="no review yet"):
        await studio.publish("D1", "pub-1", version=1)
    studio.review("D1")
    with pytest.raises(ToolError, match="advice"):
        await studio.publish("D1", "pub-1", version=1)
    assert messages(books) == []


async def test_reviewed_draft_is_published_with_proof(studio, draft, outbox):
    draft()
    assert studio.review("D1").ok
    published = await studio.publish("D1", "pub-1", version=1)
    delivery = await outbox.lookup("pub-1")
    assert delivery is not None
    assert (published.delivery_id, published.at, published.channel) == (delivery.id, NOON, "social")
    assert published.text_hash == sha256(b"A calm week.").hexdigest()
    assert studio.get("D1").status == "published"


async def test_changed_draft_needs_a_new_review(studio, draft):
    draft()
    studio.review("D1")
    revised = studio.revise("D1", "A calmer week.", key="revise-1")
    assert (revised.version, revised.status, revised.findings) == (2, "drafted", None)
    assert studio.revise("D1", "A calmer week.", key="revise-1") == revised
    with pytest.raises(ToolError, match=r"version 2 .* no review yet"):
        await studio.publish("D1", "pub-1", version=1)
    assert [version.text for version in studio.versions("D1")] == ["A calm week.", "A calmer week."]


async def test_published_draft_can_neither_change_nor_go_out_again(studio, draft, outbox, books):
    draft()
    studio.review("D1")
    first = await studio.publish("D1", "pub-1", version=1)
    assert await studio.publish("D1", "pub-1", version=1) == first
    with pytest.raises(ToolError, match="published already"):
        await studio.publish("D1", "pub-2", version=1)
    with pytest.raises(ToolError, match="is published"):
        studio.revise("D1", "x", key="revise-1")
    with pytest.raises(ToolError, match="is published"):
        studio.schedule("D1", NOON + timedelta(hours=1), "schedule-1")
    assert studio.review("D1").ok
    assert studio.get("D1").status == "published"
    assert len(messages(books)) == 1


async def test_schedule_puts_a_reviewed_draft_into_the_agenda_until_it_is_out(studio, draft, clock):
    for number in (1, 2):
        draft(key=f"draft-{number}")
        studio.review(f"D{number}")
    later = studio.schedule("D1", NOON + timedelta(hours=2), "schedule-1")
    assert studio.schedule("D1", NOON + timedelta(hours=2), "schedule-1") == later
    studio.schedule("D2", NOON + timedelta(hours=1), "schedule-2")
    assert [entry.draft_id for entry in studio.agenda()] == ["D2", "D1"]
    clock.advance_to(NOON + timedelta(minutes=90))
    assert [entry.draft_id for entry in studio.due(clock.now())] == ["D2"]
    assert studio.get("D2").status == "scheduled"
    await studio.publish("D2", "pub-1", version=1)
    assert [entry.draft_id for entry in studio.agenda()] == ["D1"]
    studio.revise("D1", "Changed.", key="revise-1")
    assert studio.agenda() == []


def test_scheduled_draft_stays_scheduled_when_it_is_reviewed_again(studio, draft):
    draft()
    studio.review("D1")
    studio.schedule("D1", NOON + timedelta(hours=2), "schedule-1")
    studio.review("D1")
    assert studio.get("D1").status == "scheduled"


@pytest.mark.parametrize("at", [NOON, NOON - timedelta(seconds=1), (NOON + timedelta(days=1)).replace(tzinfo=None)])
def test_schedule_refuses_a_time_that_is_past_or_has_no_zone(studio, draft, at):
    draft()
    studio.review("D1")
    with pytest.raises(ToolError, match="not a future time"):
        studio.schedule("D1", at, "schedule-1")
    assert studio.agenda() == []


async def test_find_publication_knows_nothing_of_an_unused_key(studio):
    assert await studio.find_publication("pub-1") is None


async def test_letters_are_the_inbox(studio, outbox):
    assert await studio.letters(3) == list(await outbox.inbox(3))


class Crash(Exception):  # it stands for the end of a process, not for an error
    """The process died here."""


class Fuse:
    """Counts steps and crashes once, before the chosen one."""

    def __init__(self, at):
        self.steps, self.at = count(), at

    def burn(self):
        if next(self.steps) == self.at:
            raise Crash


class CrashingBooks(MemoryBooks):
    """Books that may crash before any write."""

    def __init__(self, fuse):
        super().__init__()
        self.fuse = fuse

    def put(self, kind, key, document):
        self.fuse.burn()
        super().put(kind, key, document)

    def delete(self, kind, key):
        self.fuse.burn()
        return super().delete(kind, key)


class CrashingOutbox(PaperOutbox):
    """An outbox that may crash before or after it took a message."""

    def __init__(self, fuse, **parts):
        super().__init__(**parts)
        self.fuse = fuse

    async def send(self, channel, text, key):
        self.fuse.burn()
        delivery = await super().send(channel, text, key)
        self.fuse.burn()
        return delivery


def crashing_studio(at):
    clock, fuse, sent = VirtualClock(NOON), Fuse(-1), MemoryBooks()
    outbox = CrashingOutbox(fuse, seed=7, clock=clock, books=sent)
    studio = Studio(outbox=outbox, clock=clock, books=CrashingBooks(fuse))
    studio.draft("A calm week.", "social", "our week", "content", key="draft-1")
    studio.review("D1")
    fuse.steps, fuse.at = count(), at
    return studio, sent


STEPS_OF_PUBLISH = 8  # two notes, before and after sending, four notes
SENT = 3  # the first step at which the outbox has the message


async def test_publish_has_the_steps_that_the_crash_tests_walk_through():
    studio, _ = crashing_studio(STEPS_OF_PUBLISH)
    await studio.publish("D1", "pub-1", version=1)


@pytest.mark.parametrize("at", range(STEPS_OF_PUBLISH))
async def test_publish_that_crashed_anywhere_is_finished_by_the_same_key(at):
    studio, sent = crashing_studio(at)
    with pytest.raises(Crash):
        await studio.publish("D1", "pub-1", version=1)
    found = await studio.find_publication("pub-1")
    published = await studio.publish("D1", "pub-1", version=1)
    assert found == (published if at >= SENT else None)
    assert messages(sent) == ["A calm week."]
    assert studio.get("D1").status == "published"
    assert await studio.publish("D1", "pub-1", version=1) == published


@pytest.mark.parametrize("at", range(STEPS_OF_PUBLISH))
async def test_publish_that_crashed_is_finished_by_another_run_without_a_second_message(at):
    studio, sent = crashing_studio(at)
    with pytest.raises(Crash):
        await studio.publish("D1", "pub-1", version=1)
    other = await studio.publish("D1", "pub-2", version=1)
    assert messages(sent) == ["A calm week."]
    assert await studio.publish("D1", "pub-2", version=1) == other
    if at >= 2:  # the first call had noted its intent
        assert await studio.publish("D1", "pub-1", version=1) == other


@pytest.mark.parametrize("at", [2, 3])
async def test_text_on_its_way_out_is_frozen(at):
    studio, _ = crashing_studio(at)
    with pytest.raises(Crash):
        await studio.publish("D1", "pub-1", version=1)
    with pytest.raises(ToolError, match="on its way out"):
        studio.revise("D1", "Something else.", key="revise-1")
    with pytest.raises(ToolError, match="on its way out"):
        studio.schedule("D1", NOON + timedelta(hours=1), "schedule-1")


class ClosedOutbox(PaperOutbox):
    """An outbox that does not answer."""

    async def send(self, channel, text, key):
        raise ProviderError("the outbox is down", retryable=True)


async def test_outbox_that_is_down_leaves_the_draft_unpublished(clock, books):
    studio = Studio(outbox=ClosedOutbox(seed=7, clock=clock, books=books), clock=clock, books=books)
    studio.draft("A calm week.", "social", "our week", "content", key="draft-1")
    studio.review("D1")
    with pytest.raises(ProviderError):
        await studio.publish("D1", "pub-1", version=1)
    assert await studio.find_publication("pub-1") is None
    assert studio.get("D1").status == "drafted"


@pytest.mark.parametrize("at", range(4))
def test_draft_and_revision_that_crashed_leave_nothing_half_done(at):
    fuse = Fuse(at)
    books, clock = CrashingBooks(fuse), VirtualClock(NOON)
    studio = Studio(outbox=PaperOutbox(seed=7, clock=clock, books=books), clock=clock, books=books)

    def work():
        studio.draft("One.", "blog", "t", "content", key="draft-1")
        return studio.revise("D1", "Two.", key="revise-1")

    with pytest.raises(Crash):
        work()
    assert work().version == 2
    assert [version.text for version in studio.versions("D1")] == ["One.", "Two."]


@given(
    st.lists(st.tuples(st.sampled_from(["review", "revise", "publish", "schedule"]), st.integers(1, 3)), max_size=14)
)
def test_only_text_whose_review_was_good_ever_goes_out_and_only_once(steps):
    clock, books = VirtualClock(NOON), MemoryBooks()
    outbox = PaperOutbox(seed=7, clock=clock, books=books)
    studio = Studio(outbox=outbox, clock=clock, books=books)
    studio.draft("A calm week.", "social", "t", "content", key="draft-1")
    texts = {1: "You should buy now.", 2: "A calm week.", 3: "Fine weather."}
    good: set[str] = set()

    async def act(verb, number):
        if verb == "review" and studio.review("D1").ok:
            good.add(studio.get("D1").hash)
        elif verb == "revise":
            studio.revise("D1", texts[number], key=f"revise-{number}")
        elif verb == "publish":
            await studio.publish("D1", f"pub-{number}", version=studio.get("D1").version)
        elif verb == "schedule":
            studio.schedule("D1", NOON + timedelta(hours=number), f"schedule-{number}")

    async def play():
        for verb, number in steps:
            try:
                await act(verb, number)
            except ToolError:
                continue

    asyncio.run(play())
    sent = [document["text"] for _, document in books.items("outbox.delivery")]
    assert len(sent) <= 1
    assert all(sha256(text.encode()).hexdigest() in good for text in sent)
    assert "You should buy now." not in sent


async def test_another_version_than_was_meant_is_not_published(studio, outbox):
    studio.draft("We finished 2 cycles.", "social", "week", "content", figures=["2"], key="draft")
    studio.revise("D1", "We finished 3 cycles.", figures=["3"], key="revise")
    assert studio.review("D1").ok
    with pytest.raises(ToolError, match="has version 2, not 1"):
        await studio.publish("D1", "publish", version=1)
    assert await outbox.lookup("publish") is None
