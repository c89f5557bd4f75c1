"""The ensemble: four temperaments that read the strategies' signals, a vote, and weights that outcomes teach.

Everything here is a pure function of what it is given; the desk's books are kept by `company.trading.council`, the
strategy that runs over bars is `company.trading.strategies.Ensemble`.
"""

from company.trading.ensemble.consensus import LEAST, QUORUM, Ballot, decide
from company.trading.ensemble.deliberation import NAME, Consensus, Vote, agree, deliberate, odds_of
from company.trading.ensemble.mix import FITS, NONE, RECENT, Fit, Tolerance, mix
from company.trading.ensemble.outcomes import Stake, follow
from company.trading.ensemble.temperaments import TEMPERAMENTS, Odds, Opinion, Temperament
from company.trading.ensemble.weights import (
    BOUND,
    CAP,
    EQUAL,
    FLOOR,
    RATE,
    RULE,
    Outcome,
    Step,
    Weights,
    gains,
    learn,
    within,
)

__all__ = [
    "BOUND",
    "CAP",
    "EQUAL",
    "FITS",
    "FLOOR",
    "LEAST",
    "NAME",
    "NONE",
    "QUORUM",
    "RATE",
    "RECENT",
    "RULE",
    "TEMPERAMENTS",
    "Ballot",
    "Consensus",
    "Fit",
    "Odds",
    "Opinion",
    "Outcome",
    "Stake",
    "Step",
    "Temperament",
    "Tolerance",
    "Vote",
    "Weights",
    "agree",
    "decide",
    "deliberate",
    "follow",
    "gains",
    "learn",
    "mix",
    "odds_of",
    "within",
]
