"""What an equity curve and the trades under it were worth, by one definition each.

Returns are simple returns from one mark to the next, `r[t] = equity[t] / equity[t - 1] - 1`. What is annualised is
scaled by the number of bars in a year of 365 days (8,760 of one hour), because these markets never close; a hole in
the bars counts as one bar. The riskless rate is zero. A figure that does not exist, such as the Sharpe ratio of a curve
that never moved, is None and never 0.

Deviations are those of a sample (n - 1); the downside deviation and the tails are defined over all n returns. These
are the definitions of empyrical, and of quantstats where it is given the same number of periods, except that VaR and
CVaR are historical here and Gaussian in quantstats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from company.trading.features import YEAR_SECONDS, Floats, timeframe_seconds

TAIL = 0.05
"""Share of the returns that lie beyond the value at risk of 95 %."""


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of a curve from its highest mark before.

    Attributes:
        depth: `equity[trough] / equity[peak] - 1`, zero or negative.
        peak: Number of the mark it fell from.
        trough: Number of its lowest mark.
        recovered: First mark after the trough that is at least the peak; None when there is none.
    """

    depth: float
    peak: int
    trough: int
    recovered: int | None

    def length(self, marks: int) -> int:
        """Return how many bars the curve stood below the peak, of a curve with so many marks."""
        return (marks - 1 if self.recovered is None else self.recovered) - self.peak


def periods_per_year(timeframe: str) -> float:
    """Return how many bars of a timeframe a year of 365 days has: 8,760 of `1h`.

    Raises:
        ToolError: The desk does not know this timeframe.
    """
    return YEAR_SECONDS / timeframe_seconds(timeframe)


def returns_of(equity: Floats) -> Floats:
    """Return the simple returns between marks, shape (marks - 1,).

    Args:
        equity: Marks, positive, shape (marks,).

    Raises:
        ValueError: A mark is not positive and finite: from there on no return exists.
    """
    if not (np.isfinite(equity) & (equity > 0)).all():
        raise ValueError(f"mark {int(np.argmin(np.isfinite(equity) & (equity > 0)))} of the equity is not positive")
    returns: Floats = equity[1:] / equity[:-1] - 1
    return returns


def total_return(equity: Floats) -> float:
    """Return `equity[-1] / equity[0] - 1`."""
    return float(equity[-1] / equity[0] - 1)


def cagr(equity: Floats, periods: float) -> float | None:
    """Return the compound annual growth rate, `(equity[-1] / equity[0]) ** (periods / n) - 1` with n returns.

    Source: the geometric mean return a year; empyrical's `annual_return`.

    Args:
        equity: Marks, positive.
        periods: Bars a year.

    Returns:
        None without a return, or when the rate is too large to be a number (minutes of a wild rise).
    """
    if len(equity) < 2:
        return None
    exponent = float(np.log(equity[-1] / equity[0])) * periods / (len(equity) - 1)
    return float(np.expm1(exponent)) if exponent < 700 else None


def volatility(returns: Floats, periods: float) -> float | None:
    """Return the annualised volatility, the sample deviation of the returns times `sqrt(periods)`.

    Returns:
        None with fewer than two returns.
    """
    return float(np.std(returns, ddof=1)) * sqrt(periods) if len(returns) > 1 else None


def sharpe(returns: Floats, periods: float) -> float | None:
    """Return the annualised Sharpe ratio over a riskless rate of zero, `mean / deviation * sqrt(periods)`.

    Sources: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21(1), 1994; A. W. Lo, "The Statistics
    of Sharpe Ratios", Financial Analysts Journal 58(4), 2002, for the scaling by the square root of time, which takes
    returns of different bars to be independent.

    Returns:
        None with fewer than two returns, or when they are all the same.
    """
    if len(returns) < 2 or not np.ptp(returns):
        return None
    return float(np.mean(returns) / np.std(returns, ddof=1)) * sqrt(periods)


def sortino(returns: Floats, periods: float) -> float | None:
    """Return the annualised Sortino ratio over a target of zero, `mean / downside * sqrt(periods)`.

    The downside deviation is `sqrt(mean(min(r, 0) ** 2))` over all returns, winning ones as zero. Source: F. A. Sortino
    and L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of Investing 3(3), 1994.

    Returns:
        None without a return below zero.
    """
    downside = sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2))) if len(returns) else 0.0
    return float(np.mean(returns)) / downside * sqrt(periods) if downside else None


def max_drawdown(equity: Floats) -> Drawdown:
    """Return the deepest fall from an earlier peak, `min(equity[t] / max(equity[..t]) - 1)`.

    Of equally deep falls the first one counts, and of equally high peaks before it the last one.

    Args:
        equity: Marks, positive, at least one.
    """
    peaks = np.maximum.accumulate(equity)
    falls = equity / peaks - 1
    trough = int(np.argmin(falls))
    peak = trough - int(np.argmax(equity[trough::-1] == peaks[trough]))
    after = np.flatnonzero(equity[trough:] >= peaks[trough])
    return Drawdown(float(falls[trough]), peak, trough, trough + int(after[0]) if len(after) else None)


def calmar(equity: Floats, periods: float) -> float | None:
    """Return the growth rate over the depth of the deepest drawdown, `cagr / -max_drawdown`.

    Source: T. W. Young, "Calmar Ratio: A Smoother Tool", Futures 20(11), 1991; over the whole curve, not 36 months.

    Returns:
        None when the curve never fell, or has no growth rate.
    """
    growth, depth = cagr(equity, periods), max_drawdown(equity).depth
    return growth / -depth if growth is not None and depth else None


def value_at_risk(returns: Floats, tail: float = TAIL) -> float | None:
    """Return the historical value at risk of one bar, as a positive fraction of the equity.

    The empirical `tail` quantile of the returns, between two of them in proportion (R. J. Hyndman and Y. Fan, "Sample
    Quantiles in Statistical Packages", American Statistician 50(4), 1996, definition 7), with its sign turned round.
    The horizon is one bar; it is not scaled.

    Returns:
        Negative when even the quantile is a gain; None without returns.
    """
    return -float(np.quantile(returns, tail)) if len(returns) else None


def conditional_value_at_risk(returns: Floats, tail: float = TAIL) -> float | None:
    """Return the mean loss of the worst `floor(tail * (n - 1)) + 1` of n returns, as a positive fraction.

    It is the mean of what lies at or beyond the value at risk. Source: C. Acerbi and D. Tasche, "On the Coherence of
    Expected Shortfall", Journal of Banking & Finance 26(7), 2002.

    Returns:
        None without returns.
    """
    if not len(returns):
        return None
    last = int(tail * (len(returns) - 1))
    return -float(np.mean(np.partition(returns, last)[: last + 1]))


def win_rate(results: Sequence[float]) -> float | None:
    """Return the share of closed trades that earned something after all fees; None without a trade."""
    return sum(result > 0 for result in results) / len(results) if results else None


def profit_factor(results: Sequence[float]) -> float | None:
    """Return what the winning trades earned over what the losing ones lost; None when none lost."""
    lost = -sum(result for result in results if result < 0)
    return sum(result for result in results if result > 0) / lost if lost else None


def expectancy(results: Sequence[float]) -> float | None:
    """Return what a closed trade earned on average after all fees, in quote units; None without a trade."""
    return sum(results) / len(results) if results else None


def exposure(invested: Floats) -> float | None:
    """Return the mean share of the equity that was invested at the marks; None without a mark.

    Args:
        invested: Value of all positions over the equity, shape (marks,).
    """
    return float(np.mean(invested)) if len(invested) else None


def turnover(notional: float, equity: Floats, periods: float) -> float | None:
    """Return how often the mean equity was traded in a year, `notional / mean(equity) * periods / n`.

    Args:
        notional: What was bought and sold together, in quote units.
        equity: Marks, n + 1 of them.
        periods: Bars a year.

    Returns:
        None without a return.
    """
    return notional / float(np.mean(equity)) * periods / (len(equity) - 1) if len(equity) > 1 else None
