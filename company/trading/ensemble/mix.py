"""The meta-agent: how much each temperament counts now.

    weight is proportional to  learnt weight * fit to the regime * exp(RECENT_RATE * recent gain) * fit to the tolerance

kept between LEAST and MOST. The fit to the regime is the mean of the table below, weighted by the regimes'
probabilities. The desk's drawdown overrules everybody's taste: from the first step on the tolerance is `cautious`,
whatever the setting says, and from the second on only the conservative temperament votes.

It is a pure function: what it answers follows from what it is given.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from company.trading.ensemble.temperaments import TEMPERAMENTS, Odds
from company.trading.ensemble.weights import Weights, within
from company.trading.risk import DrawdownStep

Tolerance = Literal["cautious", "moderate", "bold"]

RECENT: Final = 10
"""Outcomes that recent performance looks at."""

RECENT_RATE: Final = 0.5
LEAST: Final = 0.05
MOST: Final = 0.70
NONE: Weights = MappingProxyType(dict.fromkeys(TEMPERAMENTS, 0.0))
"""No gain of anybody."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a temperament suits a regime and a tolerance; 1 leaves its weight as it is."""

    bull: float
    bear: float
    sideways: float
    cautious: float
    bold: float
    moderate: float = 1.0

    def regime(self, odds: Odds) -> float:
        """Return its fit to regimes that are only probable."""
        return odds.bull * self.bull + odds.bear * self.bear + odds.sideways * self.sideways

    def tolerance(self, tolerance: Tolerance) -> float:
        """Return its fit to a tolerance."""
        return {"cautious": self.cautious, "moderate": self.moderate, "bold": self.bold}[tolerance]


FITS: Mapping[str, Fit] = MappingProxyType(
    {
        "conservative": Fit(bull=1.0, bear=1.5, sideways=1.0, cautious=2.0, bold=0.5),
        "aggressive": Fit(bull=1.5, bear=0.5, sideways=0.75, cautious=0.25, bold=2.0),
        "balanced": Fit(bull=1.0, bear=1.0, sideways=1.0, cautious=1.0, bold=1.0),
        "contrarian": Fit(bull=0.5, bear=0.75, sideways=1.5, cautious=0.5, bold=1.0),
    }
)


def mix(learnt: Weights, odds: Odds, recent: Weights, tolerance: Tolerance, step: DrawdownStep = "normal") -> Weights:
    """Return how much each temperament counts; the weights sum to 1.

    Args:
        learnt: What outcomes have taught so far.
        odds: How probable each regime is.
        recent: What each temperament's votes earned of late, -1 to 1.
        tolerance: The company's.
        step: Step of the desk's drawdown ladder.
    """
    if step in ("no_new", "stop"):
        return {name: float(name == "conservative") for name in TEMPERAMENTS}
    allowed: Tolerance = tolerance if step == "normal" else "cautious"
    shares = {
        name: learnt[name] * fit.regime(odds) * math.exp(RECENT_RATE * recent[name]) * fit.tolerance(allowed)
        for name, fit in FITS.items()
    }
    return within(shares, LEAST, MOST)
