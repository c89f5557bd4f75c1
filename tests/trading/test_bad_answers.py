"""What venues say wrongly: the error says what and where, nothing is half booked, and the ledger still balances."""

import pytest

from company.errors import RequestTimeout, VenueError
from tests.trading.faults import Tells, bend

BAD_TRADES = [
    ({"amount": float("nan")}, r"trade '[^']+': 'amount' is nan, not a number"),
    ({"amount": None}, "'amount' is missing"),
    ({"amount": -1}, "'amount' is -1, not above 0"),
    ({"price": "Infinity"}, "'price' is 'Infinity', not a number"),
    ({"price": 0}, "'price' is 0, not above 0"),
    ({"cost": "much"}, "'cost' is 'much', not a number"),
    ({"side": "hold"}, "'side' is 'hold', not 'buy' or 'sell'"),
    ({"side": None}, "'side' is None, not 'buy' or 'sell'"),
    ({"timestamp": None}, "'timestamp' is missing"),
    ({"timestamp": float("nan")}, "'timestamp' is nan, not a number"),
    ({"timestamp": -5}, "'timestamp' is -5, before 1970"),
    ({"id": None}, "'id' is missing"),
    ({"symbol": "DOGE/EUR"}, "'symbol' is 'DOGE/EUR', SOL/USDT was asked for"),
    ({"fee": {"currency": "USDT", "cost": float("nan")}, "fees": None}, "'cost' is nan, not a number"),
    ({"fee": {"currency": "SHELL", "cost": 1}, "fees": None}, "its fee is in 'SHELL', which no venue prices"),
    ({"amount": 6}, "sum to 6, 5 were ordered"),
]

BAD_ORDERS = [
    ({"filled": float("nan")}, "'filled' is nan, not a number"),
    ({"filled": -1}, "'filled' is -1 of an 'amount' of 5"),
    ({"filled": 7}, "'filled' is 7 of an 'amount' of 5"),
    ({"filled": 7, "amount": 7}, "'filled' is 7, more than the 5 ordered"),
    ({"amount": "5 SOL"}, "'amount' is '5 SOL', not a number"),
    ({"id": None}, "'id' is missing"),
    ({"symbol": None}, "'symbol' is missing"),
    ({"symbol": "SOLUSDT"}, "'symbol' is 'SOLUSDT', not a pair"),
    ({"symbol": "ETH/USDT"}, "says it is to buy ETH/USDT, but 'k' was sent to buy SOL/USDT"),
    ({"side": "sell"}, "says it is to sell SOL/USDT"),
    ({"side": None}, "'side' is None, not one of buy, sell"),
    ({"clientOrderId": "other"}, "it was asked for by 'k' and says it is 'other'"),
]


@pytest.fixture
def office(open_office):
    return open_office(around={"paper-c": Tells})


async def buy(office):
    return await office.desk.place("SOL", "buy", 5, key="k", reason="test", venue="paper-c")


def books_of(office):
    return {kind: rows for kind in list(office.books._kinds) if (rows := list(office.books.items(kind)))}


@pytest.mark.parametrize(("wrong", "message"), BAD_TRADES)
async def test_a_trade_that_cannot_be_right_books_nothing_and_is_booked_once_it_is(office, wrong, message):
    await office.desk.positions()
    await buy(office)
    office.venues["paper-c"].of_trades = lambda trades: [{**trade, **wrong} for trade in trades]
    before = books_of(office)

    for _ in range(2):
        with pytest.raises(VenueError, match=message) as error:
            await office.desk.positions()
    assert "paper-c SOL/USDT trade" in str(error.value)
    assert books_of(office) == before

    office.venues["paper-c"].of_trades = lambda trades: trades
    await office.desk.positions()
    assert (await office.desk.audit()).difference == ""


@pytest.mark.parametrize(("wrong", "message"), BAD_ORDERS)
async def test_an_answer_that_cannot_be_right_leaves_the_order_in_doubt_until_the_venue_makes_sense(
    office, wrong, message
):
    venue = office.venues["paper-c"]
    venue.of_orders = wrong

    with pytest.raises(RequestTimeout, match=message):
        await buy(office)
    assert office.books.get("trading.order", "k")["status"] == "unknown"

    venue.of_orders = {}
    assert (await buy(office)).filled == 5
    assert venue.sent == 1
    await office.desk.positions()
    assert (await office.desk.audit()).difference == ""


async def test_a_trade_that_changed_after_it_was_booked_is_an_error(office):
    await buy(office)
    await office.desk.positions()
    office.venues["paper-c"].of_trades = lambda trades: [{**trade, "price": 1} for trade in trades]
    await office.desk.place("SOL", "buy", 1, key="k2", reason="test", venue="paper-c")

    with pytest.raises(VenueError, match=r"'price' is 1, it was booked with \d+"):
        await office.desk.positions()


async def test_trades_out_of_order_and_told_twice_are_booked_once_and_by_their_time(open_office):
    office, plain = open_office(around=bend(Tells)), open_office()
    for venue in office.venues.values():
        venue.of_trades = lambda trades: [*reversed(trades), *trades]

    for one in (office, plain):
        for number, (side, quantity) in enumerate([("buy", 5), ("buy", 3), ("sell", 6), ("buy", 1)]):
            await one.desk.place("SOL", side, quantity, key=f"k{number}", reason="test", venue="paper-c")
            one.pass_time(minutes=7)

    assert await office.desk.positions() == await plain.desk.positions()
    assert await office.desk.profit_and_loss() == await plain.desk.profit_and_loss()
    assert (await office.desk.audit()).difference == ""


async def test_a_trade_that_is_shown_later_than_a_younger_one_is_booked(office):
    await buy(office)
    office.pass_time(minutes=1)
    await office.desk.place("SOL", "sell", 2, key="k2", reason="test", venue="paper-c")
    hidden = (await office.world.venues["paper-c"].fetch_my_trades("SOL/USDT"))[0]["id"]
    venue = office.venues["paper-c"]
    venue.of_trades = lambda trades: [trade for trade in trades if trade["id"] != hidden]
    await office.desk.positions()
    venue.of_trades = lambda trades: trades
    office.pass_time(minutes=1)
    await office.desk.place("SOL", "sell", 1, key="k3", reason="test", venue="paper-c")

    await office.desk.positions()

    [position] = [row for row in await office.desk.positions() if row.symbol == "SOL/USDT"]
    assert position.quantity == 2
    booked = {key for key, _ in office.books.items("trading.booked")}
    assert f"paper-c SOL/USDT {hidden}" in booked
    assert (await office.desk.audit()).difference == ""
