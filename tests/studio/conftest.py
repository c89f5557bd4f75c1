from datetime import UTC, datetime

import pytest

from company.studio import Studio
from company.world.books import MemoryBooks
from company.world.clock import VirtualClock
from company.world.outbox import PaperOutbox

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


@pytest.fixture
def studio(outbox, clock, books):
    return Studio(outbox=outbox, clock=clock, books=books)


@pytest.fixture
def draft(studio):
    """A draft of the content role; texts and keys by argument."""

    def make(text="A calm week.", channel="social", figures=(), key="draft-1"):
        return studio.draft(text, channel, "our week", "content", figures=figures, key=key)

    return make
