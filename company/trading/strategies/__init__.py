"""Strategies: pure functions from features, or from order books, to what the desk should wish for.

A strategy sees one closed bar and those before it and answers with a `Signal` or nothing; it holds no state, reads no
clock and knows nothing of cash or positions. How much of a wish is traded is decided by risk. While a feature it uses
warms up or was not told, it wishes for nothing; in a market that does not move likewise.
"""

from company.trading.strategies.arbitrage import Arbitrage, TwoLegs, VenueBook
from company.trading.strategies.crossover import Crossover
from company.trading.strategies.dca import CostAveraging
from company.trading.strategies.ensemble import Ensemble
from company.trading.strategies.listing import STRATEGIES, Listed, listed
from company.trading.strategies.mean_reversion import MeanReversion
from company.trading.strategies.momentum import Momentum, score_of
from company.trading.strategies.scalping import Scalping

__all__ = [
    "STRATEGIES",
    "Arbitrage",
    "CostAveraging",
    "Crossover",
    "Ensemble",
    "Listed",
    "MeanReversion",
    "Momentum",
    "Scalping",
    "TwoLegs",
    "VenueBook",
    "listed",
    "score_of",
]
