"""Stop and take-profit orders: which price of which minute wakes them, and what they trade with then."""

from decimal import Decimal
from typing import Any

import pytest

from company.trading.exchange import Refused


def test_stop_wakes_when_a_minute_touches_it_and_trades_at_the_next_minutes_book(pit: Any):
    pit.write(0, low="98.01")
    pit.write(1, low="98")
    pit.write(2, open="97")
    stop = pit.place("alice", "sell", "1.5", trigger="98", when="stop")

    pit.wait()
    assert pit.order("alice", stop).waits
    pit.wait()

    order = pit.order("alice", stop)
    assert (order.status, order.triggered) == ("closed", int(pit.at.timestamp() * 1000))
    assert pit.trades("alice") == [
        (order.id, "taker", Decimal("96.9"), Decimal(1)),
        (order.id, "taker", Decimal("96.8"), Decimal("0.5")),
    ]
    assert pit.exchange.depth("BTC/USDT", pit.at, 1).bids == ((Decimal("96.8"), Decimal("0.5")),)


@pytest.mark.parametrize(
    ("side", "when", "trigger", "minute"),
    [
        ("sell", "stop", "98", {"low": "98"}),
        ("buy", "stop", "102", {"high": "102"}),
        ("sell", "take_profit", "102", {"high": "102"}),
        ("buy", "take_profit", "98", {"low": "98"}),
    ],
)
@pytest.mark.parametrize("price", [None, "100"])
def test_each_kind_of_trigger_wakes_on_its_own_side(pit: Any, side, when, trigger, minute, price):
    pit.write(1, low="98.01", high="101.99")
    pit.write(2, **minute)
    waiting = pit.place("alice", side, "1", price, trigger=trigger, when=when)

    pit.wait(2)
    assert pit.order("alice", waiting).waits
    pit.wait()

    order = pit.order("alice", waiting)
    assert order.triggered is not None
    assert order.status == ("open" if price else "closed")


@pytest.mark.parametrize(
    ("side", "when", "trigger"),
    [("sell", "stop", "100"), ("buy", "stop", "100"), ("sell", "take_profit", "99"), ("buy", "take_profit", "101")],
)
def test_trigger_that_is_met_already_is_refused(pit: Any, side, when, trigger):
    with pytest.raises(Refused, match=r"would trigger immediately, the price is 100\.00") as refused:
        pit.place("alice", side, "1", trigger=trigger, when=when)

    assert refused.value.rule == "trigger"


def test_minute_in_which_the_order_was_placed_does_not_wake_it(pit: Any):
    pit.write(0, low="90")
    pit.wait(0.5)
    stop = pit.place("alice", "sell", "1", trigger="98", when="stop")

    pit.wait(0.5)

    assert pit.order("alice", stop).waits


def test_waiting_order_holds_what_it_may_need_and_gives_it_back(pit: Any):
    pit.place("alice", "sell", "1", trigger="98", when="stop")
    pit.place("alice", "buy", "1", "103", trigger="102", when="stop")
    pit.place("alice", "buy", "1", trigger="102", when="stop")

    balances = pit.exchange.account("alice").balances()
    fee = Decimal("1.001")
    assert balances["BTC"].used == 1
    assert balances["USDT"].used == 103 * fee + Decimal("107.1") * fee
    pit.exchange.cancel_all("alice", pit.at)
    assert {balance.used for balance in pit.exchange.account("alice").balances().values()} == {0}


def test_waiting_order_is_not_in_the_book(pit: Any):
    pit.place("alice", "sell", "1", "97", trigger="98", when="stop")

    assert pit.exchange.depth("BTC/USDT", pit.at, 1).asks == ((Decimal("100.1"), Decimal(1)),)
    assert len(pit.exchange.account("alice").open_orders()) == 1


def test_woken_limit_order_rests_behind_those_that_were_there(pit: Any):
    pit.write(0, high="102")
    woken = pit.place("alice", "sell", "1", "100.05", trigger="102", when="take_profit")
    there = pit.place("bob", "sell", "1", "100.05")
    pit.exchange.open("carol", {"USDT": Decimal(1000)}, pit.at)
    pit.world.bars["BTC/USDT", 0] = pit.world.bars["BTC/USDT", 0]._replace(volume=0)
    pit.wait()

    pit.place("carol", "buy", "0.5", "100.05")

    assert pit.order("bob", there).filled == Decimal("0.5")
    assert (pit.order("alice", woken).filled, pit.order("alice", woken).status) == (0, "open")


def test_woken_market_buy_pays_at_most_its_reserve(pit: Any):
    pit.write(0, high="102")
    pit.write(1, open="107")
    stop = pit.place("alice", "buy", "3", trigger="102", when="stop")

    pit.wait()

    order = pit.order("alice", stop)
    assert (order.status, order.filled) == ("canceled", 1)  # 107.10 is 5 % above 102, 107.20 is more
    assert pit.exchange.account("alice").balances()["USDT"].used == 0


def test_woken_order_that_cannot_be_filled_ends_canceled(pit: Any):
    pit.write(0, low="98")
    pit.write(1, open="97")
    stop = pit.place("alice", "sell", "1", "97.5", trigger="98", when="stop", time_in_force="FOK")

    pit.wait()

    order = pit.order("alice", stop)
    assert (order.status, order.filled, order.held) == ("canceled", 0, 0)


def test_woken_order_cancels_orders_of_its_own_that_are_in_its_way_and_no_others(pit: Any):
    pit.write(0, low="98", volume=0)
    stop = pit.place("alice", "sell", "1.2", trigger="98", when="stop")
    met = pit.place("alice", "buy", "1", "99.95")
    deep = pit.place("alice", "buy", "1", "99.5")

    pit.wait()

    assert pit.order("alice", stop).status == "closed"
    assert pit.order("alice", met).status == "canceled"
    assert pit.order("alice", deep).status == "open"


def test_woken_order_trades_with_other_accounts(pit: Any):
    pit.write(0, low="98", volume=0)
    pit.place("alice", "sell", "1", trigger="98", when="stop")
    bid = pit.place("bob", "buy", "1", "99.95")

    pit.wait()

    assert pit.trades("bob") == [(bid.id, "maker", Decimal("99.95"), Decimal(1))]
    assert [(one.what, one.account) for one in pit.exchange.changes(2)] == [("triggered", "alice"), ("filled", "bob")]


def test_two_orders_that_wake_together_arrive_in_order_of_their_turn(pit: Any):
    pit.write(0, low="97")
    first = pit.place("alice", "sell", "1", trigger="98", when="stop")
    second = pit.place("bob", "sell", "1", trigger="98.5", when="stop")

    pit.wait()

    assert pit.trades("alice") == [(first.id, "taker", Decimal("99.9"), Decimal(1))]
    assert pit.trades("bob") == [(second.id, "taker", Decimal("99.8"), Decimal(1))]


def test_settling_every_minute_or_once_gives_the_same_changes(new_pit):
    pits = new_pit(), new_pit()
    for pit in pits:
        for minute in range(60):
            pit.write(minute, low=str(100 - minute % 7), high=str(100 + minute % 5), volume=minute % 3 * 4)
        pit.place("alice", "sell", "0.7", trigger="95", when="stop")
        pit.place("bob", "buy", "4", "97.5")
        pit.place("alice", "buy", "2", "97.7", trigger="104", when="stop")
        pit.place("bob", "sell", "2", "103.5", trigger="103", when="take_profit")

    pits[0].wait(60)
    for _ in range(60):
        pits[1].wait()

    assert len(pits[0].exchange.changes(4)) > 6
    assert pits[0].state() == pits[1].state()
