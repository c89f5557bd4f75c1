"""The market as the dashboard asks for it, also when a venue hangs."""

import asyncio
import time
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from company.server.native.cached import Cached
from company.trading import Desk
from company.trading.blotter import ORDERS


class Hanging:
    """A venue whose tickers never come."""

    def __init__(self, venue: Any) -> None:
        self._venue, self.asked = venue, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    async def fetch_ticker(self, symbol: str) -> Any:
        self.asked += 1
        await asyncio.sleep(60)


async def test_the_market_has_every_symbol_and_every_venue(company: Any) -> None:
    shown = await company.get("/market")

    assert {row["symbol"] for row in shown["rows"]} == {"BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "XRP/USDT"}
    scores = [float(row["score"]) for row in shown["rows"]]
    assert scores == sorted(scores, reverse=True)
    assert shown["venues"] == [
        {"name": name, "status": "ok", "age_seconds": 0, "symbols": 5, "error": ""}
        for name in ("paper-a", "paper-b", "paper-c")
    ]


async def test_a_venue_that_hangs_holds_the_page_no_longer_than_its_time_limit(open_here: Any) -> None:
    with open_here("home", around={"paper-b": Hanging}) as company:
        began = time.monotonic()
        market, portfolio = await asyncio.gather(company.get("/market"), company.client.get("/portfolio"))
        assert time.monotonic() - began < 20  # not the 60 s for which the venue says nothing
        assert [venue["status"] for venue in market["venues"]] == ["ok", "down", "ok"]
        assert len(market["rows"]) == 5
        assert portfolio.status_code == 502
        assert "paper-b (no answer within 2 s)" in portfolio.json()["error"]["message"]

        assert (await company.get("/market/candles?symbol=BTC"))["candles"]
        assert company.engine.company.services[Desk].markets.venues["paper-b"].asked == 1


async def test_without_any_venue_there_is_a_market_page_but_no_candles(open_here: Any) -> None:
    with open_here("home", around=dict.fromkeys(("paper-a", "paper-b", "paper-c"), Hanging)) as company:
        market, candles = await asyncio.gather(company.get("/market"), company.client.get("/market/candles?symbol=BTC"))

        assert [venue["status"] for venue in market["venues"]] == ["down"] * 3
        assert market["rows"] == []
        assert candles.status_code == 502
        assert "no venue has answered yet" in candles.json()["error"]["message"]


async def test_candles_are_closed_bars_oldest_first(company: Any) -> None:
    shown = await company.get("/market/candles?symbol=eth-usdt&timeframe=4h&limit=30")

    times = [datetime.fromisoformat(row["at"]) for row in shown["candles"]]
    assert (shown["symbol"], shown["timeframe"], len(times)) == ("ETH/USDT", "4h", 30)
    assert [later - earlier for earlier, later in pairwise(times)] == [timedelta(hours=4)] * 29
    assert times[-1] + timedelta(hours=4) <= company.engine.company.clock.now()
    assert all(float(row["low"]) <= float(row["close"]) <= float(row["high"]) for row in shown["candles"])


async def test_candles_carry_the_companys_own_fills_of_their_window(company: Any) -> None:
    desk, world = company.engine.company.services[Desk], company.engine.company.world
    orders = [await desk.place("SOL", "buy", 10, key="k0", reason="test")]
    await desk.place("ETH", "buy", 1, key="other", reason="test")
    await desk.place("SOL", "buy", 1, key="waits", type="limit", price=20, reason="test")
    world.advance_to(world.clock.now() + timedelta(hours=3))
    orders.append(await desk.place("SOL", "sell", 4, key="k1", reason="test"))

    whole = await company.get("/market/candles?symbol=SOL&limit=100")
    last = await company.get("/market/candles?symbol=SOL&limit=2")

    assert [(fill["side"], fill["price"], fill["quantity"], fill["order_id"]) for fill in whole["fills"]] == [
        (order.side, f"{order.price:f}", f"{order.filled:f}", order.order_id) for order in orders
    ]
    assert [fill["order_id"] for fill in last["fills"]] == [orders[1].order_id]


async def test_a_fill_of_an_older_home_has_its_price_from_the_journal(company: Any) -> None:
    await company.cycle()
    store, [trade, *_] = company.engine.company.store, (await company.get("/orders"))["trades"]
    books = store.books("trading")
    [(key, written)] = [row for row in books.items(ORDERS) if row[1]["order_id"] == trade["order_id"]]
    books.put(ORDERS, key, {name: value for name, value in written.items() if name != "average"})

    shown = await company.get(f"/market/candles?symbol={trade['symbol']}")

    assert [(fill["order_id"], fill["price"]) for fill in shown["fills"]] == [(trade["order_id"], trade["price"])]


async def test_an_unknown_symbol_is_not_found_and_the_near_ones_are_named(company: Any) -> None:
    answer = await company.client.get("/market/candles?symbol=BTCC/USDT")

    assert answer.status_code == 404
    assert "'BTCC/USDT'" in answer.json()["error"]["message"]
    assert "BTC/USDT" in answer.json()["error"]["message"].split("near it:")[1]


async def test_an_unknown_timeframe_or_count_is_invalid(company: Any) -> None:
    for more in ("timeframe=7h", "limit=0", "limit=301"):
        answer = await company.client.get(f"/market/candles?symbol=BTC&{more}")
        assert answer.status_code == 422
        assert answer.json()["error"]["message"].startswith(more.partition("=")[0])


async def test_who_asks_at_the_same_time_shares_one_computation() -> None:
    cached, made = Cached(), []

    async def make() -> int:
        made.append(len(made))
        await asyncio.sleep(0.01)
        return len(made)

    assert await asyncio.gather(*(cached.get("a", 1, make) for _ in range(20))) == [1] * 20
    assert await cached.get("a", 1, make) == 1
    assert await cached.get("a", 2, make) == 2
    assert await cached.get("b", 2, make) == 3


async def test_who_leaves_does_not_end_what_others_wait_for() -> None:
    cached, begun = Cached(), asyncio.Event()

    async def make() -> str:
        begun.set()
        await asyncio.sleep(0.01)
        return "made"

    first = asyncio.create_task(cached.get("a", 1, make))
    await begun.wait()
    second = asyncio.create_task(cached.get("a", 1, make))
    await asyncio.sleep(0)
    first.cancel()

    assert await second == "made"


async def test_an_error_is_told_to_all_who_wait_and_not_kept() -> None:
    cached, calls = Cached(), []

    async def make() -> str:
        calls.append(1)
        await asyncio.sleep(0)
        if len(calls) == 1:
            raise ValueError("no")
        return "yes"

    told = await asyncio.gather(*(cached.get("a", 1, make) for _ in range(3)), return_exceptions=True)

    assert [str(error) for error in told] == ["no"] * 3
    assert await cached.get("a", 1, make) == "yes"


async def test_what_was_not_asked_for_the_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("company.server.native.cached.MOST", 2)
    cached, made = Cached(), []

    async def get(name: str) -> None:
        async def make() -> None:
            made.append(name)

        await cached.get(name, 1, make)

    for name in ("a", "b", "a", "c", "a", "b"):
        await get(name)

    assert made == ["a", "b", "c", "b"]
