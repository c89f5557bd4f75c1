"""From the signals of one bar to one signal of the whole: opinions, weights, the vote.

The signal's evidence holds the vote and the weight of every temperament, the regime, and the average true range: an
outcome is later credited by the votes, per unit of what that range put at risk.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from company.trading.ensemble.consensus import Ballot, decide
from company.trading.ensemble.temperaments import TEMPERAMENTS, Odds, Opinion
from company.trading.ensemble.weights import Weights
from company.trading.figures import Figure, Report, figure, significant
from company.trading.matching import Side
from company.trading.signals import Signal, State

NAME: Final = "ensemble"
VOTE, WEIGHT, RANGE = "vote_", "weight_", "atr"

Weighs = Callable[[Odds], Weights]
"""Says how much each temperament counts, given how probable each regime is."""


class Vote(Report):
    """What one temperament said.

    Attributes:
        side: What it votes for; None when it abstains.
        conviction: 0 to 1.
        weight: What its vote counts; all weights sum to 1.
        reason: One sentence with the figures that made it.
    """

    temperament: str
    side: Side | None
    conviction: Figure
    weight: Figure
    reason: str


class Consensus(Report):
    """What the temperaments agree on at one closed bar.

    Attributes:
        at: When the bar closed.
        signal: What they wish for; None when they decided nothing.
        reason: How the vote was counted, or why there was none.
        votes: What each said.
        regime: Probability of bull, bear and sideways; empty while it is not known.
    """

    symbol: str
    timeframe: str
    at: datetime
    signal: Signal | None
    reason: str
    votes: list[Vote]
    regime: dict[str, Figure]


def odds_of(state: State) -> Odds | None:
    """Return how probable each regime is at a bar; None while that is not known."""
    odds = Odds(state["bull"], state["bear"], state["sideways"])
    return None if math.isnan(odds.bull + odds.bear + odds.sideways) else odds


def agree(state: State, signals: Sequence[Signal], odds: Odds, weights: Weights) -> Signal | None:
    """Return what the temperaments wish for at a bar.

    Args:
        state: The bar.
        signals: What the strategies wish for there.
        odds: How probable each regime is.
        weights: What each temperament counts.
    """
    opinions = _opinions(state, signals, odds)
    return _signal(state, signals, opinions, odds, weights, decide(opinions, weights))


def deliberate(state: State, signals: Sequence[Signal], weigh: Weighs) -> Consensus:
    """Return what the temperaments wish for at a bar, with everything that made it so.

    Args:
        state: The bar.
        signals: What the strategies wish for there.
        weigh: Gives the weights.
    """
    about = {"symbol": state.symbol, "timeframe": state.timeframe, "at": state.at}
    if (odds := odds_of(state)) is None:
        return Consensus(**about, signal=None, reason="the bars are too few to tell the regime", votes=[], regime={})
    weights, opinions = weigh(odds), _opinions(state, signals, odds)
    ballot = decide(opinions, weights)
    return Consensus(
        **about,
        signal=_signal(state, signals, opinions, odds, weights, ballot),
        reason=ballot.reason,
        votes=[_vote(opinion, weights) for opinion in opinions],
        regime={name: significant(value) for name, value in _regime(odds).items()},
    )


def _opinions(state: State, signals: Sequence[Signal], odds: Odds) -> list[Opinion]:
    return [one.opinion(signals, odds, state["rsi"]) for one in TEMPERAMENTS.values()]


def _signal(
    state: State, signals: Sequence[Signal], opinions: Sequence[Opinion], odds: Odds, weights: Weights, ballot: Ballot
) -> Signal | None:
    reach = state["atr"]
    if ballot.side is None or not reach > 0:  # NaN is not
        return None
    votes = {VOTE + opinion.temperament: opinion.conviction for opinion in opinions}
    counts = {WEIGHT + name: weight for name, weight in weights.items()}
    evidence = {**votes, **counts, **_regime(odds), RANGE: reach}
    return Signal(
        symbol=state.symbol,
        side=ballot.side,
        conviction=figure(ballot.conviction, 3),
        horizon=min(signal.horizon for signal in signals),
        reason=ballot.reason,
        evidence={name: significant(value) for name, value in evidence.items()},
        strategy=NAME,
    )


def _vote(opinion: Opinion, weights: Weights) -> Vote:
    return Vote(
        temperament=opinion.temperament,
        side=opinion.side,
        conviction=figure(abs(opinion.conviction), 3),
        weight=significant(weights[opinion.temperament]),
        reason=opinion.reason,
    )


def _regime(odds: Odds) -> Mapping[str, float]:
    return {"bull": odds.bull, "bear": odds.bear, "sideways": odds.sideways}
