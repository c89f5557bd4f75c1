from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

import pytest

from company.ports import Venue
from company.trading import Desk, RiskLimits
from company.world import START, MemoryBooks, PaperWorld, VirtualClock


class Office:
    """A desk over a fresh paper world, with everything that a test turns.

    Args:
        limits: The desk's limits.
        around: Wraps venues of the world by name.
    """

    def __init__(
        self,
        *,
        limits: RiskLimits | None = None,
        around: Mapping[str, Callable[[Venue], Venue]] = MappingProxyType({}),
    ) -> None:
        self.limits = limits or RiskLimits()
        self.books = MemoryBooks()
        self.clock = VirtualClock(START)
        self.world = PaperWorld(seed=7, books=self.books, clock=self.clock)
        self.venues: dict[str, Venue] = {
            name: around[name](venue) if name in around else venue for name, venue in self.world.venues.items()
        }
        self.desk = self.reopen()

    def reopen(self) -> Desk:
        """A desk that knows only what is in the books, as after a restart."""
        return Desk(venues=self.venues, clock=self.clock, books=self.books, limits=self.limits)

    def pass_time(self, **span: float) -> None:
        """Let the world go on."""
        self.world.advance_to(self.clock.now() + timedelta(**span))


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def open_office() -> type[Office]:
    return Office
