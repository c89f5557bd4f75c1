"""Sample sizes and intervals, held to published and to computed values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import UsageError
from company.memory.persona import needed
from company.memory.persona.power import differ, difference_interval, paired_interval, share_interval

counts = st.integers(1, 400).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@pytest.mark.parametrize(("p", "q", "size"), [("0.6", "0.7", 356), ("0.6", "0.65", 1471), ("0.5", "0.6", 388)])
def test_the_sample_size_is_that_of_two_proportions_at_80_per_cent_power(p, q, size):
    assert needed(Decimal(p), Decimal(q)) == needed(Decimal(q), Decimal(p)) == size


@pytest.mark.parametrize(("p", "q"), [("0.6", "0.6"), ("0", "0.5"), ("0.5", "1"), ("-0.1", "0.5")])
def test_shares_that_plan_nothing_are_refused(p, q):
    with pytest.raises(UsageError, match="two different shares"):
        needed(Decimal(p), Decimal(q))


def test_intervals_are_those_of_the_papers():
    assert share_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, 17:857, method 3
    low, high = difference_interval((48, 80), (56, 70))  # Newcombe 1998, 17:873, method 10, row (a)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert share_interval(0, 0) == (0, 1)
    assert difference_interval((0, 0), (1, 2)) == (-1, 1)


def test_a_paired_interval_adds_half_an_observation_to_each_cell():
    low, high = paired_interval(0, 0, 50)
    assert (low, high) == pytest.approx((-0.0377, 0.0377), abs=5e-5)  # 1.96 * sqrt(1/52) / sqrt(52)


@given(counts, counts)
def test_an_interval_holds_what_was_seen_and_turns_around_with_the_arms(first, second):
    low, high = difference_interval(first, second)
    seen = second[0] / second[1] - first[0] / first[1]
    assert low - 1e-9 <= seen <= high + 1e-9
    assert difference_interval(second, first) == pytest.approx((-high, -low))


@given(counts)
def test_an_arm_does_not_differ_from_itself(arm):
    assert not differ(arm, arm)


def test_ten_points_stand_out_at_the_size_they_were_planned_for():
    assert differ((213, 356), (249, 356))
    assert not differ((21, 35), (25, 35))
