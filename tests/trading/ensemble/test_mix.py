import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.ensemble import CAP, EQUAL, FLOOR, NONE, TEMPERAMENTS, Odds, mix, within

NAMES = list(TEMPERAMENTS)
BULL, BEAR, SIDEWAYS = Odds(1, 0, 0), Odds(0, 1, 0), Odds(0, 0, 1)
shares = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(lambda given: dict(zip(NAMES, given, strict=True)))
learnt = shares.map(lambda given: within(given, FLOOR, CAP))
odds = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda p: Odds(p[0], (1 - p[0]) * p[1], (1 - p[0]) * (1 - p[1])))
recent = st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(lambda given: dict(zip(NAMES, given, strict=True)))
tolerances = st.sampled_from(["cautious", "moderate", "bold"])
steps = st.sampled_from(["normal", "halved", "no_new", "stop"])


def heaviest(weights):
    return max(weights, key=weights.__getitem__)


@given(learnt=learnt, odds=odds, recent=recent, tolerance=tolerances, step=steps)
def test_the_mix_sums_to_one_and_nobody_rules_unless_the_drawdown_says_so(learnt, odds, recent, tolerance, step):
    found = mix(learnt, odds, recent, tolerance, step)

    assert sum(found.values()) == pytest.approx(1, abs=1e-9)
    if step in ("no_new", "stop"):
        assert found == {"conservative": 1, "aggressive": 0, "balanced": 0, "contrarian": 0}
    else:
        assert all(0.05 <= weight <= 0.70 for weight in found.values())


@given(learnt=learnt, odds=odds, recent=recent, tolerance=tolerances)
def test_from_the_first_drawdown_step_on_the_company_is_cautious_whatever_it_likes(learnt, odds, recent, tolerance):
    assert mix(learnt, odds, recent, tolerance, "halved") == mix(learnt, odds, recent, "cautious")


@given(learnt=learnt, odds=odds, recent=recent)
def test_more_tolerance_gives_the_aggressive_more_and_the_conservative_less(learnt, odds, recent):
    found = [mix(learnt, odds, recent, tolerance) for tolerance in ("cautious", "moderate", "bold")]
    aggressive = [weights["aggressive"] for weights in found]
    conservative = [weights["conservative"] for weights in found]

    assert aggressive[0] <= aggressive[1] + 1e-9 <= aggressive[2] + 2e-9
    assert conservative[2] <= conservative[1] + 1e-9 <= conservative[0] + 2e-9


@given(learnt=learnt, odds=odds, tolerance=tolerances, name=st.sampled_from(NAMES))
def test_who_earned_of_late_counts_no_less_than_if_it_had_lost(learnt, odds, tolerance, name):
    earned = mix(learnt, odds, {**NONE, name: 0.8}, tolerance)
    lost = mix(learnt, odds, {**NONE, name: -0.8}, tolerance)

    assert earned[name] >= lost[name] - 1e-9


@pytest.mark.parametrize(
    ("market", "who"),
    [(BULL, "aggressive"), (BEAR, "conservative"), (SIDEWAYS, "contrarian")],
    ids=str,
)
def test_each_regime_has_its_temperament(market, who):
    assert heaviest(mix(EQUAL, market, NONE, "moderate")) == who
