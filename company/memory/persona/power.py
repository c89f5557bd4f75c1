"""How many conversations an experiment needs, and how sure its shares are.

All of it is the two-sided 5 % level and 80 % power. Sources: sample size of two independent proportions without
continuity correction, Fleiss, Levin and Paik, *Statistical Methods for Rates and Proportions*, 3rd ed. 2003, ch. 4;
interval of one share, Wilson 1927; interval of the difference of two, Newcombe 1998 (Statistics in Medicine 17:873,
method 10); interval of the difference of two paired shares, Agresti and Min 2005 (Statistics in Medicine 24:729), which
adds half an observation to each of the four cells, so that no small table looks certain.
"""

from decimal import Decimal
from math import ceil, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

from company.errors import UsageError

LEVEL: Final = 0.05
"""Chance of a winner where there is no difference, both sides together."""

POWER: Final = 0.80
"""Chance to see the difference that the experiment was planned for."""

_Z: Final = NormalDist().inv_cdf(1 - LEVEL / 2)
_Z_POWER: Final = NormalDist().inv_cdf(POWER)


class Interval(NamedTuple):
    """A 95 % interval.

    Attributes:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


def needed(from_rate: Decimal, to_rate: Decimal) -> int:
    """Return how many observations each arm needs to tell two shares apart.

    `n = (z_a sqrt(2 m (1 - m)) + z_b sqrt(p (1 - p) + q (1 - q)))^2 / (p - q)^2` with `m = (p + q) / 2`, rounded up;
    60 % against 70 % takes 356.

    Args:
        from_rate: Share expected of the base, 0 to 1.
        to_rate: Share that is worth finding, 0 to 1.

    Raises:
        UsageError: A share is not between 0 and 1, or they are the same.
    """
    p, q = float(from_rate), float(to_rate)
    if not (0 < p < 1 and 0 < q < 1) or p == q:
        what = f"shares {from_rate} and {to_rate} plan no experiment"
        raise UsageError(what, where="--from and --to", cure="two different shares between 0 and 1, like 0.6 and 0.7")
    middle = (p + q) / 2
    spread = _Z * sqrt(2 * middle * (1 - middle)) + _Z_POWER * sqrt(p * (1 - p) + q * (1 - q))
    return ceil(spread**2 / (p - q) ** 2)


def share_interval(hits: int, total: int) -> Interval:
    """Return Wilson's interval of a share; of nothing it is 0 to 1."""
    if not total:
        return Interval(0.0, 1.0)
    share, z2 = hits / total, _Z**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    reach = _Z * sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return Interval(max(0.0, centre - reach), min(1.0, centre + reach))


def difference_interval(first: tuple[int, int], second: tuple[int, int]) -> Interval:
    """Return Newcombe's interval of the second share minus the first, each given as hits and total."""
    if not (first[1] and second[1]):
        return Interval(-1.0, 1.0)
    p, q = first[0] / first[1], second[0] / second[1]
    one, two = share_interval(*first), share_interval(*second)
    low = (q - p) - sqrt((q - two.low) ** 2 + (one.high - p) ** 2)
    high = (q - p) + sqrt((two.high - q) ** 2 + (p - one.low) ** 2)
    return Interval(low, high)


def paired_interval(worse: int, better: int, total: int) -> Interval:
    """Return Agresti and Min's interval of how many more of the same cases the candidate passes.

    Args:
        worse: Cases that only the base passes.
        better: Cases that only the candidate passes.
        total: All cases.
    """
    size = total + 2
    moved, net = worse + better + 1, (better - worse) / size
    reach = _Z * sqrt(moved / size - net**2) / sqrt(size)
    return Interval(max(-1.0, net - reach), min(1.0, net + reach))


def differ(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Tell whether two shares, each as hits and total, differ by the two-proportion z test with a pooled variance."""
    (x, n), (y, m) = first, second
    pooled = (x + y) / (n + m)
    error = sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return bool(error) and abs(y / m - x / n) / error > _Z
