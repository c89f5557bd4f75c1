"""One order at a time in a home: among tasks, among desks, and among processes, also ones that were killed."""

import asyncio
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from company.config import Settings
from company.errors import ToolError, VenueError
from company.home import open_store
from company.home.desk import desk_of
from company.home.turns import LOCK, Turns
from company.world import START, PaperWorld, VirtualClock

HOLDER = """
import asyncio, sys
from pathlib import Path
from company.home.turns import Turns

async def hold():
    async with Turns(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.readline()

asyncio.run(hold())
"""


class NoSecrets:
    """Holds no key."""

    def get(self, _name: str) -> None:
        return None


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that has the turn until it is told to end, or killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


async def test_a_turn_of_another_process_is_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    path = tmp_path / LOCK
    with holder(path) as other:
        with pytest.raises(VenueError, match="another process of this home"):
            async with Turns(path, patience=0.01):
                pass
        other.kill()
        other.wait()
    async with Turns(path):
        pass


async def test_turns_of_two_desks_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    order = []

    async def work(turns: Turns, name: str) -> None:
        async with turns:
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

    one, other = Turns(tmp_path / LOCK), Turns(tmp_path / LOCK)
    await asyncio.gather(work(one, "a"), work(other, "b"), work(one, "c"))

    assert [order[place] for place in (0, 2, 4)] == [order[place] for place in (1, 3, 5)]


async def test_a_turn_that_failed_is_given_on(tmp_path: Path) -> None:
    turns = Turns(tmp_path / LOCK)
    with pytest.raises(ValueError, match="nothing"):
        async with turns:
            raise ValueError("nothing")
    async with turns:
        pass


async def test_desks_of_one_home_that_place_at_once_do_not_each_take_the_room_of_one(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        desks = []
        for _ in range(3):
            world = PaperWorld(seed=7, books=store.books("world"), clock=VirtualClock(START))
            desks.append(desk_of(store, Settings(), world, world.clock, NoSecrets(), tmp_path))
        for desk in desks:
            for venue in desk.markets.venues.values():
                _slow(venue)

        placed = await asyncio.gather(
            *(desk.place("SOL", "buy", 85, key=f"k{number}", reason="test") for number, desk in enumerate(desks)),
            *(desk.place("SOL", "buy", 85, key=f"l{number}", reason="test") for number, desk in enumerate(desks)),
            return_exceptions=True,
        )

        assert [type(one) for one in placed if isinstance(one, BaseException) and not isinstance(one, ToolError)] == []
        exposure = {row.symbol: row.percent for row in (await desks[0].exposure()).symbols}
        assert Decimal(5) < exposure["SOL/USDT"] <= 10


def _slow(venue: object) -> None:
    """Let other tasks run between the look at a book and the order, as they do while a request is under way."""
    fetch = venue.fetch_order_book  # type: ignore[attr-defined]

    async def _later(*asked: object) -> object:
        for _ in range(50):
            await asyncio.sleep(0)
        return await fetch(*asked)

    venue.fetch_order_book = _later  # type: ignore[attr-defined]
