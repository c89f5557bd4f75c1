import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.features import Bars, frame
from company.trading.signals import Frame, State
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


means = st.lists(st.tuples(*[st.sampled_from([99.0, 100.0, 101.0, math.nan])] * 2), min_size=1, max_size=30)


@given(means)
def test_where_it_need_not_be_asked_it_wishes_for_nothing_and_everywhere_else_the_means_cross(pairs):
    fast, slow = map(list, zip(*pairs, strict=True))
    columns = {"sma_20": fast, "sma_50": slow, "momentum_48": [0.5] * len(pairs)}
    made = Frame("BTC/USDT", "1m", [60_000 * row for row in range(len(pairs))], columns)

    asked = [Crossover()(State(made, row)) is None for row in range(len(pairs))]

    assert Crossover().quiet(made) == asked
