import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.features import Bars, frame, indicators
from company.trading.signals import State
from company.trading.strategies import Momentum, score_of

part = st.floats(-1, 1)
PARTS = ("momentum_24", "crossover", "macd_histogram", "rsi")


@given(parts=st.tuples(part, part, part, part))
def test_the_score_lies_between_minus_one_and_one_and_its_mirror_image_is_its_negative(state, parts):
    score = score_of(state(**dict(zip(PARTS, parts, strict=True))))

    assert -1 <= score <= 1
    assert score_of(state(**{name: -value for name, value in zip(PARTS, parts, strict=True)})) == pytest.approx(-score)


@given(parts=st.tuples(part, part, part, part), name=st.sampled_from(PARTS), other=part)
def test_a_stronger_feature_never_lowers_the_score(state, parts, name, other):
    weak = dict(zip(PARTS, parts, strict=True))
    strong = {**weak, name: max(weak[name], other)}

    assert score_of(state(**weak)) <= score_of(state(**strong)) + 1e-12


@given(parts=st.tuples(part, part, part, part))
def test_it_buys_from_one_threshold_and_sells_from_the_other_with_the_score_as_conviction(state, parts):
    bar = state(**dict(zip(PARTS, parts, strict=True)))
    score = score_of(bar)

    wish = Momentum(enter=0.6, leave=0.3)(bar)

    assert (wish and wish.side) == ("buy" if score >= 0.6 else "sell" if score <= -0.3 else None)
    if wish:
        assert float(wish.conviction) == pytest.approx(abs(score), abs=0.0006)


def test_the_score_is_the_one_the_desk_shows():
    closes = [100 * 1.003**number * (1 + 0.01 * (number % 5 - 2)) for number in range(120)]
    rows = [[60_000 * n, c, 1.002 * c, 0.998 * c, c, 5.0] for n, c in enumerate(closes)]
    bars = Bars.read(rows, symbol="BTC/USDT", timeframe="1m", source="test")

    assert score_of(State(frame(bars), 119)) == pytest.approx(float(indicators(bars).score), abs=0.0051)
