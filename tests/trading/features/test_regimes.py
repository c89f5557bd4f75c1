import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.features import frame
from company.trading.features.regimes import probabilities
from company.trading.signals import State


def odds(strength):
    return [float(column[0]) for column in probabilities(np.array([strength]))]


@given(st.floats(-1e6, 1e6))
def test_the_three_probabilities_sum_to_one_at_any_strength(strength):
    assert sum(odds(strength)) == pytest.approx(1, abs=1e-12)


@given(st.floats(-10, 10))
def test_a_falling_market_is_as_surely_a_bear_as_its_mirror_image_is_a_bull(strength):
    bull, bear, sideways = odds(strength)

    assert odds(-strength) == pytest.approx([bear, bull, sideways])


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_a_stronger_rise_is_never_less_surely_a_bull(one, other):
    weak, strong = sorted((one, other))

    assert odds(weak)[0] <= odds(strong)[0] + 1e-12


def test_a_move_of_one_deviation_divides_a_trend_from_chance():
    bull, _, sideways = odds(1.0)

    assert bull == pytest.approx(sideways)
    assert max(odds(0.0)) == odds(0.0)[2]
    assert odds(2.0)[0] == pytest.approx(0.88, abs=0.005)


@pytest.mark.parametrize(("drift", "regime"), [(0.003, "bull"), (-0.003, "bear"), (0.0, "sideways")])
def test_the_most_probable_regime_is_the_one_that_was_put_in(bars, walk, drift, regime):
    flat = [[0.0, 0.003, 0.0, -0.003][number % 4] for number in range(100)]
    rows = walk(100, drift=drift, size=0.002) if drift else walk(100, size=0.0)
    if not drift:
        closes = 100 * np.exp(np.cumsum(flat))
        rows = [[row[0], c, c * 1.001, c * 0.999, c, 1.0] for row, c in zip(rows, closes, strict=True)]
    last = State(frame(bars(rows)), 99)

    assert max(("bull", "bear", "sideways"), key=lambda name: last[name]) == regime
