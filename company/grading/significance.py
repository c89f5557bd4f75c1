"""How much two counts of successes say about each other, by tests and intervals that hold for small samples.

Everything here is exact or made for few trials, takes nothing but counts and needs no library. Where a test cannot
reach the level at all, because there are too few trials, that is said by `fewest_trials` and `fewest_discordant`: a
test that cannot fail to find nothing is not evidence that there is nothing.
"""

import math
from collections.abc import Mapping

from company.grading.statistics import wilson

LEVEL = 0.05
"""Chance of a false alarm that is accepted, two-sided."""


def difference(successes: int, trials: int, before: int, before_trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a difference of two pass rates, the first less the second: (lower, upper).

    It is put together from the two Wilson intervals, which keeps it honest for rates of 0 and 1. Source: Newcombe
    (1998), Interval estimation for the difference between independent proportions: comparison of eleven methods,
    Statistics in Medicine 17, method 10.

    Args:
        successes: Trials that passed.
        trials: Trials in all, at least 1.
        before: Trials that passed of those it is compared with.
        before_trials: Trials in all of those, at least 1.
    """
    rate, other = successes / trials, before / before_trials
    (low, high), (other_low, other_high) = wilson(successes, trials), wilson(before, before_trials)
    lower = rate - other - math.hypot(rate - low, other_high - other)
    upper = rate - other + math.hypot(high - rate, other - other_low)
    return lower, upper


def fisher(successes: int, trials: int, others: int, other_trials: int) -> float:
    """Return the two-sided p-value of Fisher's exact test that two groups of independent trials have one pass rate.

    The sum of the chances of all tables with these margins that are at most as likely as the one seen. Source: Fisher
    (1922), On the interpretation of chi-squared from contingency tables, J. of the Royal Statistical Society 85.
    """
    total = successes + others
    ways = [
        math.comb(trials, first) * math.comb(other_trials, total - first)
        for first in range(max(0, total - other_trials), min(trials, total) + 1)
    ]
    seen = math.comb(trials, successes) * math.comb(other_trials, others)
    return sum(way for way in ways if way <= seen) / sum(ways)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test that neither of two subjects passes more cases.

    Only cases that one passes and the other does not say anything; with no real difference each falls to either side
    with chance one half, so the smaller count is binomial. Source: McNemar (1947), Note on the sampling error of the
    difference between correlated proportions, Psychometrika 12; in its exact form the sign test.

    Args:
        only_first: Cases that only the first passes.
        only_second: Cases that only the second passes.
    """
    discordant = only_first + only_second
    tail = sum(math.comb(discordant, count) for count in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / (1 << discordant))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for having looked at many things at once.

    A name whose adjusted value is at most 0.05 stands out with a chance of at most 5 % that any such claim is false.
    Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian J. of Statistics 6.
    """
    adjusted, worst = dict[str, float](), 0.0
    for place, name in enumerate(sorted(p_values, key=lambda name: (p_values[name], name))):
        worst = max(worst, min(1.0, p_values[name] * (len(p_values) - place)))
        adjusted[name] = worst
    return adjusted


def fewest_trials(cases: int = 1) -> int:
    """Return how many trials on each side `fisher` needs before none against all can be told, among so many cases."""
    trials = 1
    while fisher(0, trials, trials, trials) * cases > LEVEL:
        trials += 1
    return trials


def fewest_discordant() -> int:
    """Return how many cases must differ, all to one side, before `mcnemar` can tell anything."""
    count = 1
    while mcnemar(0, count) > LEVEL:
        count += 1
    return count
