"""Stops: orders that wait at a venue for their trigger, and those that the desk watches."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import InvalidOrder, ToolError, VenueError
from company.trading import RiskLimits
from company.trading.stops import Lot, Lots
from tests.trading.test_venues_exchanges import KEY, listening

D = Decimal


async def price_of(office, symbol="BTC"):
    return (await office.desk.ticker(symbol)).price


async def bought(office, *, key="in", stop=None, quantity="0.02"):
    """Buy bitcoin at a venue, after the desk's books opened."""
    await office.desk.positions()
    return await office.desk.place(
        "BTC", "buy", quantity, key=key, reason="entry", venue="paper-a", stop=stop, strategy="momentum"
    )


async def stopped(office, *, below="0.998", quantity="0.07", key="stop", kind="stop", **more):
    """Let a sale of all that lies at a venue wait below the price."""
    trigger = (await price_of(office) * D(below)).quantize(D("0.01"))
    return await office.desk.place(
        "BTC", "sell", quantity, key=key, reason="protect", venue="paper-a", type=kind, trigger=trigger, **more
    )


async def until(office, happened):
    for _ in range(400):
        office.pass_time(minutes=15)
        if await happened():
            return
    raise AssertionError("it never happened")


# Orders that wait at a venue


async def test_a_stop_waits_at_the_venue_with_its_trigger_and_sells_when_the_price_has_fallen_to_it(office):
    await bought(office)
    order = await stopped(office)
    told = []
    assert (order.status, order.type, order.filled, order.price) == ("open", "stop", 0, None)

    async def is_gone():
        return not await office.desk.open_orders()

    await until(office, is_gone)
    found = await office.desk.reconcile(lambda name, value: told.append((name, value)))
    [settled] = found.settled
    assert (settled.status, settled.filled, settled.trigger) == ("closed", D("0.07"), order.trigger)
    assert settled.price == pytest.approx(order.trigger, rel=D("0.002"))
    assert "trade.filled" in [name for name, _ in told]
    assert (await office.desk.audit()).agrees


async def test_what_a_stop_rests_on_is_kept_with_the_order_and_shown(office):
    order = await stopped(office, quantity="0.05")

    [resting] = await office.desk.open_orders()
    decision = office.desk.decisions(1)[0]

    assert (resting.type, resting.trigger, resting.reason) == ("stop", order.trigger, "protect")
    assert (decision.type, decision.trigger, decision.price) == ("stop", order.trigger, None)


async def test_a_take_profit_sells_at_its_limit_or_better_when_the_price_has_risen(office):
    limit = (await price_of(office) * D("1.002")).quantize(D("0.01"))
    order = await stopped(office, below="1.002", quantity="0.05", kind="take_profit_limit", price=limit)

    async def is_done():
        return (await office.desk.find("stop")).filled == D("0.05")

    await until(office, is_done)
    assert (await office.desk.find("stop")).price >= limit == order.price


async def test_an_exit_does_not_fail_on_what_our_own_stop_locks(office):
    await bought(office)
    await stopped(office)

    sizing = await office.desk.size("BTC", "sell", 1)
    sold = await office.desk.place("BTC", "sell", "0.06", key="out", reason="exit", venue="paper-a")

    assert sizing.approved
    assert sold.filled == D("0.06")
    [ended] = (await office.desk.reconcile()).settled
    assert (ended.client_order_id, ended.status) == ("stop", "canceled")


async def test_an_exit_leaves_the_stops_that_are_not_in_its_way(office):
    await bought(office)
    await stopped(office, quantity="0.02", key="low", below="0.95")
    await stopped(office, quantity="0.02", key="high", below="0.99")

    await office.desk.place("BTC", "sell", "0.04", key="out", reason="exit", venue="paper-a")

    assert [order.client_order_id for order in await office.desk.open_orders()] == ["high"]


async def test_a_second_stop_does_not_take_what_the_first_one_locks(office):
    await stopped(office, quantity="0.05")

    with pytest.raises(ToolError, match=r"risk\.balance"):
        await stopped(office, quantity="0.05", key="second")
    assert len(await office.desk.open_orders()) == 1


async def test_a_stop_with_a_limit_below_the_market_does_not_keep_us_from_buying(office):
    limit = (await price_of(office) * D("0.99")).quantize(D("0.01"))
    await stopped(office, quantity="0.05", kind="stop_limit", price=limit, below="0.995")

    order = await office.desk.place("BTC", "buy", "0.01", key="in", reason="entry", venue="paper-b")

    assert order.filled == D("0.01")


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"side": "buy", "type": "stop", "trigger": 70_000}, "only sells"),
        ({"side": "sell", "type": "stop"}, "needs one"),
        ({"side": "sell", "type": "stop_limit", "trigger": 60_000}, "needs one"),
        ({"side": "sell", "type": "stop", "trigger": 60_000, "price": 59_000}, "takes none"),
        ({"side": "sell", "type": "market", "trigger": 60_000}, "takes none"),
        ({"side": "sell", "type": "trailing", "trigger": 60_000}, "must be one of"),
        ({"side": "sell", "type": "stop", "trigger": "nan"}, "give a number"),
        ({"side": "sell", "stop": 60_000}, "only a purchase has a `stop`"),
        ({"side": "buy", "stop": 99_000}, "lies below its price"),
    ],
)
async def test_a_stop_that_makes_no_sense_is_told_and_nothing_is_sent(office, order, said):
    with pytest.raises(ToolError, match=said):
        await office.desk.place("BTC", order.pop("side"), "0.01", key="k", reason="r", **order)
    assert await office.desk.open_orders() == []
    assert office.desk.newest_orders(1) == []


async def test_a_trigger_that_is_reached_already_is_refused_by_the_venue(office):
    with pytest.raises(InvalidOrder, match="trigger immediately"):
        await stopped(office, below="1.01", quantity="0.05")
    assert await office.desk.open_orders() == []


async def test_binance_is_told_of_a_stop_in_its_own_words():
    venue, sent, gate = await listening("binance")
    venue._client.markets["BTC/USDT"]["info"]["orderTypes"] = ["LIMIT", "MARKET", "STOP_LOSS"]
    wanted = {"clientOrderId": KEY, "stopLossPrice": D("60000.5")}

    with pytest.raises(VenueError):
        await venue.create_order("BTC/USDT", "market", "sell", D("0.01"), None, wanted)

    assert "type=STOP_LOSS&" in sent[-1]
    assert "stopPrice=60000.5" in sent[-1]
    assert gate.left == [("far", "order", "sell 0.01 BTC/USDT, market, stop 60000.5", KEY)]


@pytest.mark.parametrize("exchange", ["kraken", "okx", "kucoin", "bitget", "mexc"])
async def test_an_exchange_that_keeps_stops_where_our_id_does_not_find_them_is_sent_none(exchange):
    venue, sent, gate = await listening(exchange)
    wanted = {"clientOrderId": KEY, "takeProfitPrice": D(70_000)}

    with pytest.raises(InvalidOrder, match="cannot be found by our own id"):
        await venue.create_order("BTC/USDT", "market", "sell", D("0.01"), None, wanted)

    assert (sent, gate.left) == ([], [])


# Stops that the desk watches


async def test_what_was_bought_with_a_stop_is_watched_and_sold_once_the_price_has_fallen_to_it(office):
    stop = (await price_of(office) * D("0.998")).quantize(D("0.01"))
    await bought(office, stop=stop)
    [before] = await office.desk.stops()
    assert (before.venue, before.quantity, before.stop, before.reached) == ("paper-a", D("0.02"), stop, 0)
    with pytest.raises(ToolError, match="is above its highest stop"):
        await office.desk.sell_stopped("BTC", "paper-a", key="early")

    async def is_reached():
        return (await office.desk.stops())[0].reached > 0

    await until(office, is_reached)
    sold = await office.desk.sell_stopped("BTC", "paper-a", key="out", role="trading")
    again = await office.desk.sell_stopped("BTC", "paper-a", key="out", role="trading")

    assert (sold.side, sold.filled, again.order_id) == ("sell", D("0.02"), sold.order_id)
    assert f"has fallen to {stop}" in sold.reason
    assert await office.desk.stops() == []
    with pytest.raises(ToolError, match="has no stop"):
        await office.desk.sell_stopped("BTC", "paper-a", key="more")


async def test_stops_outlive_the_process_and_end_with_what_is_sold_otherwise(office):
    stop = (await price_of(office) * D("0.9")).quantize(D("0.01"))
    await bought(office, stop=stop)
    office.desk = office.reopen()
    assert [one.quantity for one in await office.desk.stops()] == [D("0.02")]

    office.pass_time(hours=1)
    await office.desk.place("BTC", "sell", "0.05", key="other", reason="exit", venue="paper-b")
    assert [one.quantity for one in await office.desk.stops()] == [D("0.02")]
    await office.desk.place("BTC", "sell", "0.015", key="out", reason="exit", venue="paper-a")
    assert [one.quantity for one in await office.desk.stops()] == [D("0.005")]


async def test_a_purchase_whose_stop_would_cost_too_much_is_denied(open_office):
    office = open_office(limits=RiskLimits(risk_per_trade=D("0.0001")))
    stop = (await price_of(office) * D("0.9")).quantize(D("0.01"))

    with pytest.raises(ToolError, match=r"risk\.stop"):
        await bought(office, stop=stop, quantity="0.1")


amounts = st.decimals("0.001", "5", places=3)
lots = st.lists(st.tuples(amounts, amounts), max_size=6).map(
    lambda pairs: [Lot(key=f"k{number}", quantity=held, stop=stop) for number, (held, stop) in enumerate(pairs)]
)


@given(lots, amounts)
def test_a_sale_ends_the_highest_stops_first_and_no_more_than_it_sold(held, sold):
    before = Lots()
    for lot in held:
        before = before.bought(lot)

    after = before.sold(sold)

    whole = sum((lot.quantity for lot in held), D(0))
    assert sum((lot.quantity for lot in after.lots), D(0)) == max(D(0), whole - sold)
    stops = [lot.stop for lot in before.lots]
    assert stops == sorted(stops, reverse=True)
    assert [lot.stop for lot in after.lots] == stops[len(stops) - len(after.lots) :]
    assert before.reached(D(0)) == whole
