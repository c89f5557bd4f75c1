import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.ensemble import EQUAL, TEMPERAMENTS, Opinion, decide, within

NAMES = list(TEMPERAMENTS)
weights = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(
    lambda shares: within(dict(zip(NAMES, shares, strict=True)), 0.05, 0.7)
)
opinions = st.lists(st.one_of(st.just(0.0), st.floats(0.3, 1), st.floats(-1, -0.3)), min_size=4, max_size=4)


def spoken(*convictions):
    return [Opinion(name, conviction, "") for name, conviction in zip(NAMES, convictions, strict=True)]


def test_the_side_with_more_weight_wins_with_what_is_left_of_its_conviction():
    ballot = decide(spoken(0.8, 0.9, 0.7, -0.6), EQUAL)

    assert ballot.side == "buy"
    assert ballot.conviction == pytest.approx((0.8 + 0.9 + 0.7 - 0.6) / 4)
    assert ballot.reason.startswith("0.75 of the weight buys, 0.25 sells; to buy are conservative 0.80")


def test_who_abstains_neither_decides_nor_takes_away_from_the_conviction():
    ballot = decide(spoken(0, 0.9, 0.7, 0), EQUAL)

    assert (ballot.side, ballot.conviction) == ("buy", pytest.approx(0.8))


def test_without_a_quorum_nothing_is_decided():
    ballot = decide(spoken(0, 1.0, 0, 0), EQUAL)

    assert (ballot.side, ballot.conviction) == (None, 0)
    assert ballot.reason == "no quorum: 0.25 of the weight buys, 0.00 sells, 0.50 must vote"


def test_a_tie_decides_nothing_however_convinced_one_side_is():
    ballot = decide(spoken(1.0, 1.0, -0.4, -0.4), EQUAL)

    assert ballot.side is None
    assert ballot.reason.startswith("a tie")


def test_a_lukewarm_majority_against_a_loud_minority_decides_nothing():
    ballot = decide(spoken(0.6, 0.6, 0.6, -1.0), EQUAL)

    assert ballot.side is None
    assert ballot.reason.endswith("the conviction to buy is 0.20, less than 0.30")


def test_one_with_all_the_weight_decides_alone():
    alone = {name: float(name == "conservative") for name in NAMES}

    assert decide(spoken(0.7, -1, -1, -1), alone).side == "buy"
    assert decide(spoken(0, -1, -1, -1), alone).side is None


@given(convictions=opinions, counts=weights)
def test_turning_every_vote_round_turns_the_decision_round(convictions, counts):
    here = decide(spoken(*convictions), counts)
    there = decide(spoken(*(-conviction for conviction in convictions)), counts)

    assert there.side == {"buy": "sell", "sell": "buy", None: None}[here.side]
    assert there.conviction == pytest.approx(here.conviction)
    assert 0 <= here.conviction <= 1


@given(convictions=opinions, counts=weights)
def test_what_is_decided_has_a_quorum_and_the_larger_weight_behind_it(convictions, counts):
    ballot = decide(spoken(*convictions), counts)
    behind = sum(counts[name] for name, conviction in zip(NAMES, convictions, strict=True) if conviction > 0)
    against = sum(counts[name] for name, conviction in zip(NAMES, convictions, strict=True) if conviction < 0)

    if ballot.side is not None:
        assert behind + against >= 0.5 - 1e-9
        assert (behind > against) == (ballot.side == "buy")
        assert ballot.conviction >= 0.3
