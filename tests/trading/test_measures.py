"""Measures of a curve, by hand; `test_measures_oracle` holds them against an independent library."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import ToolError
from company.trading import measures

CURVE = np.array([100.0, 110.0, 99.0, 121.0, 108.9, 121.0, 130.0])
curves = st.lists(st.floats(1.0, 1e6), min_size=2, max_size=50).map(np.array)


def test_a_year_has_8760_hours_and_365_days() -> None:
    assert measures.periods_per_year("1h") == 8760
    assert measures.periods_per_year("1d") == 365


def test_an_unknown_timeframe_has_no_year() -> None:
    with pytest.raises(ToolError, match="'2h' is unknown"):
        measures.periods_per_year("2h")


def test_total_return_is_the_last_mark_over_the_first() -> None:
    assert measures.total_return(CURVE) == pytest.approx(0.30)


def test_growth_of_a_year_is_the_total_return_and_half_a_year_is_squared() -> None:
    assert measures.cagr(CURVE, 6) == pytest.approx(0.30)
    assert measures.cagr(CURVE, 12) == pytest.approx(1.30**2 - 1)


def test_growth_that_is_no_number_is_none() -> None:
    assert measures.cagr(np.array([1.0, 10.0]), 525_600) is None


def test_sharpe_and_volatility_use_the_sample_deviation() -> None:
    returns = np.array([0.01, -0.01, 0.03])
    assert measures.volatility(returns, 4) == pytest.approx(0.02 * 2)
    assert measures.sharpe(returns, 4) == pytest.approx(0.01 / 0.02 * 2)


def test_sortino_counts_winning_bars_as_zero_downside() -> None:
    returns = np.array([0.02, -0.03, 0.02, 0.03])
    assert measures.sortino(returns, 9) == pytest.approx(0.01 / sqrt(0.0009 / 4) * 3)


def test_a_drawdown_names_its_peak_its_trough_and_its_recovery() -> None:
    found = measures.max_drawdown(np.array([90.0, 100.0, 100.0, 80.0, 90.0, 100.0, 95.0]))
    assert found == measures.Drawdown(pytest.approx(-0.2), 2, 3, 5)
    assert found.length(7) == 3


def test_a_drawdown_without_recovery_lasts_to_the_end() -> None:
    found = measures.max_drawdown(np.array([100.0, 50.0, 60.0]))
    assert found.recovered is None
    assert found.length(3) == 2


def test_a_curve_that_only_rises_has_no_drawdown_and_no_calmar() -> None:
    rising = np.array([1.0, 2.0, 3.0])
    assert measures.max_drawdown(rising).depth == 0
    assert measures.calmar(rising, 2) is None


def test_calmar_is_growth_over_depth() -> None:
    assert measures.calmar(CURVE, 6) == pytest.approx(0.30 / 0.10)


def test_value_at_risk_lies_between_the_worst_returns_in_proportion() -> None:
    returns = np.arange(-10, 11) / 100  # 21 returns: the quantile falls on the second worst
    assert measures.value_at_risk(returns) == pytest.approx(0.09)
    assert measures.conditional_value_at_risk(returns) == pytest.approx(0.095)


def test_the_tail_keeps_its_size_when_many_returns_are_equal() -> None:
    returns = np.array([-0.5] + [0.0] * 99)
    assert measures.value_at_risk(returns) == 0
    assert measures.conditional_value_at_risk(returns) == pytest.approx(0.5 / 5)


def test_trades_are_told_apart_by_what_they_earned() -> None:
    results = [10.0, -4.0, 0.0, 6.0]
    assert measures.win_rate(results) == 0.5
    assert measures.profit_factor(results) == 4
    assert measures.expectancy(results) == 3


def test_exposure_is_the_mean_share_that_was_invested() -> None:
    assert measures.exposure(np.array([0.0, 0.5, 1.0])) == 0.5


def test_turnover_is_traded_value_over_mean_equity_a_year() -> None:
    assert measures.turnover(300.0, np.array([100.0, 100.0, 100.0]), 4) == 6


def test_what_does_not_exist_is_none() -> None:
    nothing, one = np.empty(0), np.array([100.0])
    assert [measures.volatility(nothing, 1), measures.sharpe(nothing, 1), measures.sortino(nothing, 1)] == [None] * 3
    assert [measures.value_at_risk(nothing), measures.conditional_value_at_risk(nothing)] == [None] * 2
    assert [measures.cagr(one, 1), measures.turnover(1.0, one, 1), measures.exposure(nothing)] == [None] * 3
    assert [measures.win_rate([]), measures.profit_factor([1.0]), measures.expectancy([])] == [None] * 3
    assert measures.sharpe(np.zeros(9), 8760) is None


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_mark_that_is_not_positive_is_refused_by_number(bad: float) -> None:
    with pytest.raises(ValueError, match="mark 2 "):
        measures.returns_of(np.array([1.0, 2.0, bad, 3.0]))


@given(curves)
def test_law_returns_compound_to_the_total_return(equity: measures.Floats) -> None:
    compounded = float(np.prod(1 + measures.returns_of(equity)) - 1)
    assert compounded == pytest.approx(measures.total_return(equity), rel=1e-9, abs=1e-9)


@given(curves)
def test_law_no_later_mark_is_deeper_below_an_earlier_one(equity: measures.Floats) -> None:
    found = measures.max_drawdown(equity)
    worst = min(equity[late] / equity[early] - 1 for late in range(len(equity)) for early in range(late + 1))
    assert found.depth == pytest.approx(min(worst, 0))
    assert equity[found.trough] / equity[found.peak] - 1 == pytest.approx(found.depth)
    assert found.peak <= found.trough


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=80).map(np.array))
def test_law_the_mean_of_the_tail_is_at_least_the_value_at_risk(returns: measures.Floats) -> None:
    var, tail = measures.value_at_risk(returns), measures.conditional_value_at_risk(returns)
    assert var is not None
    assert tail is not None
    assert tail >= var - 1e-12
