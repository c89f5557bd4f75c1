"""Tests and intervals for small counts, held to their laws and to published examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.grading.significance import LEVEL, difference, fewest_discordant, fewest_trials, fisher, holm, mcnemar

trials = st.integers(1, 12)


@st.composite
def groups(draw):
    first, second = draw(trials), draw(trials)
    return draw(st.integers(0, first)), first, draw(st.integers(0, second)), second


def test_difference_agrees_with_the_example_of_its_author():
    assert difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_fisher_agrees_with_the_lady_who_tasted_tea():
    assert fisher(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert fisher(4, 4, 0, 4) == pytest.approx(2 / 70)


def test_mcnemar_is_the_binomial_test_of_the_differing_cases():
    assert mcnemar(1, 5) == pytest.approx(14 / 64)
    assert mcnemar(0, 0) == 1


@given(groups())
def test_fisher_does_not_care_which_group_is_named_first(group):
    a, n, b, m = group
    assert fisher(a, n, b, m) == pytest.approx(fisher(b, m, a, n))
    assert 0 < fisher(a, n, b, m) <= 1 + 1e-12


@given(groups())
def test_the_interval_of_a_difference_holds_the_difference_and_turns_round_with_it(group):
    a, n, b, m = group
    lower, upper = difference(a, n, b, m)
    assert -1 <= lower <= a / n - b / m <= upper <= 1
    assert difference(b, m, a, n) == pytest.approx((-upper, -lower))


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_does_not_care_which_subject_is_named_first(lost, won):
    assert mcnemar(lost, won) == mcnemar(won, lost)
    assert 0 < mcnemar(lost, won) <= 1


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1), max_size=8))
def test_holm_makes_no_value_smaller_and_keeps_their_order(values):
    adjusted = holm(values)
    assert all(values[name] <= adjusted[name] <= 1 for name in values)
    ranked = sorted(values, key=lambda name: values[name])
    assert [adjusted[name] for name in ranked] == sorted(adjusted.values())


def test_holm_agrees_with_a_computation_by_hand():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})


def test_the_fewest_trials_are_those_at_which_the_test_can_find_something():
    assert (fewest_trials(), fewest_trials(60), fewest_discordant()) == (4, 7, 6)
    for cases in (1, 60):
        needed = fewest_trials(cases)
        enough, too_few = (fisher(0, count, count, count) * cases for count in (needed, needed - 1))
        assert enough <= LEVEL < too_few
    assert mcnemar(0, 6) <= LEVEL < mcnemar(0, 5)
