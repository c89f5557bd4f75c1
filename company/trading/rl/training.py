"""Training by PPO of stable-baselines3, which the extra `rl` installs; nothing else here needs it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from company.errors import UsageError
from company.trading.backtest import Terms
from company.trading.features import Bars
from company.trading.risk import RiskLimits
from company.trading.rl.policy import Network, Policy

HIDDEN = (32, 32)


def train(
    histories: Sequence[Bars],
    *,
    steps: int,
    seed: int,
    terms: Terms | None = None,
    limits: RiskLimits | None = None,
) -> Policy:
    """Train a policy on histories, on the CPU; the same seed on the same machine gives the same policy.

    Args:
        histories: The bars.
        steps: Bars to live through, at least; a round of 1,024 is always finished.
        seed: Of the network, of what it tries and of the episodes.
        terms: What trading costs; a backtest's when left out.
        limits: What every wish is held against; the default ones when left out.

    Raises:
        UsageError: The extra `rl` is not installed, or a history is too short.
    """
    limits = limits or RiskLimits()
    model = learner(histories, seed=seed, terms=terms or Terms(), limits=limits)
    model.learn(steps)
    return exported(model, float(limits.max_position_fraction))


def learner(histories: Sequence[Bars], *, seed: int, terms: Terms, limits: RiskLimits) -> Any:
    """Return stable-baselines3's PPO over the environment, untrained.

    Raises:
        UsageError: The extra `rl` is not installed, or a history is too short.
    """
    try:
        from stable_baselines3 import PPO

        from company.trading.rl.environment import TradingEnv
    except ModuleNotFoundError as error:
        raise UsageError(
            f"training needs {error.name}, which is not installed",
            where="extra rl",
            cure="install it: pip install 'the-ai-company[rl]'",
        ) from error
    env = TradingEnv(histories, terms=terms, limits=limits)
    return PPO(
        "MlpPolicy",
        env,
        seed=seed,
        n_steps=1024,
        batch_size=128,
        ent_coef=0.01,  # keeps it trying: fees punish every trade at first
        policy_kwargs={"net_arch": list(HIDDEN)},
        device="cpu",
    )


def exported(model: Any, full: float) -> Policy:
    """Return the networks of a trained model as a policy.

    Args:
        model: A PPO with an `MlpPolicy`.
        full: A full position in its environment, as a fraction of the equity.
    """
    weights = {name: value.numpy().astype(np.float64) for name, value in model.policy.state_dict().items()}
    return Policy(
        actor=_network(weights, "mlp_extractor.policy_net", "action_net"),
        critic=_network(weights, "mlp_extractor.value_net", "value_net"),
        full=full,
    )


def _network(weights: dict[str, Any], hidden: str, last: str) -> Network:
    names = sorted({name.rpartition(".")[0] for name in weights if name.startswith(hidden)}, key=_number)
    return Network(tuple((weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in [*names, last]))


def _number(name: str) -> int:
    return int(name.rpartition(".")[2])
