import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.strategies import MeanReversion


def at(state, deviations, **trend):
    return MeanReversion(deviations=2.0)(state(z_score=deviations / 3, **trend))


def test_it_buys_far_under_the_mean_and_sells_far_over_it(state):
    assert at(state, -2.5).side == "buy"
    assert at(state, 2.5).side == "sell"
    assert at(state, -1.9) is None
    assert at(state, 1.9) is None


@given(one=st.floats(2, 3), other=st.floats(2, 3))
def test_farther_away_is_believed_more_and_both_sides_alike(state, one, other):
    near, far = sorted((one + 1e-9, other + 1e-9))

    low, high = at(state, -near).conviction, at(state, -far).conviction

    assert 0.6 <= float(low) <= float(high) <= 1
    assert (at(state, near).conviction, at(state, far).conviction) == (low, high)


@pytest.mark.parametrize(("deviations", "against", "along"), [(-2.5, "bear", "bull"), (2.5, "bull", "bear")])
def test_it_does_not_step_in_front_of_a_trend(state, deviations, against, along):
    assert at(state, deviations, **{against: 0.5}) is None
    assert at(state, deviations, **{against: 0.49}) is not None
    assert at(state, deviations, **{along: 0.99}) is not None
    assert at(state, deviations, **{against: float("nan")}) is None
