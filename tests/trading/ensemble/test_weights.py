import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.trading.ensemble import BOUND, CAP, EQUAL, FLOOR, RATE, TEMPERAMENTS, Outcome, gains, learn, within

NAMES = list(TEMPERAMENTS)
TINY = 1e-9
votes = st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(lambda given: dict(zip(NAMES, given, strict=True)))
weights = st.lists(st.floats(0.001, 1), min_size=4, max_size=4).map(
    lambda shares: within(dict(zip(NAMES, shares, strict=True)), FLOOR, CAP)
)


@st.composite
def outcomes(draw, most=8, moments=3):
    count = draw(st.integers(1, most))
    return [
        Outcome(
            id=f"a BTC/USDT {number}",
            at=draw(st.integers(1, moments)),
            symbol="BTC/USDT",
            result=draw(st.floats(-500, 500)),
            risk=draw(st.floats(0.01, 200)),
            votes=draw(votes),
        )
        for number in range(count)
    ]


def outcome(result, at=1, **voted):
    return Outcome("a 1", at, "BTC/USDT", result, 100.0, {**dict.fromkeys(NAMES, 0.0), **voted})


@given(begin=weights, found=outcomes())
def test_weights_sum_to_one_and_stay_within_floor_and_cap(begin, found):
    for step in learn(begin, found):
        assert sum(step.after.values()) == pytest.approx(1, abs=TINY)
        assert all(FLOOR - TINY <= weight <= CAP + TINY for weight in step.after.values())


@given(begin=weights, found=outcomes())
def test_no_moment_and_so_no_outcome_moves_a_weight_by_more_than_the_bound(begin, found):
    for step in learn(begin, found):
        assert all(abs(step.after[name] - step.before[name]) <= BOUND + TINY for name in NAMES)


@given(begin=weights, found=outcomes(), seed=st.integers(0, 1000))
def test_the_same_outcomes_in_another_order_give_the_same_to_the_last_bit(begin, found, seed):
    shuffled = random.Random(seed).sample(found, len(found))

    assert learn(begin, shuffled) == learn(begin, found)


@given(begin=weights, found=outcomes())
def test_each_step_begins_where_the_one_before_ended_and_every_outcome_is_in_one(begin, found):
    steps = learn(begin, found)

    assert [step.before for step in steps] == [begin, *(step.after for step in steps[:-1])]
    assert sorted(one.id for step in steps for one in step.outcomes) == sorted(one.id for one in found)
    assert [{one.at for one in step.outcomes} for step in steps] == [{at} for at in sorted({one.at for one in found})]


@given(begin=weights, name=st.sampled_from(NAMES), vote=st.floats(0.3, 1), result=st.floats(1, 500))
def test_who_alone_voted_for_what_earned_does_not_lose_weight_and_gains_none_when_it_lost(begin, name, vote, result):
    (earned,) = learn(begin, [outcome(result, **{name: vote})])
    (lost,) = learn(begin, [outcome(-result, **{name: vote})])

    assert earned.after[name] >= begin[name] - TINY
    assert lost.after[name] <= begin[name] + TINY


def test_a_full_success_moves_the_weights_by_the_documented_amount():
    (step,) = learn(EQUAL, [outcome(100.0, aggressive=1.0)])
    raised = 0.25 * 2.718281828459045**RATE

    aim = raised / (raised + 0.75)
    assert step.after["aggressive"] == pytest.approx(0.25 + min(BOUND, aim - 0.25))
    assert step.after["balanced"] == pytest.approx((1 - step.after["aggressive"]) / 3)


def test_who_voted_against_a_purchase_that_lost_gains():
    (step,) = learn(EQUAL, [outcome(-100.0, aggressive=1.0, contrarian=-1.0)])

    assert step.after["contrarian"] > 0.25 > step.after["aggressive"]


def test_a_loss_beyond_the_stop_counts_as_one_unit_of_risk():
    assert outcome(-1000.0).score == -1
    assert outcome(50.0).score == 0.5


def test_an_endless_row_of_successes_lets_nobody_rule_and_nobody_die_and_can_be_undone():
    found = [outcome(100.0, at=at, aggressive=1.0, contrarian=-1.0) for at in range(300)]
    weights = learn(EQUAL, found)[-1].after
    assert (weights["aggressive"], weights["contrarian"]) == (pytest.approx(CAP), pytest.approx(FLOOR))

    turned = learn(weights, [outcome(-100.0, at=at, aggressive=1.0, contrarian=-1.0) for at in range(30)])

    assert turned[-1].after["contrarian"] > turned[-1].after["aggressive"]


def test_without_outcomes_there_is_no_step_and_no_gain():
    assert learn(EQUAL, []) == []
    assert gains([]) == dict.fromkeys(NAMES, 0.0)
