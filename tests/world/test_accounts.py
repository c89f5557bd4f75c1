"""Many accounts on one paper venue, and the rest of ccxt's unified methods."""

import inspect
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest

from company.errors import BadSymbol, InvalidOrder, OrderNotFound, UsageError
from company.world import START, Market, MemoryBooks, PaperVenue, VirtualClock

BTC = "BTC/USDT"
OPENING = {"USDT": Decimal(100_000), "BTC": Decimal(2)}


@cache
def market() -> Market:
    return Market(7)


class Bench:
    def __init__(self) -> None:
        self.books, self.clock = MemoryBooks(), VirtualClock(START)
        fees = {"maker_fee": Decimal("0.0004"), "taker_fee": Decimal("0.001")}
        self.venue = PaperVenue("paper-x", market(), self.clock, self.books, balances=OPENING, **fees)
        self.alice = self.venue.for_account("alice")

    def wait(self, minutes: float) -> None:
        self.clock.advance_to(self.clock.now() + timedelta(minutes=minutes))

    async def bid(self) -> Decimal:
        return (await self.venue.fetch_order_book(BTC, 1))["bids"][0][0]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_every_account_opens_with_the_same_balances_and_its_own_records(bench: Bench):
    order = await bench.alice.create_order(BTC, "market", "buy", "0.1", params={"clientOrderId": "k"})

    assert (await bench.venue.fetch_balance())["total"] == OPENING
    assert await bench.venue.fetch_my_trades() == []
    assert [trade["order"] for trade in await bench.venue.for_account("alice").fetch_my_trades()] == [order["id"]]
    with pytest.raises(OrderNotFound):
        await bench.venue.fetch_order(order["id"])
    await bench.venue.create_order(BTC, "market", "buy", "0.1", params={"clientOrderId": "k"})


async def test_account_of_the_company_is_the_venues_own(bench: Bench):
    order = await bench.venue.create_order(BTC, "market", "buy", "0.1")

    assert (await bench.venue.for_account("company").fetch_order(order["id"])) == order


@pytest.mark.parametrize("name", ["", "a/b", "a b", "alice.order", "x" * 41, "ä"])
def test_account_needs_a_plain_name(bench: Bench, name: str):
    with pytest.raises(UsageError, match="1 to 40 letters"):
        bench.venue.for_account(name)


async def test_accounts_of_a_venue_trade_with_each_other(bench: Bench):
    price = await bench.bid() + 1
    await bench.alice.create_order(BTC, "limit", "buy", "0.2", price)

    order = await bench.venue.create_order(BTC, "market", "sell", "0.1")

    [sold], [bought] = order["trades"], await bench.alice.fetch_my_trades()
    assert (sold["id"], sold["price"], sold["takerOrMaker"]) == (bought["id"], price, "taker")
    assert (bought["amount"], bought["takerOrMaker"]) == (Decimal("0.1"), "maker")


async def test_edit_replaces_an_order_or_leaves_it(bench: Bench):
    old = await bench.alice.create_order(BTC, "limit", "buy", "0.1", "50000")

    with pytest.raises(InvalidOrder, match="tick"):
        await bench.alice.edit_order(old["id"], BTC, "limit", "buy", "0.1", "50000.001")
    with pytest.raises(OrderNotFound, match="not of 'ETH/USDT'"):
        await bench.alice.edit_order(old["id"], "ETH/USDT", "limit", "buy", "1", "1500")
    assert [order["id"] for order in await bench.alice.fetch_open_orders()] == [old["id"]]
    new = await bench.alice.edit_order(old["id"], BTC, "limit", "buy", "0.2", "51000", {"clientOrderId": "n"})

    assert (new["amount"], new["price"], new["clientOrderId"]) == (Decimal("0.2"), 51_000, "n")
    assert [order["id"] for order in await bench.alice.fetch_open_orders()] == [new["id"]]
    assert (await bench.alice.fetch_order(old["id"]))["status"] == "canceled"


async def test_cancel_all_cancels_the_accounts_own_orders(bench: Bench):
    await bench.venue.create_order(BTC, "limit", "buy", "0.1", "50000")
    for symbol, price in ((BTC, "50000"), ("ETH/USDT", "1500"), (BTC, "51000")):
        await bench.alice.create_order(symbol, "limit", "buy", "0.1", price)

    gone = await bench.alice.cancel_all_orders(BTC)

    assert [(order["symbol"], order["status"]) for order in gone] == [(BTC, "canceled")] * 2
    assert len(await bench.alice.fetch_open_orders()) == len(await bench.venue.fetch_open_orders()) == 1
    assert len(await bench.alice.cancel_all_orders()) == 1
    with pytest.raises(BadSymbol):
        await bench.alice.cancel_all_orders("DOGE/USDT")


async def test_orders_are_listed_by_what_became_of_them(bench: Bench):
    filled = await bench.alice.create_order(BTC, "market", "buy", "0.1")
    canceled = await bench.alice.create_order(BTC, "limit", "buy", "0.1", "50000")
    await bench.alice.cancel_order(canceled["id"])
    open_ = await bench.alice.create_order("ETH/USDT", "limit", "buy", "0.1", "1500")

    ids = [order["id"] for order in (filled, canceled, open_)]
    assert [order["id"] for order in await bench.alice.fetch_orders()] == ids
    assert [order["id"] for order in await bench.alice.fetch_orders(BTC, limit=1)] == [canceled["id"]]
    assert [order["id"] for order in await bench.alice.fetch_closed_orders()] == [filled["id"]]
    assert [order["id"] for order in await bench.alice.fetch_open_orders()] == [open_["id"]]


async def test_trades_of_an_order_are_those_it_was_answered_with(bench: Bench):
    order = await bench.alice.create_order(BTC, "market", "buy", "1.2")
    await bench.alice.create_order(BTC, "market", "buy", "0.1")

    assert await bench.alice.fetch_order_trades(order["id"], BTC) == order["trades"]
    with pytest.raises(OrderNotFound):
        await bench.alice.fetch_order_trades("O99")


@pytest.mark.parametrize(
    ("side", "price", "params", "shown"),
    [
        ("sell", None, {"stopLossPrice": "60000"}, ("market", 60_000, 60_000, None)),
        ("sell", "59000", {"triggerPrice": "60000"}, ("limit", 60_000, 60_000, None)),
        ("sell", "59000", {"stopPrice": 60000.0}, ("limit", 60_000, 60_000, None)),
        ("sell", None, {"takeProfitPrice": "70000"}, ("market", 70_000, None, 70_000)),
        ("buy", "71000", {"stopPrice": "70000", "triggerPrice": "70000"}, ("limit", 70_000, 70_000, None)),
    ],
)
async def test_orders_that_wait_are_asked_for_as_ccxt_spells_it(bench: Bench, side, price, params, shown):
    order = await bench.alice.create_order(BTC, "limit" if price else "market", side, "0.1", price, params)

    what = order["type"], order["triggerPrice"], order["stopLossPrice"], order["takeProfitPrice"]
    assert (what, order["stopPrice"], order["status"]) == (shown, shown[1], "open")
    assert await bench.alice.fetch_open_orders() == [order]


async def test_two_different_triggers_are_refused(bench: Bench):
    with pytest.raises(InvalidOrder, match="stopLossPrice, takeProfitPrice together"):
        await bench.alice.create_order(
            BTC, "market", "sell", "1", None, {"stopLossPrice": "60000", "takeProfitPrice": "70000"}
        )


@pytest.mark.parametrize("amount", [None, "1000", 1000])
async def test_market_order_by_cost_spends_at_most_the_cost(bench: Bench, amount):
    order = await bench.alice.create_order(BTC, "market", "buy", amount, None, {"cost": "1000"})

    assert order["status"] == "closed"
    assert 0 <= 1000 - order["cost"] < order["price"] * Decimal("0.00001") * 2


async def test_stop_on_the_paper_world_sells_at_the_minute_after_the_touch(bench: Bench):
    ahead = Bench()
    ahead.wait(600)
    lows = [row[3] for row in await ahead.venue.fetch_ohlcv(BTC, "1m", limit=600)]
    trigger = Decimal(str(min(lows)))
    stop = await bench.alice.create_order(BTC, "market", "sell", "0.01", None, {"stopLossPrice": trigger})

    bench.wait(600)

    order = await bench.alice.fetch_order(stop["id"])
    touched = next(number for number, low in enumerate(lows) if Decimal(str(low)) <= trigger)
    later = Bench()
    later.wait(touched + 1)
    assert order["lastTradeTimestamp"] == int((START + timedelta(minutes=touched + 1)).timestamp() * 1000)
    assert order["average"] == await later.bid()


async def test_public_trades_are_the_minutes_that_are_over(bench: Bench):
    bench.wait(90.5)
    [candle] = await bench.venue.fetch_ohlcv(BTC, "1m", limit=1)

    trades = await bench.venue.fetch_trades(BTC, since=candle[0])

    assert [float(trade["price"]) for trade in trades] == [candle[1], candle[3], candle[2], candle[4]]
    assert float(sum(trade["amount"] for trade in trades)) == pytest.approx(candle[5])
    assert {candle[0] <= trade["timestamp"] < candle[0] + 60_000 for trade in trades} == {True}
    assert await bench.alice.fetch_trades(BTC, since=candle[0]) == trades


async def test_public_trades_are_paged_and_have_lasting_ids(bench: Bench):
    bench.wait(600)
    newest = await bench.venue.fetch_trades(BTC, limit=10)
    since = await bench.venue.fetch_trades(BTC, since=newest[3]["timestamp"], limit=4)

    assert len(newest) == 10
    assert since == newest[3:7]
    assert len(await bench.venue.fetch_trades(BTC)) == 500
    with pytest.raises(BadSymbol):
        await bench.venue.fetch_trades("DOGE/USDT")


async def test_further_methods_speak_ccxt(bench: Bench):
    import ccxt.async_support

    real = ccxt.async_support.binance()
    names = (
        "edit_order",
        "cancel_all_orders",
        "fetch_orders",
        "fetch_closed_orders",
        "fetch_order_trades",
        "fetch_trades",
    )
    try:
        for name in names:
            ours = list(inspect.signature(getattr(bench.venue, name)).parameters.values())
            theirs = list(inspect.signature(getattr(real, name)).parameters.values())
            assert [one.name for one in ours] == [other.name for other in theirs][: len(ours)], name
            for one, other in zip(ours, theirs, strict=False):
                assert (one.default is one.empty) == (other.default is other.empty), (name, one.name)
        bench.wait(5)
        market_ = (await bench.venue.load_markets())[BTC]
        [trade] = await bench.venue.fetch_trades(BTC, limit=1)
        assert sorted(set(real.safe_trade({}, market_)) - set(trade)) == []
        assert sorted(set(real.safe_market_structure()) - set(market_)) == []
    finally:
        await real.close()
