"""How many bars a backtest goes through in a second, on one core.

100,000 bars of one minute, a random walk; the crossover of the 20- and the 50-bar mean crosses about 2,200 times, and
about 2,460 executions follow. Inside: all features of every bar, the strategy over every bar, the full risk engine
(sizing, check, history of 300 bars, VaR, correlation, anomalies, stops) at every signal, the exchange and its ledger at
every order, the verified ledger, measures and the result. Outside: reading a file and writing the report.

The first run, which loads libraries, does not count. Seconds are those of the processor.
"""

import statistics
import time
from collections.abc import Iterator

import numpy as np

from company.trading.backtest import Terms, over_bars
from company.trading.features import Bars
from company.trading.risk import RiskLimits
from company.trading.strategies import STRATEGIES

BARS = 100_000
RUNS = 3


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Yield the figure with its bar."""
    bars = _walk()
    _run(bars)
    yield "backtest.bars_per_second", BARS / statistics.median(_run(bars) for _ in range(RUNS)), 100_000, True


def _run(bars: Bars) -> float:
    began = time.process_time()
    choose = STRATEGIES["crossover"].over
    over_bars("crossover", choose, [bars], terms=Terms(), limits=RiskLimits(), source="walk")
    return time.process_time() - began


def _walk() -> Bars:
    chance = np.random.default_rng(1)
    closes = np.round(65_000 * np.exp(np.cumsum(chance.standard_normal(BARS) * 0.0008)), 2)
    opens = np.concatenate([[65_000.0], closes[:-1]])
    reach = 1 + np.abs(chance.standard_normal((2, BARS))) * 3e-4
    highs = np.round(np.maximum(opens, closes) * reach[0], 2)
    lows = np.round(np.minimum(opens, closes) / reach[1], 2)
    times = 1_700_000_040_000 + np.arange(BARS) * 60_000
    volumes = np.exp(chance.standard_normal(BARS)) * 30
    return Bars("BTC/USDT", "1m", "walk", times, opens, highs, lows, closes, volumes)
