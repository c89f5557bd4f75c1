from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.features import Bars, frame
from company.trading.signals import State
from company.trading.strategies import Crossover

BELOW, ABOVE, EVEN = {"sma_20": 99.0}, {"sma_20": 101.0}, {"sma_20": 100.0}


@pytest.mark.parametrize(
    ("before", "now", "side"),
    [
        (BELOW, ABOVE, "buy"),
        (EVEN, ABOVE, "buy"),
        (ABOVE, BELOW, "sell"),
        (EVEN, BELOW, "sell"),
        (ABOVE, ABOVE, None),
        (BELOW, BELOW, None),
        (ABOVE, EVEN, None),
        (EVEN, EVEN, None),
    ],
)
def test_a_crossing_is_told_at_its_bar_with_its_direction(state, before, now, side):
    wish = Crossover()(state(before=before, **now))

    assert (wish and wish.side) == side


def test_the_crossings_of_a_walk_are_those_of_the_two_means():
    closes = 100 * np.exp(np.cumsum(0.004 * np.random.default_rng(1).normal(size=1000)))
    rows = [[60_000 * number, c, c, c, c, 5.0] for number, c in enumerate(closes)]
    made = frame(Bars.read(rows, symbol="BTC/USDT", timeframe="1m", source="test"))
    fast, slow = (np.convolve(closes, np.ones(width) / width, "valid")[-951:] for width in (20, 50))

    told = [row for row in range(1000) if Crossover()(State(made, row))]

    assert told == (np.flatnonzero(np.diff(np.sign(fast - slow))) + 50).tolist()
    assert len(told) > 10


@given(one=st.floats(-1, 1), other=st.floats(-1, 1))
def test_a_crossing_with_the_momentum_is_believed_more_and_its_mirror_image_as_much(state, one, other):
    weak, strong = sorted((one, other))

    up = [Crossover()(state(before=BELOW, **ABOVE, momentum_48=m)).conviction for m in (weak, strong)]
    down = [Crossover()(state(before=ABOVE, **BELOW, momentum_48=-m)).conviction for m in (weak, strong)]

    assert Decimal("0.6") <= up[0] <= up[1] <= 1
    assert down == up
