import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.strategies import Scalping

NAN = float("nan")


def at(state, imbalance, spread, **more):
    return Scalping(spread_bps=5.0, imbalance=0.3)(state(imbalance=imbalance, spread_bps=spread, **more))


def test_it_follows_the_heavier_side_of_the_book(state):
    assert at(state, 0.6, 1.0).side == "buy"
    assert at(state, -0.6, 1.0).side == "sell"


@pytest.mark.parametrize(
    ("imbalance", "spread", "more"),
    [
        (0.29, 1.0, {}),
        (0.6, 5.1, {}),
        (NAN, 1.0, {}),
        (0.6, NAN, {}),
        (0.6, 1.0, {"momentum_3": -0.1}),
        (-0.6, 1.0, {"momentum_3": 0.1}),
        (0.6, 1.0, {"momentum_3": NAN}),
        (0.6, 1.0, {"atr": NAN}),
        (0.6, 1.0, {"atr": 0.0299}),
        (0.6, 0.0, {"atr": 0.0}),
    ],
    ids=["balanced", "wide", "no imbalance", "no spread", "falling", "rising", "warming", "no range", "small", "still"],
)
def test_it_wishes_for_nothing_when_the_book_or_the_bar_speaks_against_it(state, imbalance, spread, more):
    assert at(state, imbalance, spread, **more) is None


@given(one=st.floats(0.3, 1), other=st.floats(0.3, 1), narrow=st.floats(0, 5), wide=st.floats(0, 5))
def test_a_heavier_side_and_a_smaller_spread_are_believed_more_and_both_sides_alike(state, one, other, narrow, wide):
    (light, heavy), (narrow, wide) = sorted((one, other)), sorted((narrow, wide))

    best, lighter, wider = at(state, heavy, narrow), at(state, light, narrow), at(state, heavy, wide)

    assert float(min(lighter.conviction, wider.conviction)) >= 0.6
    assert max(lighter.conviction, wider.conviction) <= best.conviction <= 1
    assert at(state, -heavy, narrow).conviction == best.conviction


def test_without_a_least_imbalance_an_even_book_is_no_reason(state):
    assert Scalping(imbalance=0.0)(state(imbalance=0.0, spread_bps=1.0)) is None
