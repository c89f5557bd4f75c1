from datetime import timedelta
from decimal import Decimal

import pytest

from company.errors import UsageError
from company.ports import Json
from company.world import START, MemoryBooks, PaperWorld, VirtualClock, WallClock

BTC = "BTC/USDT"


def a_world(seed: int = 7, books: MemoryBooks | None = None) -> PaperWorld:
    return PaperWorld(seed=seed, books=books or MemoryBooks(), clock=VirtualClock(START))


async def equity(world: PaperWorld) -> Decimal:
    total = Decimal(0)
    for venue in world.venues.values():
        balance = (await venue.fetch_balance())["total"]
        total += balance["USDT"] + balance["BTC"] * (await venue.fetch_ticker(BTC))["last"]
    return total


async def test_world_opens_with_three_accounts_of_about_300_000_together():
    world = a_world()

    assert list(world.venues) == ["paper-a", "paper-b", "paper-c"]
    assert 300_000 <= await equity(world) <= 320_000


async def test_venues_show_different_books_around_one_price():
    world = a_world()
    books = [await venue.fetch_order_book(BTC) for venue in world.venues.values()]
    price = world.market.price(BTC, START)

    assert len({str(book["bids"]) for book in books}) == 3
    for book in books:
        middle = (book["bids"][0][0] + book["asks"][0][0]) / 2
        assert abs(middle / price - 1) < Decimal("0.005")
        assert [level[0] for level in book["bids"]] == sorted((level[0] for level in book["bids"]), reverse=True)
        assert [level[0] for level in book["asks"]] == sorted(level[0] for level in book["asks"])


async def test_arbitrage_exists_sometimes_before_fees_and_seldom_after():
    world, minutes, before, after = a_world(), 700, 0, 0
    for _ in range(minutes):
        world.advance_to(world.clock.now() + timedelta(minutes=1))
        tickers = [await venue.fetch_order_book("SOL/USDT", 1) for venue in world.venues.values()]
        fees = [(await venue.load_markets())["SOL/USDT"]["taker"] for venue in world.venues.values()]
        bids, asks = ([ticker[side][0][0] for ticker in tickers] for side in ("bids", "asks"))
        before += max(bids) > min(asks)
        net_bids = [bid * (1 - fee) for bid, fee in zip(bids, fees, strict=True)]
        net_asks = [ask * (1 + fee) for ask, fee in zip(asks, fees, strict=True)]
        after += max(net_bids) > min(net_asks)

    assert 0.1 < before / minutes < 0.8
    assert 0 < after / minutes < 0.02


async def act(world: PaperWorld) -> list[Json]:
    """Trade on all venues for a day and return everything that can be seen."""
    seen: list[Json] = []
    for hour, (name, venue) in enumerate(list(world.venues.items()) * 3):
        bid = (await venue.fetch_ticker(BTC))["bid"]
        seen.append(await venue.create_order(BTC, "market", "buy", "0.02", params={"clientOrderId": f"{name}-{hour}"}))
        seen.append(await venue.create_order(BTC, "limit", "buy", "0.05", bid - 100))
        seen.append(await venue.create_order(BTC, "limit", "sell", "0.01", bid + 200))
        world.advance_to(START + timedelta(hours=2 * hour + 2))
    for venue in world.venues.values():
        seen += [*await venue.fetch_my_trades(), await venue.fetch_balance()]
    return seen


async def test_same_seed_gives_the_same_world_and_another_seed_another():
    first = await act(a_world(7))

    assert await act(a_world(7)) == first
    assert await act(a_world(8)) != first


async def test_advancing_moves_the_clock_and_fills_resting_orders_on_all_venues():
    world = a_world()
    orders = {}
    for name, venue in world.venues.items():
        bid = (await venue.fetch_ticker(BTC))["bid"]
        orders[name] = await venue.create_order(BTC, "limit", "buy", "0.01", bid)

    world.advance_to(START + timedelta(hours=12))

    assert world.clock.now() == START + timedelta(hours=12)
    for name, venue in world.venues.items():
        assert (await venue.fetch_order(orders[name]["id"]))["status"] == "closed"


async def test_order_ids_are_unique_over_all_venues():
    world = a_world()
    placed = [await venue.create_order(BTC, "market", "buy", "0.01") for venue in world.venues.values()]

    assert [order["id"] for order in placed] == ["O1", "O2", "O3"]


async def test_reopened_world_continues_at_its_time_with_its_accounts():
    books = MemoryBooks()
    world = a_world(books=books)
    await world.venues["paper-a"].create_order(BTC, "market", "buy", "0.1")
    world.advance_to(START + timedelta(days=2))

    again = a_world(books=books)

    assert again.clock.now() == START + timedelta(days=2)
    assert (await again.venues["paper-a"].fetch_balance())["total"]["BTC"] == Decimal("0.15")


def test_books_of_another_seed_are_refused():
    books = MemoryBooks()
    a_world(7, books)

    with pytest.raises(UsageError, match="made with seed 7"):
        a_world(8, books)


async def test_world_on_the_wall_clock_trades_but_cannot_be_moved():
    world = PaperWorld(seed=7, books=MemoryBooks(), clock=WallClock())

    with pytest.raises(UsageError, match="wall clock"):
        world.advance_to(START)
    order = await world.venues["paper-b"].create_order(BTC, "limit", "buy", "0.01", "1000")
    world.settle()

    assert order["status"] == "open"
