from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from company.trading.features import Bars
from company.trading.rl import ACTIONS, NAMES, Network, Policy

HOUR = 3_600_000
BEGIN = 1_700_006_400_000
TRAINED = Path(__file__).parent / "trained.npz"
"""A policy that stable-baselines3's PPO trained over the paper world; `recorded.npz` beside it is what it answered."""


@pytest.fixture(scope="session")
def walk() -> Callable[..., Bars]:
    """A random walk of hourly bars around 100: `walk(800)`."""

    def _walk(count: int, *, seed: int = 3, symbol: str = "BTC/USDT") -> Bars:
        chance = np.random.default_rng(seed)
        closes = np.round(100 * np.exp(np.cumsum(chance.standard_normal(count) * 0.006)), 2)
        opens = np.concatenate([[100.0], closes[:-1]])
        highs = np.round(np.maximum(opens, closes) * 1.002, 2)
        lows = np.round(np.minimum(opens, closes) * 0.998, 2)
        times = BEGIN + HOUR * np.arange(count)
        return Bars(symbol, "1h", "walk", times, opens, highs, lows, closes, np.full(count, 50_000.0))

    return _walk


@pytest.fixture(scope="session")
def wanting() -> Callable[[int], Policy]:
    """A policy that always wants the same: `wanting(4)` a full position."""

    def _wanting(action: int) -> Policy:
        biases = np.zeros(ACTIONS)
        biases[action] = 1.0
        actor = Network(((np.zeros((ACTIONS, len(NAMES))), biases),))
        return Policy(actor, Network(((np.zeros((1, len(NAMES))), np.zeros(1)),)), full=0.1)

    return _wanting


@pytest.fixture
def trained() -> Policy:
    return Policy.load(TRAINED)


@pytest.fixture
def trained_file() -> Path:
    return TRAINED
