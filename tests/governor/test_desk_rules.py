"""A rule of the desk that docs/safety.md lists."""

from decimal import Decimal

import pytest

from company.trading import Desk, RiskLimits
from company.world import START, MemoryBooks, PaperWorld, VirtualClock


@pytest.fixture
def desk():
    books, clock = MemoryBooks(), VirtualClock(START)
    world = PaperWorld(seed=7, books=books, clock=clock)
    return Desk(venues=world.venues, clock=clock, books=books, limits=RiskLimits())


async def test_a_size_is_never_more_than_was_wanted(desk):
    free = await desk.size("ETH", "buy", "0.9")
    wanted = await desk.size("ETH", "buy", "0.9", at_most=500)

    assert free.notional > 1000
    assert Decimal(450) < wanted.notional <= 500
    assert "risk.wanted" in [clamp.rule for clamp in wanted.clamps]
    assert "risk.wanted" not in [clamp.rule for clamp in free.clamps]
