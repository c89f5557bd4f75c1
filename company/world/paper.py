"""The paper world assembled: one market, one clock, three venues over one set of books.

News, traffic and outbox belong to the world too; they hang on the same seed, clock and `market`.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from company.errors import UsageError
from company.ports import Books
from company.world.clock import VirtualClock, WallClock
from company.world.market import Market
from company.world.quotes import Microstructure
from company.world.venue import PaperVenue

OPENING: Final = MappingProxyType({"USDT": Decimal(100_000), "BTC": Decimal("0.05")})
"""What each of the three accounts starts with: cash, and a little inventory so that both legs of an arbitrage can trade
at once. All together about 310,000 USDT."""

_VENUES: Final = (
    ("paper-a", "0.0010", "0.0010", Microstructure(spread=1.2, share=0.5, stray=0.7, knock=5.0)),
    ("paper-b", "0.0008", "0.0010", Microstructure(spread=2.0, share=0.3, stray=1.2, knock=8.0)),
    ("paper-c", "0.0002", "0.0012", Microstructure(spread=3.5, share=0.2, stray=2.0, knock=12.0)),
)


class PaperWorld:
    """The market half of the paper world.

    A world remembers its seed and its virtual time in the books: opened again, it goes on where it was.

    Args:
        seed: The same seed makes the same world.
        books: Where accounts and time are kept.
        clock: Virtual time, or the wall's.

    Raises:
        UsageError: The books hold a world of another seed.
    """

    def __init__(self, *, seed: int, books: Books, clock: VirtualClock | WallClock) -> None:
        self.clock = clock
        self.market = Market(seed)
        self._books = books
        self._venues = {
            name: PaperVenue(
                name,
                self.market,
                clock,
                books,
                maker_fee=Decimal(maker),
                taker_fee=Decimal(taker),
                balances=OPENING,
                structure=structure,
            )
            for name, maker, taker, structure in _VENUES
        }
        self._resume(seed)

    @property
    def venues(self) -> Mapping[str, PaperVenue]:
        """The venues by id."""
        return MappingProxyType(self._venues)

    def advance_to(self, at: datetime) -> None:
        """Move virtual time to `at` and match the resting orders of all venues on the way.

        Raises:
            UsageError: The world follows the wall clock.
            ValueError: `at` is naive or lies in the past.
        """
        if not isinstance(self.clock, VirtualClock):
            raise UsageError(
                f"the world follows the wall clock and cannot be moved to {at.isoformat()}",
                where="PaperWorld.advance_to",
                cure="give the world a VirtualClock, or call settle()",
            )
        self.clock.advance_to(at)
        with self._books.transaction():
            self._books.put("world", "clock", {"at": self.clock.now()})
            self.settle()

    def catch_up(self) -> None:
        """Move virtual time to where it was brought, by whichever process; the orders on the way were matched there."""
        brought = self._books.get("world", "clock")
        if brought and isinstance(self.clock, VirtualClock):
            self.clock.advance_to(max(self.clock.now(), datetime.fromisoformat(brought["at"])))

    def settle(self) -> None:
        """Match the resting orders of all venues with the time that has passed."""
        for venue in self._venues.values():
            venue.settle()

    def _resume(self, seed: int) -> None:
        made = self._books.get("world", "seed")
        if made is None:
            self._books.put("world", "seed", {"seed": seed})
        elif made["seed"] != seed:
            raise UsageError(
                f"seed {seed!r} does not fit: the world in these books was made with seed {made['seed']!r}",
                where="PaperWorld(seed=)",
                cure="use that seed, or begin with fresh books",
            )
        self.catch_up()
