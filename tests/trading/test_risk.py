from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from company.errors import ToolError
from company.trading.markets import Market
from company.trading.risk import (
    NO_RETURNS,
    RULES,
    BookState,
    ProposedOrder,
    RiskLimits,
    check,
    drawdown_step,
    kelly_fraction,
    mark_equity,
    size,
    value_at_risk,
)

D = Decimal
LIMITS = RiskLimits()
MARKET = Market("paper-a", "BTC/USDT", "BTC", D("0.00001"), D("0.01"), D("0.00001"), D(5), D("0.001"))
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def state(equity=100_000, *, day=None, drawdown="0", held="0", price=50_000, others=0, pending=0):
    notionals = {"BTC/USDT": D(held) * price, "ETH/USDT": D(others)}
    return BookState(
        equity=D(equity),
        day_equity=D(equity if day is None else day),
        drawdown=D(drawdown),
        notionals=notionals,
        held={"BTC/USDT": D(held)},
        pending={"BTC/USDT": D(pending)},
    )


def sized(conviction="0.8", *, side="buy", volatility="0.5", price=50_000, free=1_000_000, book=None, limits=LIMITS):
    return size(
        symbol="BTC/USDT",
        side=side,
        conviction=D(conviction),
        volatility=D(volatility),
        price=D(price),
        market=MARKET,
        free=D(free),
        state=book or state(),
        limits=limits,
    )


def order(notional, side="buy", price=50_000):
    return ProposedOrder("BTC/USDT", side, D(notional) / price, D(price))


def rules(clamps):
    return [clamp.rule for clamp in clamps]


def test_half_kelly_of_full_conviction_is_the_full_edge():
    assert kelly_fraction(D(1), LIMITS) == D("0.05")
    assert kelly_fraction(D("0.6"), LIMITS) == D("0.03")


def test_an_entry_is_sized_by_conviction():
    sizing = sized("0.8")

    assert (sizing.approved, sizing.notional, sizing.fraction, sizing.clamps) == (True, 4000, D("0.04"), [])
    assert sizing.quantity == D("0.08")


def test_volatility_above_the_target_shrinks_the_size_in_proportion():
    sizing = sized("0.8", volatility="1.2")

    assert sizing.notional == 2000
    assert rules(sizing.clamps) == ["risk.volatility"]


def test_a_weak_conviction_opens_nothing():
    sizing = sized("0.59")

    assert (sizing.approved, sizing.quantity) == (False, 0)
    assert rules(sizing.clamps) == ["risk.min_conviction"]
    assert "refused by risk.min_conviction" in sizing.reason


def test_the_kelly_cap_bounds_a_bold_edge():
    sizing = sized("1", limits=RiskLimits(full_edge=D("0.2"), max_trade_fraction=D("0.5")))

    assert rules(sizing.clamps) == ["risk.kelly"]
    assert sizing.notional == 5000


@pytest.mark.parametrize(
    ("book", "rule", "most"),
    [
        (state(held="0.18"), "risk.per_position", 1000),
        (state(others=59_000), "risk.gross", 1000),
        (state(pending=9_000), "risk.per_position", 1000),
        (state(drawdown="0.06"), None, 2000),
    ],
)
def test_a_cap_cuts_the_size(book, rule, most):
    sizing = sized("0.8", book=book)

    assert rules(sizing.clamps) == ([rule] if rule else [])
    assert 0.98 * most <= sizing.notional <= most


def test_the_size_is_cut_to_what_the_venue_can_pay():
    sizing = sized("0.8", free=1000)

    assert rules(sizing.clamps) == ["risk.balance"]
    assert sizing.notional * D("1.001") <= 1000


def test_a_size_below_the_venues_minimum_is_refused():
    sizing = sized("0.8", book=state(held="0.1999"))

    assert not sizing.approved
    assert rules(sizing.clamps) == ["risk.per_position", "risk.minimum"]


@pytest.mark.parametrize(
    ("book", "rule"),
    [
        (state(97_000, day=100_000), "risk.daily_loss"),
        (state(drawdown="0.10"), "risk.drawdown_no_new"),
        (state(drawdown="0.15"), "risk.drawdown_stop"),
        (state(drawdown="0.15", held="0.01"), "risk.drawdown_stop"),
    ],
)
def test_losses_stop_entries_but_never_exits(book, rule):
    assert rule in rules(check(order(100), book, LIMITS))
    assert rules(sized("0.9", book=book).clamps) == [rule]
    assert check(ProposedOrder("BTC/USDT", "sell", book.held["BTC/USDT"], D(1)), book, LIMITS) == []


def test_between_ten_and_fifteen_per_cent_drawdown_a_held_position_may_still_grow_at_half_size():
    book = state(drawdown="0.12", held="0.01")

    assert check(order(2500), book, LIMITS) == []
    assert rules(check(order(2501), book, LIMITS)) == ["risk.drawdown_halved"]


def test_an_order_above_every_cap_names_them_all():
    assert rules(check(order(70_000), state(), LIMITS)) == ["risk.per_trade", "risk.per_position", "risk.gross"]


def test_selling_more_than_is_held_is_denied():
    book = state(held="0.1")

    assert check(order(5_000, "sell"), book, LIMITS) == []
    assert rules(check(order(5_001, "sell"), book, LIMITS)) == ["risk.no_short"]


def test_an_exit_sells_the_convictions_share_of_the_position():
    sizing = sized("0.5", side="sell", book=state(held="0.4"), free="0.4")

    assert (sizing.approved, sizing.quantity) == (True, D("0.2"))


def test_a_full_exit_leaves_no_dust():
    assert sized("1", side="sell", book=state(held="0.33333"), free="0.33333", price=51_234).quantity == D("0.33333")


def test_there_is_nothing_to_exit_without_a_position():
    sizing = sized("0.9", side="sell")

    assert (sizing.approved, rules(sizing.clamps)) == (False, ["risk.no_short"])


@pytest.mark.parametrize("conviction", ["-0.1", "1.01"])
def test_conviction_outside_its_range_is_told_to_the_model(conviction):
    with pytest.raises(ToolError, match="from 0 to 1"):
        sized(conviction)


fractions = st.decimals("0.01", "1", places=2)
amounts = st.decimals("0", "200000", places=2)
books = st.builds(
    state,
    equity=st.decimals("-1000", "1000000", places=2),
    day=st.decimals("0", "1000000", places=2),
    drawdown=st.decimals("0", "0.3", places=3),
    held=st.decimals("0", "5", places=5),
    others=amounts,
    pending=amounts,
)
limit_sets = st.builds(
    RiskLimits,
    max_trade_fraction=fractions,
    max_position_fraction=fractions,
    max_gross_fraction=fractions,
    min_conviction=fractions,
    full_edge=fractions,
    kelly_cap=fractions,
)
requests = {
    "conviction": st.decimals("0", "1", places=2),
    "volatility": st.decimals("0", "5", places=3),
    "price": st.decimals("0.01", "100000", places=2),
    "free": amounts,
    "book": books,
    "limits": limit_sets,
}


@given(**requests)
def test_no_limit_is_exceeded_by_any_approved_entry(conviction, volatility, price, free, book, limits):
    sizing = sized(conviction, volatility=volatility, price=price, free=free, book=book, limits=limits)

    notional = sizing.quantity * price
    assert sizing.approved == (sizing.quantity > 0)
    if sizing.approved:
        assert notional <= limits.max_trade_fraction * book.equity
        assert book.exposure("BTC/USDT") + notional <= limits.max_position_fraction * book.equity
        assert book.gross + notional <= limits.max_gross_fraction * book.equity
        assert notional * (1 + MARKET.fee) <= free
        assert conviction >= limits.min_conviction
        assert book.drawdown < limits.drawdown_stop
        assert book.daily_loss < limits.daily_loss_fraction
        assert sizing.quantity % MARKET.step == 0
        assert notional >= MARKET.minimum_notional


@given(side=st.sampled_from(["buy", "sell"]), **requests)
def test_what_sizing_approves_the_check_before_the_order_allows(
    side, conviction, volatility, price, free, book, limits
):
    sizing = sized(conviction, side=side, volatility=volatility, price=price, free=free, book=book, limits=limits)

    if sizing.approved:
        assert check(ProposedOrder("BTC/USDT", side, sizing.quantity, D(price)), book, limits) == []
    assert {clamp.rule for clamp in sizing.clamps} <= set(RULES)


@given(part=st.decimals("0.01", "1", places=2), price=st.decimals("0.01", "100000", places=2), book=books)
def test_reducing_a_position_is_allowed_in_every_state(part, price, book):
    assert check(ProposedOrder("BTC/USDT", "sell", book.held["BTC/USDT"] * part, price), book, LIMITS) == []


@given(st.lists(st.decimals("0.01", "1000000", places=2), min_size=1, max_size=30))
def test_the_peak_is_the_highest_mark_and_drawdown_never_negative(equities):
    marks = None
    for hour, equity in enumerate(equities):
        marks = mark_equity(marks, equity, NOON + timedelta(hours=hour))
        assert marks.peak == max(equities[: hour + 1])
        assert 0 <= marks.drawdown < 1


def test_the_day_begins_with_the_last_mark_of_the_day_before():
    first = mark_equity(None, D(100), NOON)
    evening = mark_equity(first, D(104), NOON + timedelta(hours=11))
    morning = mark_equity(evening, D(101), NOON + timedelta(hours=13))

    assert evening.day_profit == 4
    assert morning.day_profit == -3


@pytest.mark.parametrize(
    ("drawdown", "step"),
    [("0.0499", "normal"), ("0.05", "halved"), ("0.10", "no_new"), ("0.1499", "no_new"), ("0.15", "stop")],
)
def test_the_drawdown_ladder_has_its_steps_at_5_10_and_15_per_cent(drawdown, step):
    assert drawdown_step(D(drawdown), LIMITS) == step


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("max_trade_fraction", "0", "above 0 and at most 1"),
        ("max_gross_fraction", "1.5", "above 0 and at most 1"),
        ("drawdown_halved", "0.12", "steps must rise"),
        ("target_volatility", "0", "above 0"),
    ],
)
def test_impossible_limits_are_refused(field, value, complaint):
    with pytest.raises(ValidationError, match=complaint):
        RiskLimits(**{field: D(value)})


def test_value_at_risk_is_the_quantile_of_past_hours_scaled_to_a_day():
    returns = np.array([[step / 1000] for step in range(-50, 51)])

    read = value_at_risk({"BTC/USDT": D(10_000)}, returns, D(100_000))

    # the 5 % quantile of -5.0 % ... 5.0 % in steps of 0.1 % is -4.5 %, the mean at or below it -4.75 %
    assert float(read.var) == pytest.approx(450 * 24**0.5, abs=0.01)
    assert float(read.cvar) == pytest.approx(475 * 24**0.5, abs=0.01)
    assert float(read.var_percent) == pytest.approx(0.45 * 24**0.5, abs=0.01)


def test_opposite_positions_of_one_risk_leave_no_value_at_risk():
    returns = np.array([[step / 1000, -step / 1000] for step in range(-50, 51)])

    assert value_at_risk({"A": D(100), "B": D(100)}, returns, D(1000)).var == 0


def test_nothing_is_at_risk_without_positions():
    read = value_at_risk({}, NO_RETURNS, D(1000))

    assert (read.var, read.cvar, read.observations) == (0, 0, 0)


@given(st.lists(st.floats(-0.5, 0.5), min_size=60, max_size=200))
def test_the_expected_shortfall_is_never_below_the_value_at_risk(history):
    read = value_at_risk({"A": D(1000)}, np.array(history)[:, None], D(1000))

    assert read.cvar >= read.var >= 0
