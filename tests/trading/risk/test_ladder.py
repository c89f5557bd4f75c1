from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import ToolError
from company.trading.risk import EquityMarks, RiskLimits, check, drawdown_step, mark_equity, next_step
from tests.trading.risk.books import LIMITS, book, buy, rules, sized

D = Decimal
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
RANK = ("normal", "halved", "no_new", "stop")
drawdowns = st.decimals("0", "0.2", places=4)


def after(*drawdowns, limits=LIMITS):
    step = "normal"
    for drawdown in drawdowns:
        step = next_step(step, D(drawdown), limits)
    return step


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (["0.049"], "normal"),
        (["0.05"], "halved"),
        (["0.05", "0.041"], "halved"),
        (["0.05", "0.0401", "0.0499"], "halved"),
        (["0.05", "0.04"], "halved"),
        (["0.05", "0.0399"], "normal"),
        (["0.10", "0.091"], "no_new"),
        (["0.10", "0.0899"], "halved"),
        (["0.10", "0.0399"], "normal"),
        (["0.149", "0.145"], "no_new"),
        (["0.15"], "stop"),
        (["0.15", "0"], "stop"),
    ],
)
def test_a_step_is_entered_at_once_and_left_only_well_below_it(seen, step):
    assert after(*seen) == step


@given(st.lists(drawdowns, min_size=1, max_size=40))
def test_the_step_in_force_is_never_laxer_than_the_drawdown_and_stop_is_never_left(seen):
    step, stopped = "normal", False
    for drawdown in seen:
        step = next_step(step, drawdown, LIMITS)
        stopped = stopped or drawdown >= LIMITS.drawdown_stop
        assert RANK.index(step) >= RANK.index(drawdown_step(drawdown, LIMITS))
        assert (step == "stop") == stopped


@given(st.decimals("0.04", "0.06", places=4), st.lists(st.decimals("-0.004", "0.004", places=4), max_size=40))
def test_a_drawdown_that_trembles_less_than_the_release_changes_the_step_at_most_once(middle, trembling):
    step, changes = "normal", 0
    for drawdown in (middle + move for move in trembling):
        following = next_step(step, drawdown, LIMITS)
        changes += following != step
        step = following
    assert changes <= 1


def test_a_step_in_force_binds_although_the_drawdown_has_shrunk():
    held = book(drawdown="0.045", step="halved")

    assert rules(check(buy(2501), held, LIMITS)) == ["risk.drawdown_halved"]
    assert check(buy(2500), held, LIMITS) == []


def test_at_the_second_step_only_high_conviction_adds_to_a_position_and_at_half_size():
    held = book(drawdown="0.11", held={"BTC/USDT": 1000})

    assert rules(sized(held, "0.79").clamps) == ["risk.conservative"]
    assert sized(held, "0.8").notional == sized(book(held={"BTC/USDT": 1000}), "0.8").notional / 2
    assert rules(sized(book(drawdown="0.11"), "0.9").clamps) == ["risk.drawdown_no_new"]


def test_a_latched_desk_buys_nothing_and_says_how_deep_it_fell():
    latched = book(drawdown="0.02", step="stop", deepest=D("0.17"), held={"BTC/USDT": 1000})

    [denied] = check(buy(100), latched, LIMITS)

    assert (denied.rule, denied.limit, denied.value) == ("risk.drawdown_stop", D("0.15"), D("0.17"))


def test_the_deepest_fall_is_kept_when_the_equity_recovers_to_a_new_peak():
    marks = None
    for hour, equity in enumerate([100, 84, 120, 119]):
        marks = mark_equity(marks, D(equity), NOON + timedelta(hours=hour))

    assert (marks.deepest, marks.peak) == (D("0.16"), 120)


@given(st.lists(st.decimals("1", "1000", places=2), min_size=1, max_size=30))
def test_marks_kept_as_json_go_on_as_if_they_had_not_been(equities):
    kept = straight = None
    for hour, equity in enumerate(equities):
        now = NOON + timedelta(hours=7 * hour)
        straight = mark_equity(straight, equity, now)
        kept = mark_equity(EquityMarks.model_validate(kept) if kept else None, equity, now).model_dump(mode="json")
    assert EquityMarks.model_validate(kept) == straight


def test_re_arming_makes_the_last_equity_the_peak():
    fallen = mark_equity(mark_equity(None, D(100), NOON), D(80), NOON)

    fresh = fallen.rearmed(NOON + timedelta(hours=1))

    assert (fresh.peak, fresh.drawdown, fresh.deepest) == (80, 0, 0)
    assert (fresh.day_equity, fresh.equity) == (100, 80)


@pytest.mark.parametrize("equity", ["NaN", "Infinity", "-Infinity"])
def test_an_equity_that_is_no_number_is_not_marked(equity):
    with pytest.raises(ToolError, match="is no number"):
        mark_equity(None, D(equity), NOON)


def test_a_release_that_would_never_leave_a_step_is_refused():
    with pytest.raises(ValueError, match="must be below drawdown_halved"):
        RiskLimits(drawdown_release=D("0.05"))
