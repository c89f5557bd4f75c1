import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.ensemble import TEMPERAMENTS, Odds
from company.trading.strategies.ensemble import VOICES

EVEN = Odds(0.2, 0.2, 0.6)
BULL, BEAR = Odds(0.9, 0.02, 0.08), Odds(0.02, 0.9, 0.08)
MILD = 0.1
convictions = st.floats(-1, 1).filter(lambda value: abs(value) >= 0.001).map(lambda value: round(value, 3))


def votes(signals, odds=EVEN, rsi=MILD):
    return {name: one.opinion(signals, odds, rsi).side for name, one in TEMPERAMENTS.items()}


def test_every_temperament_weighs_the_strategies_that_are_heard_and_nothing_else():
    heard = {voice.name for voice in VOICES}

    for one in TEMPERAMENTS.values():
        assert set(one.weights) == heard
        assert math.isclose(sum(one.weights.values()), 1)
        assert one.weight("dca") == 0


def test_a_strong_move_alone_convinces_the_aggressive_and_not_the_conservative(said):
    assert votes([said("momentum", 0.62)]) == {
        "conservative": None,
        "aggressive": "buy",
        "balanced": "buy",
        "contrarian": "buy",
    }


def test_the_conservative_buys_when_a_crossing_bears_out_a_strong_move_in_a_bull_market(said):
    opinion = TEMPERAMENTS["conservative"].opinion([said("momentum", 0.9), said("crossover", 0.85)], BULL, MILD)

    assert opinion.side == "buy"
    assert "momentum +0.90, crossover +0.85" in opinion.reason


def test_too_little_of_its_weight_speaks_for_the_conservative_to_buy_but_enough_to_sell(said):
    conservative = TEMPERAMENTS["conservative"]

    bought = conservative.opinion([said("momentum", 1.0)], BULL, MILD)
    sold = conservative.opinion([said("momentum", -1.0)], BULL, MILD)

    assert (bought.side, sold.side) == (None, "sell")
    assert bought.reason.endswith("only 0.25 of its weight speaks, 0.30 must")


@pytest.mark.parametrize(("signed", "rsi", "side"), [(0.9, 0.4, "sell"), (-0.9, -0.4, "buy"), (0.9, 0.39, "buy")])
def test_the_contrarian_turns_a_trend_round_near_an_extreme(said, signed, rsi, side):
    assert TEMPERAMENTS["contrarian"].opinion([said("momentum", signed)], EVEN, rsi).side == side
    assert TEMPERAMENTS["balanced"].opinion([said("momentum", signed)], EVEN, rsi).side == (
        "buy" if signed > 0 else "sell"
    )


def test_the_contrarian_does_not_turn_what_speaks_against_the_extreme(said):
    opinion = TEMPERAMENTS["contrarian"].opinion([said("mean_reversion", -0.9)], EVEN, 0.6)

    assert opinion.side == "sell"


def test_a_trend_its_way_raises_the_conviction_of_all_but_the_contrarian(said):
    signals = [said("momentum", 0.7), said("crossover", 0.7)]
    raised = {
        name: one.opinion(signals, BULL, MILD).conviction > one.opinion(signals, Odds(0.4, 0.3, 0.3), MILD).conviction
        for name, one in TEMPERAMENTS.items()
    }

    assert raised == {"conservative": True, "aggressive": True, "balanced": True, "contrarian": False}


def test_without_a_signal_everybody_abstains_and_says_why():
    for one in TEMPERAMENTS.values():
        opinion = one.opinion([], EVEN, MILD)
        assert (opinion.side, opinion.conviction) == (None, 0)
        assert opinion.reason == "no strategy it listens to speaks"


@given(
    signed=st.lists(convictions, min_size=1, max_size=4),
    name=st.sampled_from(list(TEMPERAMENTS)),
    bull=st.floats(0, 1),
    rsi=st.floats(-1, 1),
)
def test_a_mirrored_market_mirrors_an_exit_and_convictions_stay_within_one(said, signed, name, bull, rsi):
    one, odds = TEMPERAMENTS[name], Odds(bull, 1 - bull, 0.0)
    voices = [voice.name for voice in VOICES]
    signals = [said(voice, value) for voice, value in zip(voices, signed, strict=False)]
    mirrored = [said(voice, -value) for voice, value in zip(voices, signed, strict=False)]

    here = one.opinion(signals, odds, rsi)
    there = one.opinion(mirrored, Odds(1 - bull, bull, 0.0), -rsi)

    assert -1 <= here.conviction <= 1
    if here.side == "buy":  # to buy takes at least as much as to sell
        assert there.conviction == pytest.approx(-here.conviction)
