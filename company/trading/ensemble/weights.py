"""Weights of the temperaments: positive, summing to 1, none below a floor or above a cap.

They are learnt from realised outcomes by exponentiated gradient (Kivinen and Warmuth, "Exponentiated Gradient Versus
Gradient Descent for Linear Predictors", 1997), one step for each moment at which trades were closed:

    score = realised result after all fees / what the entry had at risk, clipped to -1 and 1
    gain  = mean over the moment's outcomes of score * vote, the vote signed by whether it was for the purchase
    w'    = w * exp(RATE * gain), scaled so that the sum is 1 with every weight between FLOOR and CAP
    w     = w + t * (w' - w), with the largest t up to 1 for which no weight moves by more than BOUND

A temperament that abstained is neither rewarded nor blamed. As both ends of the last line keep the floor, the cap and
the sum, so does the result.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Final

from company.trading.ensemble.temperaments import TEMPERAMENTS

Weights = Mapping[str, float]
"""Weight by temperament."""

RATE: Final = 0.25
FLOOR: Final = 0.10
CAP: Final = 0.55
BOUND: Final = 0.04
RULE: Final = "exponentiated-gradient"

EQUAL: Weights = MappingProxyType(dict.fromkeys(TEMPERAMENTS, 1 / len(TEMPERAMENTS)))
"""What everybody begins with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One sale of what the ensemble had bought.

    Attributes:
        id: Of the booking that ended it; an outcome counts once.
        at: When it was sold, UTC epoch milliseconds.
        symbol: Unified name.
        result: Realised, after the fees of both ways, in quote units.
        risk: What the entry would have lost at its stop, in quote units, above 0.
        votes: Signed conviction of each temperament for the purchase, -1 to 1.
        keys: Client order ids of the purchases.
    """

    id: str
    at: int
    symbol: str
    result: float
    risk: float
    votes: Weights
    keys: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Result per unit of risk, -1 to 1."""
        return max(-1.0, min(1.0, self.result / self.risk))

    def gain(self, temperament: str) -> float:
        """Return how much a temperament's vote earned, -1 to 1."""
        return self.score * self.votes.get(temperament, 0.0)


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the weights, and the outcomes of one moment that made it."""

    before: Weights
    after: Weights
    outcomes: tuple[Outcome, ...]


def learn(weights: Weights, outcomes: Iterable[Outcome]) -> list[Step]:
    """Return the steps that outcomes make, one for each moment, the oldest first.

    Args:
        weights: Before them.
        outcomes: Each once; in any order, also within a moment.
    """
    steps: list[Step] = []
    for _, moment in groupby(sorted(outcomes, key=lambda one: (one.at, one.id)), key=lambda one: one.at):
        found = tuple(moment)
        steps.append(Step(weights, weights := _after(weights, found), found))
    return steps


def gains(outcomes: Sequence[Outcome]) -> Weights:
    """Return what each temperament's votes earned on average, -1 to 1; 0 without outcomes."""
    return {
        name: math.fsum(one.gain(name) for one in outcomes) / len(outcomes) if outcomes else 0.0
        for name in TEMPERAMENTS
    }


def within(shares: Weights, floor: float, cap: float) -> Weights:
    """Scale positive shares so that they sum to 1 with each one between a floor and a cap.

    It is the projection by relative entropy: those that are not held by a bound keep their proportions.

    Args:
        shares: Above 0.
        floor: At most 1 over their number.
        cap: At least 1 over their number.
    """
    held: dict[str, float] = {}
    while free := {name: share for name, share in shares.items() if name not in held}:
        scale = (1 - math.fsum(held.values())) / math.fsum(free.values())
        high = {name: cap for name, share in free.items() if share * scale > cap}
        low = {name: floor for name, share in free.items() if share * scale < floor}
        if not high and not low:
            held |= {name: share * scale for name, share in free.items()}
            continue
        lost = math.fsum(free[name] * scale - cap for name in high)
        won = math.fsum(floor - free[name] * scale for name in low)
        held |= high if high and lost >= won else low or high  # these stay held, whatever the scale of the others
    return {name: held[name] for name in shares}


def _after(weights: Weights, outcomes: Sequence[Outcome]) -> Weights:
    found = gains(outcomes)
    raised = {name: weight * math.exp(RATE * found[name]) for name, weight in weights.items()}
    aim = within(raised, FLOOR, CAP)
    far = max(abs(aim[name] - weight) for name, weight in weights.items())
    part = min(1.0, BOUND / far) if far else 0.0
    return {name: weight + part * (aim[name] - weight) for name, weight in weights.items()}
