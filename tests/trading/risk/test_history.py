from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import ToolError
from company.trading.risk import History
from company.trading.risk.history import tail
from tests.trading.risk.books import SYMBOLS, history

D = Decimal


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=200), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_tail_is_numpys_quantile_and_the_mean_beyond_it(profits, confidence):
    profits = np.array(profits)
    cut = np.quantile(profits, 1 - confidence)

    var, cvar = tail(profits, confidence)

    assert var == pytest.approx(max(0, -cut), abs=1e-9)
    assert cvar >= var - 1e-9
    assert cvar <= max(0, -profits.min()) + 1e-9


def test_var_and_cvar_of_one_day_are_those_of_an_hour_times_the_root_of_24():
    hours = np.array([[step / 1000] for step in range(-50, 51)])

    var, cvar = History(["BTC/USDT"], hours).at_risk({"BTC/USDT": D(10_000)})

    assert var == pytest.approx(450 * 24**0.5)
    assert cvar == pytest.approx(475 * 24**0.5)


def test_bars_of_a_day_need_no_scaling():
    days = np.array([[step / 1000] for step in range(-50, 51)])

    assert History(["BTC/USDT"], days, bars_a_day=1).at_risk({"BTC/USDT": D(10_000)})[0] == pytest.approx(450)


def test_what_has_no_history_counts_as_lost_and_as_moving_with_everything():
    known = history(symbols=SYMBOLS[:2], together=0.1)
    values = {"BTC/USDT": D(1000), "NEW/USDT": D(300)}

    assert known.at_risk(values)[0] == pytest.approx(known.at_risk({"BTC/USDT": D(1000)})[0] + 300)
    assert known.correlated("BTC/USDT", values, D("0.7")) == pytest.approx(1300)


def test_correlations_are_numpys():
    known = history(4, together=0.6)

    assert known.correlations == pytest.approx(np.corrcoef(known._returns, rowvar=False))


def test_a_price_that_never_moved_counts_as_moving_with_all_others():
    still = History(["A", "B"], np.column_stack([np.zeros(80), np.linspace(-0.1, 0.1, 80)]))

    assert still.correlations.tolist() == [[1, 1], [1, 1]]


def test_a_group_is_weighted_by_correlation_and_leaves_the_rest_out():
    returns = np.random.default_rng(3).normal(0, 0.01, (4000, 3))
    returns[:, 1] = 0.8 * returns[:, 0] + 0.6 * returns[:, 1]  # correlation 0.8
    known = History(SYMBOLS, returns)
    values = {"BTC/USDT": D(1000), "ETH/USDT": D(500), "SOL/USDT": D(900)}

    assert known.correlated("BTC/USDT", values, D("0.7")) == pytest.approx(1000 + 0.8 * 500, rel=0.02)
    assert known.correlated("SOL/USDT", values, D("0.7")) == pytest.approx(900)


@pytest.mark.parametrize(
    ("symbols", "values", "complaint"),
    [
        (["A"], [[0.1], [float("nan")]], "not finite"),
        (["A"], [[0.1], [float("inf")]], "not finite"),
        (["A"], [[-1.5]], "more than all"),
        (["A", "B"], [[0.1]], "do not fit"),
        (["A"], np.empty((0, 1)), "do not fit"),
    ],
)
def test_a_history_that_cannot_be_right_is_refused(symbols, values, complaint):
    with pytest.raises(ToolError, match=complaint):
        History(symbols, np.array(values))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    bars=st.integers(20, 120),
    held=st.floats(0, 1000),
    most=st.floats(1, 1000),
    limit=st.floats(0, 300),
    parts=st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_below_its_room_a_purchase_of_any_size_keeps_var_and_cvar_below_their_limits(
    seed, bars, held, most, limit, parts
):
    returns = np.random.default_rng(seed).uniform(-0.3, 0.3, (bars, 2))
    known, values = History(["A", "B"], returns), {"A": D(held)}

    var, cvar = known.room("B", values, var=limit, cvar=limit, most=most)

    assert 0 <= var <= most
    assert 0 <= cvar <= most
    for part in parts:
        if var:
            assert known.at_risk({**values, "B": D(var * part)})[0] <= limit * (1 + 1e-9) + 1e-6
        if cvar:
            assert known.at_risk({**values, "B": D(cvar * part)})[1] <= limit * (1 + 1e-9) + 1e-6


@given(st.integers(0, 10_000), st.floats(0.2, 0.99))
def test_the_room_is_used_up_when_nothing_hedges(seed, share):
    known = history(seed, together=0.0, symbols=("A",))
    var, cvar = known.at_risk({"A": D(1000)})

    rooms = known.room("A", {}, var=var * share, cvar=cvar * share, most=1000)

    cut = -np.quantile(known._returns, 0.05, method="lower") * 24**0.5
    assert rooms[0] == pytest.approx(var * share / cut)
    assert rooms[1] == pytest.approx(1000 * share, rel=0.002)
    assert known.room("A", {}, var=var * 2, cvar=cvar * 2, most=1000) == (1000, 1000)


def test_there_is_no_room_above_the_limit():
    known = history()

    assert known.room("ETH/USDT", {"BTC/USDT": D(10_000)}, var=10, cvar=10, most=1000) == (0, 0)
    assert known.room("ETH/USDT", {"NEW/USDT": D(100)}, var=50, cvar=50, most=1000) == (0, 0)
