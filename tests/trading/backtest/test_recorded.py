"""A session that a desk traded in the paper world fills in its replay as it did."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from company.ports import Books
from company.trading import Desk, RiskLimits
from company.trading.backtest import replay
from company.trading.exchange import Exchange
from company.world import OPENING, START, MemoryBooks, PaperWorld, VirtualClock


def world_of(books: Books, seed: int = 7) -> PaperWorld:
    return PaperWorld(seed=seed, books=books, clock=VirtualClock(START))


def exchanges(world: PaperWorld) -> Mapping[str, Exchange]:
    return {name: venue.exchange for name, venue in world.venues.items()}


async def trade(world: PaperWorld, books: Books) -> None:
    """Trade for hours through the desk: market and limit orders, some canceled, some left open, at odd moments."""
    clock = world.clock
    desk = Desk(venues=world.venues, clock=clock, books=books, limits=RiskLimits())

    def later(**span: float) -> None:
        world.advance_to(clock.now() + timedelta(**span))

    async def limit(key: str, side: str, away: str, quantity: str, venue: str = "paper-a") -> str:
        price = (await desk.prices())["BTC/USDT"] * Decimal(away)
        terms = {"type": "limit", "price": round(price, 2), "venue": venue}
        return (await desk.place("BTC", side, quantity, key=key, reason="test", **terms)).order_id

    later(minutes=3, seconds=17)
    await desk.place("ETH", "buy", "2", key="m1", reason="test")
    await desk.place("SOL", "buy", "20", key="m2", reason="test")
    near = await limit("l1", "buy", "0.998", "0.1")
    far = await limit("l2", "buy", "0.9", "0.05", "paper-b")
    await limit("l3", "sell", "1.003", "0.04", "paper-c")
    later(hours=2, seconds=11)
    await desk.cancel(far)
    await desk.place("ETH", "sell", "1.5", key="m3", reason="test")
    high = await limit("l5", "sell", "1.2", "0.005", "paper-c")
    later(hours=5, minutes=1)
    await desk.cancel(high)
    await desk.cancel(near)  # it has filled by now
    await limit("l4", "buy", "0.999", "0.02", "paper-b")
    later(days=1, hours=4)
    await desk.open_orders()
    await desk.place("SOL", "sell", "20", key="m4", reason="test")


@pytest.fixture
async def session() -> PaperWorld:
    books = MemoryBooks()
    world = world_of(books)
    await trade(world, books)
    return world


async def test_a_recorded_session_fills_as_it_did(session: PaperWorld) -> None:
    found = replay(exchanges(session), exchanges(world_of(MemoryBooks())), OPENING)

    roles = {trade.role for one in exchanges(session).values() for trade in one.account().trades()}
    assert found.differences == []
    assert roles == {"maker", "taker"}
    assert (found.orders, found.cancels) == (9, 2)
    assert found.fills >= 7


async def test_a_replay_does_not_touch_the_recording(session: PaperWorld) -> None:
    before = {name: one.last_change() for name, one in exchanges(session).items()}
    replay(exchanges(session), exchanges(world_of(MemoryBooks())), OPENING)
    assert {name: one.last_change() for name, one in exchanges(session).items()} == before


async def test_a_session_of_another_world_fills_in_another_way(session: PaperWorld) -> None:
    found = replay(exchanges(session), exchanges(world_of(MemoryBooks(), seed=8)), OPENING)
    assert found.differences
    first = found.differences[0]
    assert first.recorded != first.replayed
    assert first.order in {"m1", "m2", "m3", "m4", "l1", "l2", "l3", "l4", "l5"}


async def test_an_order_that_is_refused_in_the_replay_says_why(session: PaperWorld) -> None:
    found = replay(exchanges(session), exchanges(world_of(MemoryBooks())), {"USDT": Decimal(1)})
    assert "needs" in found.differences[0].refused
    assert found.differences[0].replayed == []


async def test_an_empty_home_has_nothing_to_replay() -> None:
    found = replay(exchanges(world_of(MemoryBooks())), exchanges(world_of(MemoryBooks())), OPENING)
    assert (found.orders, found.fills, found.differences) == (0, 0, [])
