"""Training: what is said without the extra, and the real thing where it is installed."""

from importlib.util import find_spec

import numpy as np
import pytest

from company.errors import UsageError
from company.trading.backtest import Terms
from company.trading.risk import RiskLimits
from company.trading.rl import NAMES, exported, learner, train

HAS_RL = find_spec("stable_baselines3") is not None


@pytest.mark.skipif(HAS_RL, reason="the extra is installed")
def test_without_the_extra_training_names_it(walk):
    with pytest.raises(UsageError) as raised:
        train([walk(800)], steps=1, seed=1)
    assert "training needs stable_baselines3" in str(raised.value)
    assert "the-ai-company[rl]" in str(raised.value)


@pytest.mark.skipif(not HAS_RL, reason="stable-baselines3 is not installed")
def test_a_policy_agrees_with_the_model_it_was_taken_from(walk):
    import torch

    model = learner([walk(800)], seed=3, terms=Terms(), limits=RiskLimits())
    model.learn(1024)
    policy = exported(model, 0.1)
    seen = np.random.default_rng(4).uniform(-1, 1, (200, len(NAMES))).astype(np.float32)

    actions, _ = model.predict(seen, deterministic=True)
    with torch.no_grad():
        values = model.policy.predict_values(torch.as_tensor(seen)).numpy()[:, 0]
    assert policy.acts(seen).tolist() == actions.tolist()
    assert policy.values(seen) == pytest.approx(values, abs=1e-5)


@pytest.mark.skipif(not HAS_RL, reason="stable-baselines3 is not installed")
def test_the_same_seed_trains_the_same_policy(walk):
    first, again = (train([walk(800)], steps=1024, seed=5) for _ in range(2))
    seen = np.random.default_rng(4).uniform(-1, 1, (50, len(NAMES)))

    assert (first.actor(seen) == again.actor(seen)).all()
