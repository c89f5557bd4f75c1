"""The caps that look further than one position: groups, tails, stops, lists."""

from decimal import Decimal

import numpy as np
import pytest

from company.trading.risk import EVERYTHING, History, RiskLimits, check, stop_price
from company.trading.risk.rules import clamp
from tests.trading.risk.books import LIMITS, SYMBOLS, book, buy, history, market, rules, sized

D = Decimal
TWINS = History(SYMBOLS, np.column_stack([np.linspace(-0.01, 0.01, 100)] * 2 + [np.tile([0.01, -0.01], 50)]))
"""BTC and ETH move as one, SOL by itself."""


def test_symbols_that_move_together_share_one_cap():
    limits = RiskLimits(max_correlated_fraction=D("0.12"))
    held = {"ETH/USDT": 9_000, "SOL/USDT": 9_000}

    [denied] = check(buy(3_001), book(held=held, history=TWINS), limits)

    assert (denied.rule, denied.limit) == ("risk.correlated", 3_000)
    assert check(buy(3_000), book(held=held, history=TWINS), limits) == []
    assert check(buy(3_001), book(held={"SOL/USDT": 9_000}, history=TWINS), limits) == []


def test_a_purchase_may_not_fill_up_the_group_of_another_symbol():
    limits = RiskLimits(max_correlated_fraction=D("0.10"))
    full = book(held={"ETH/USDT": 9_900}, history=TWINS)

    sizing = sized(full, limits=limits)

    assert rules(sizing.clamps) == ["risk.correlated"]
    assert 98 <= sizing.notional <= 100


def test_an_order_after_which_a_day_may_lose_too_much_is_denied():
    wild = history(size=0.05, symbols=("BTC/USDT",))
    limits = RiskLimits(max_var_fraction=D("0.01"), max_cvar_fraction=D("0.012"))

    denied = check(buy(5_000), book(history=wild), limits)

    var, cvar = wild.at_risk({"BTC/USDT": D(5_000)})
    assert [(row.rule, row.limit) for row in denied] == [("risk.var", 1_000), ("risk.cvar", 1_200)]
    assert [float(row.value) for row in denied] == pytest.approx([var, cvar])
    sizing = sized(book(history=wild), limits=limits)
    assert sizing.approved
    assert {"risk.var", "risk.cvar"} & set(rules(sizing.clamps))
    assert check(buy(sizing.notional), book(history=wild), limits) == []


def test_open_buy_orders_count_in_value_at_risk():
    wild, limits = history(size=0.05, symbols=SYMBOLS[:2]), RiskLimits(max_var_fraction=D("0.02"))

    assert check(buy(2_000), book(history=wild), limits) == []
    waiting = book(history=wild, pending={"ETH/USDT": 9_000})
    assert "risk.var" in rules(check(buy(2_000), waiting, limits))


def test_a_stop_lies_three_true_ranges_below_the_price_on_the_venues_grid():
    assert stop_price(D(100), D("1.003"), market(tick="0.01"), LIMITS) == D("96.99")
    assert stop_price(D(100), D("1.003"), market(tick="0.5"), LIMITS) == D("96.5")
    assert stop_price(D(100), D(34), market(), LIMITS) is None


def test_an_entry_is_sized_so_that_its_stop_costs_at_most_the_risk_of_one_trade():
    calm, wild = sized(book(), atr=D(1)), sized(book(), atr=D(10))

    assert (calm.stop, calm.notional, calm.clamps) == (97, 4_000, [])
    assert (wild.stop, rules(wild.clamps)) == (70, ["risk.stop"])
    assert 490 <= wild.quantity * (100 - wild.stop) <= 500


def test_a_symbol_that_may_lose_everything_before_its_stop_is_sized_as_if_it_did():
    sizing = sized(book(), atr=D(40))

    assert (sizing.stop, rules(sizing.clamps)) == (None, ["risk.stop"])
    assert 490 <= sizing.notional <= 500


def test_the_check_holds_an_order_to_its_own_stop():
    assert check(buy(5_000, stop=91), book(), LIMITS) == []
    assert rules(check(buy(5_000, stop=89), book(), LIMITS)) == ["risk.stop"]


def test_an_exit_and_a_refused_entry_have_no_stop():
    assert sized(book(held={"BTC/USDT": 1000}), "1", side="sell", atr=D(1)).stop is None
    assert sized(book(), "0.1", atr=D(1)).stop is None


@pytest.mark.parametrize("name", ["BTC", "BTC/USDT", "btc", " Btc ", "btc-usdt", "BTC_USDT", "BTCUSDT"])
def test_nothing_is_bought_of_what_is_on_the_restricted_list(name):
    limits = RiskLimits(restricted=(name,))

    assert rules(check(buy(100), book(), limits)) == ["risk.restricted"]
    assert rules(sized(book(), limits=limits).clamps) == ["risk.restricted"]
    assert check(buy(100, "ETH/USDT"), book(), limits) == []


@pytest.mark.parametrize(("paused", "other"), [("BTC/USDT", []), (EVERYTHING, ["risk.pause"])])
def test_nothing_is_bought_of_what_is_paused(paused, other):
    state = book(paused={paused: clamp("risk.pause", 0, 1)})

    assert rules(check(buy(100), state, LIMITS)) == ["risk.pause"]
    assert rules(sized(state).clamps) == ["risk.pause"]
    assert rules(check(buy(100, "ETH/USDT"), state, LIMITS)) == other
