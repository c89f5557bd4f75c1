"""The ensemble over history: on the paper world through the backtest, and what it may see."""

from datetime import timedelta

import numpy as np
import pytest

from company.cli.backtest_paper import over_paper
from company.errors import UsageError
from company.trading import RiskLimits
from company.trading.backtest import Terms
from company.trading.features import Bars, frame
from company.trading.signals import State
from company.trading.strategies import Ensemble, listed
from company.world import EPOCH, START

HOUR = 3_600_000


def walk(count, seed=5):
    chance = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(0.006 * chance.standard_normal(count)))
    opens = np.concatenate([[100.0], closes[:-1]])
    rows = [
        [HOUR * number, o, max(o, c) * 1.001, min(o, c) * 0.999, c, 5.0]
        for number, (o, c) in enumerate(zip(opens, closes, strict=True))
    ]
    return frame(Bars.read(rows, symbol="BTC/USDT", timeframe="1h", source="walk"))


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_a_month_of_the_paper_world_runs_to_its_end(seed):
    result = over_paper(
        listed("ensemble"), ["BTC/USDT"], "1h", (EPOCH, START), terms=Terms(), limits=RiskLimits(), seed=seed
    )

    assert result.until - result.since == timedelta(days=30)
    assert result.signals > 0
    assert len(result.fills) > 0
    assert {fill.side for fill in result.fills} == {"buy", "sell"}


def test_its_signals_hold_votes_weights_and_regime_and_are_decided_as_said():
    made, strategy = walk(1200), Ensemble()
    found = [wish for row in range(len(made)) if (wish := strategy(State(made, row))) is not None]

    assert {wish.side for wish in found} == {"buy", "sell"}
    for wish in found:
        votes = {name: float(value) for name, value in wish.evidence.items() if name.startswith("vote_")}
        weights = {name: float(value) for name, value in wish.evidence.items() if name.startswith("weight_")}
        cast = sum(weights[name.replace("vote", "weight")] for name, vote in votes.items() if vote)
        net = sum(weights[name.replace("vote", "weight")] * vote for name, vote in votes.items()) / cast
        assert sum(weights.values()) == pytest.approx(1, abs=1e-5)
        assert float(wish.conviction) == pytest.approx(abs(net), abs=1e-3)
        assert (net > 0) == (wish.side == "buy")
        assert cast >= 0.5 - 1e-5


def test_tolerance_changes_what_is_wished_for():
    made = walk(1200)
    wishes = {
        tolerance: [strategy(State(made, row)) for row in range(len(made))]
        for tolerance, strategy in ((name, Ensemble(name)) for name in ("cautious", "bold"))
    }

    bought = {name: sum(wish is not None and wish.side == "buy" for wish in found) for name, found in wishes.items()}
    assert bought["cautious"] < bought["bold"]


def test_an_unknown_tolerance_is_refused():
    with pytest.raises(UsageError, match="tolerance is 'reckless'"):
        Ensemble("reckless")
