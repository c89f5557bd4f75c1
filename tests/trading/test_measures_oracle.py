"""Our measures agree with empyrical to 1e-9 where the definitions agree.

They are compared over the returns of a random walk and of real hourly-like candles, with the number of periods named:
empyrical's own default is 252 days.
"""

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest

from company.trading import measures
from company.trading.features import Floats

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own imports; ours stay errors
    import empyrical

HOURS = 8760
MARKET = Path(__file__).parents[2].parent / "shared/data/market"


def walk() -> Floats:
    """A random walk with fat tails, 5,000 hours long."""
    steps = np.random.default_rng(6).standard_t(4, 5000) * 0.004 + 0.0001
    return 100_000 * np.exp(np.concatenate([[0.0], np.cumsum(steps)]))


def daily() -> Floats:
    """Six years of real daily closes, or the walk where the files are not there."""
    file = MARKET / "bitstamp_BTCUSD_1d.csv"
    if not file.exists():
        return walk()
    with file.open() as rows:
        return np.array([float(row["close"]) for row in csv.DictReader(rows)])


def flat() -> Floats:
    """A curve that stands still most of the time, as that of a strategy out of the market."""
    steps = np.where(np.random.default_rng(7).random(3000) < 0.9, 0.0, np.random.default_rng(8).normal(0, 0.01, 3000))
    return 1000 * np.cumprod(np.concatenate([[1.0], 1 + steps]))


@pytest.mark.parametrize("curve", [walk, daily, flat])
def test_measures_agree_with_empyrical(curve: object) -> None:
    assert callable(curve)
    equity = curve()
    returns = measures.returns_of(equity)

    ours = [
        measures.total_return(equity),
        measures.cagr(equity, HOURS),
        measures.volatility(returns, HOURS),
        measures.sharpe(returns, HOURS),
        measures.sortino(returns, HOURS),
        measures.max_drawdown(equity).depth,
        measures.calmar(equity, HOURS),
        measures.value_at_risk(returns),
        measures.conditional_value_at_risk(returns),
    ]

    theirs = [
        empyrical.cum_returns_final(returns),
        empyrical.annual_return(returns, annualization=HOURS),
        empyrical.annual_volatility(returns, annualization=HOURS),
        empyrical.sharpe_ratio(returns, annualization=HOURS),
        empyrical.sortino_ratio(returns, annualization=HOURS),
        empyrical.max_drawdown(returns),
        empyrical.calmar_ratio(returns, annualization=HOURS),
        -empyrical.value_at_risk(returns, cutoff=0.05),
        -empyrical.conditional_value_at_risk(returns, cutoff=0.05),
    ]
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)
