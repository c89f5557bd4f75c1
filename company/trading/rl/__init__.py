"""Policies that were trained: an environment over our own backtest, training, and a strategy that follows one.

Following a policy needs numpy only. Training needs the extra `rl`; so does `company.trading.rl.environment`, which is
imported by those who train.
"""

from company.trading.rl.observations import ACTIONS, NAMES, observe, wished
from company.trading.rl.policy import Network, Policy, Trained
from company.trading.rl.training import exported, learner, train

__all__ = [
    "ACTIONS",
    "NAMES",
    "Network",
    "Policy",
    "Trained",
    "exported",
    "learner",
    "observe",
    "train",
    "wished",
]
