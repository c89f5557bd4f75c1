"""The ensemble as a strategy: what the four temperaments of `company.trading.ensemble` agree on at a bar.

It hears crossover, momentum, mean reversion and scalping; cost averaging believes nothing about the next bars, and
arbitrage has no conviction. Over history nobody teaches it: every temperament begins and stays with the same learnt
weight, and the meta-agent mixes them by the regime and the tolerance.
"""

from dataclasses import dataclass
from typing import get_args

from company.trading.ensemble import EQUAL, NAME, NONE, Tolerance, agree, mix, odds_of
from company.trading.signals import Signal, State, Strategy
from company.trading.strategies.crossover import Crossover
from company.trading.strategies.mean_reversion import MeanReversion
from company.trading.strategies.momentum import Momentum
from company.trading.strategies.scalping import Scalping
from company.trading.strategies.wishes import demand

VOICES: tuple[Strategy, ...] = (Crossover(), Momentum(), MeanReversion(), Scalping())
"""The strategies that the temperaments hear."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Wishes for what most of the temperaments' weight wishes for.

    Attributes:
        tolerance: How much risk the company likes: cautious, moderate or bold.
    """

    tolerance: Tolerance = "moderate"

    name = NAME

    def __post_init__(self) -> None:
        demand(
            self.tolerance in get_args(Tolerance),
            f"tolerance is {self.tolerance!r}",
            where=self.name,
            cure="give cautious, moderate or bold",
        )

    def __call__(self, state: State, /) -> Signal | None:
        """Return what the temperaments agree on, else None."""
        signals = voices(state)
        if not signals or (odds := odds_of(state)) is None:
            return None
        return agree(state, signals, odds, mix(EQUAL, odds, NONE, self.tolerance))


def voices(state: State) -> list[Signal]:
    """Return what the strategies wish for at a bar."""
    return [signal for voice in VOICES if (signal := voice(state)) is not None]
