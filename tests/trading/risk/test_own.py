from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from company.trading.risk import Dealt, ProposedOrder, Resting, check, in_the_way
from tests.trading.risk.books import LIMITS, book, buy, rules, sized

D = Decimal
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def resting(price, side="sell", symbol="BTC/USDT", venue="paper-b"):
    return Resting(venue, symbol, side, D(price))


def dealt(price, side="sell", *, ago=10, symbol="BTC/USDT"):
    return Dealt(symbol, side, D(price), NOW - timedelta(seconds=ago))


@pytest.mark.parametrize("price", ["99", "100", "100.1"])
def test_a_market_order_that_would_meet_our_own_sale_on_any_venue_is_denied(price):
    state = book(resting=[resting(price)])

    [denied] = check(buy(100), state, LIMITS)

    assert (denied.rule, denied.limit, denied.value) == ("risk.self_trade", D(price), 100)
    assert rules(sized(state).clamps) == ["risk.self_trade"]


@pytest.mark.parametrize(
    "order",
    [resting("100.11"), resting("99", side="buy"), resting("99", symbol="ETH/USDT")],
    ids=["too dear", "also a purchase", "another symbol"],
)
def test_other_orders_of_ours_are_not_in_the_way(order):
    assert check(buy(100), book(resting=[order]), LIMITS) == []


def test_a_limit_order_reaches_no_further_than_its_price():
    state = book(resting=[resting("100.05")])

    assert check(buy(100, is_market=False), state, LIMITS) == []
    assert rules(check(buy(100), state, LIMITS)) == ["risk.self_trade"]


@pytest.mark.parametrize("sold", ["99.95", "100", "100.05"])
def test_buying_back_at_once_what_was_sold_at_this_price_is_denied(sold):
    state = book(dealt=[dealt(sold)], at=NOW)

    [denied] = check(buy(100), state, LIMITS)

    assert (denied.rule, denied.limit) == ("risk.wash_trade", D(sold))
    assert rules(sized(state).clamps) == ["risk.wash_trade"]


@pytest.mark.parametrize(
    "deal",
    [dealt(100, "buy"), dealt(100, ago=60), dealt("99.8"), dealt("100.2"), dealt(100, symbol="ETH/USDT")],
    ids=["a purchase in instalments", "a minute ago", "the price rose", "the price fell", "another symbol"],
)
def test_what_has_a_reason_in_the_market_is_no_wash_trade(deal):
    assert check(buy(100), book(dealt=[deal], at=NOW), LIMITS) == []


def test_both_legs_of_an_arbitrage_pass_in_either_order():
    state = book(held={"BTC/USDT": 1000}, dealt=[dealt("100.25", ago=0)], at=NOW)

    assert check(buy(100), state, LIMITS) == []
    bought = book(held={"BTC/USDT": 1000}, dealt=[dealt(100, "buy", ago=0)], at=NOW)
    assert check(ProposedOrder("BTC/USDT", "sell", D(1), D("100.25")), bought, LIMITS) == []


def test_an_exit_is_told_which_purchases_of_ours_to_take_out_of_the_book_first():
    waiting = [resting(99, "buy"), resting(101, "buy"), resting(100, "buy"), resting(90)]
    sale = ProposedOrder("BTC/USDT", "sell", D(1), D(100))

    assert [order.price for order in in_the_way(sale, waiting, LIMITS)] == [101, 100]
