"""pass^k and the Wilson interval: known values, and laws that hold for all counts."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.grading.statistics import pass_hat, wilson

COUNTS = st.integers(1, 40).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))
FEW = st.lists(st.booleans(), min_size=1, max_size=8)


@given(FEW, st.data())
def test_pass_hat_is_the_share_of_the_subsets_that_hold_successes_only(trials, data):
    k = data.draw(st.integers(1, len(trials)))
    subsets = [all(subset) for subset in combinations(trials, k)]
    assert pass_hat(sum(trials), len(trials), k) == pytest.approx(sum(subsets) / len(subsets))


@given(COUNTS)
def test_pass_hat_of_one_is_the_pass_rate_and_of_all_is_k_of_k(counts):
    successes, trials = counts
    assert pass_hat(successes, trials, 1) == pytest.approx(successes / trials)
    assert pass_hat(successes, trials, trials) == float(successes == trials)


@pytest.mark.parametrize(("successes", "trials", "k"), [(3, 2, 1), (-1, 2, 1), (1, 2, 0), (1, 2, 3)])
def test_counts_that_do_not_fit_together_are_a_bug(successes, trials, k):
    with pytest.raises(ValueError, match="pass"):
        pass_hat(successes, trials, k)


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [(8, 10, 0.4902, 0.9433), (1, 1, 0.2065, 1.0), (0, 10, 0.0, 0.2775), (50, 100, 0.4038, 0.5962)],
)
def test_the_wilson_interval_has_its_published_values(successes, trials, lower, upper):
    assert wilson(successes, trials) == pytest.approx((lower, upper), abs=5e-5)


@given(COUNTS)
def test_the_wilson_interval_holds_the_rate_mirrors_and_narrows(counts):
    successes, trials = counts
    lower, upper = wilson(successes, trials)
    assert 0 <= lower <= successes / trials <= upper <= 1
    mirrored = wilson(trials - successes, trials)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((lower, upper))
    more = wilson(successes * 4, trials * 4)
    assert more[1] - more[0] < upper - lower


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (2, 1), (-1, 3)])
def test_no_trials_have_no_interval(successes, trials):
    with pytest.raises(ValueError, match="interval"):
        wilson(successes, trials)
