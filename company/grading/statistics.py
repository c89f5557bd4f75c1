"""What repeated trials of a case say: pass^k and the Wilson interval of a pass rate.

Both are exact in what they claim and take nothing but counts. `k` of `k` alone says little about the next `k`: three
of three successes leave a pass rate of 0.44 possible, which is what the interval shows.
"""

import math

Z95 = 1.959963984540054
"""The standard normal's 0.975 quantile: a two-sided interval of 95 %."""


def pass_hat(successes: int, trials: int, k: int) -> float:
    """Return the estimate of pass^k, the chance that `k` independent trials all pass.

    The share of the subsets of size `k` that hold successes only, C(successes, k) / C(trials, k), is unbiased for p^k;
    (successes / trials)^k is too high. Source: Yao et al., tau-bench, arXiv 2406.12045, section 5.

    Args:
        successes: Trials that passed.
        trials: Trials in all.
        k: How many are to pass, from 1 to `trials`.

    Raises:
        ValueError: The counts do not fit together.
    """
    if not (0 <= successes <= trials and 1 <= k <= trials):
        raise ValueError(f"no pass^{k} of {successes} successes in {trials} trials")
    return math.comb(successes, k) / math.comb(trials, k)


def wilson(successes: int, trials: int, *, z: float = Z95) -> tuple[float, float]:
    """Return the score interval of a pass rate: (lower, upper), each 0 to 1.

    Unlike the interval from the normal approximation it stays inside 0 to 1 and has a width when every trial passed.
    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.

    Args:
        successes: Trials that passed.
        trials: Trials in all, at least 1.
        z: Quantile of the standard normal; 95 % when left out.

    Raises:
        ValueError: The counts do not fit together.
    """
    if not (0 <= successes <= trials and trials >= 1):
        raise ValueError(f"no interval of {successes} successes in {trials} trials")
    rate, weight = successes / trials, z * z / trials
    centre = rate + weight / 2
    reach = z * math.sqrt(rate * (1 - rate) / trials + weight / (4 * trials))
    lower, upper = (centre - reach) / (1 + weight), (centre + reach) / (1 + weight)
    return (0.0 if successes == 0 else lower, 1.0 if successes == trials else upper)
