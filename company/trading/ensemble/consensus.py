"""The vote: opinions and their weights in, one side with a conviction out, or nothing.

    quorum      at least QUORUM of the weight votes; who abstains does not
    majority    the side with more of the weight that voted; a tie is no decision, for doing nothing can be undone
    conviction  (weighted convictions for it - weighted convictions against it) / weight that voted, at least LEAST

So who disagrees takes away from the conviction, and a majority that is hardly convinced against a loud minority
decides nothing. Whether a conviction is enough to trade is for risk to say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from company.trading.ensemble.temperaments import Opinion
from company.trading.ensemble.weights import Weights
from company.trading.matching import Side

QUORUM: Final = 0.5
LEAST: Final = 0.3
_SAME = 1e-9  # weights that differ by less are equal: they were made of floats


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a vote came to.

    Attributes:
        side: What was decided; None when nothing was.
        conviction: 0 to 1; 0 without a decision.
        reason: One sentence with the figures.
    """

    side: Side | None
    conviction: float
    reason: str


def decide(opinions: Sequence[Opinion], weights: Weights) -> Ballot:
    """Count a vote.

    Args:
        opinions: One of each temperament.
        weights: What each counts; they sum to 1.
    """
    buys, sells = (_weight(opinions, weights, side) for side in ("buy", "sell"))
    counted = f"{buys:.2f} of the weight buys, {sells:.2f} sells"
    if (cast := buys + sells) < QUORUM - _SAME:
        return Ballot(None, 0.0, f"no quorum: {counted}, {QUORUM:.2f} must vote")
    if abs(buys - sells) <= _SAME:
        return Ballot(None, 0.0, f"a tie: {counted}")
    side: Side = "buy" if buys > sells else "sell"
    net = math.fsum(weights[one.temperament] * one.conviction for one in opinions) / cast
    conviction = net if side == "buy" else -net
    if conviction < LEAST:
        return Ballot(None, 0.0, f"{counted}: the conviction to {side} is {conviction:.2f}, less than {LEAST:.2f}")
    voters = ", ".join(f"{one.temperament} {abs(one.conviction):.2f}" for one in opinions if one.side == side)
    return Ballot(side, min(1.0, conviction), f"{counted}; to {side} are {voters}")


def _weight(opinions: Sequence[Opinion], weights: Weights, side: str) -> float:
    return math.fsum(weights[one.temperament] for one in opinions if one.side == side)
