"""Every strategy by name."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

from company.errors import UsageError
from company.trading.signals import Frame, Strategy
from company.trading.strategies.arbitrage import Arbitrage
from company.trading.strategies.crossover import Crossover
from company.trading.strategies.dca import CostAveraging
from company.trading.strategies.ensemble import Ensemble
from company.trading.strategies.mean_reversion import MeanReversion
from company.trading.strategies.momentum import Momentum
from company.trading.strategies.scalping import Scalping


@dataclass(frozen=True, slots=True)
class Listed:
    """A strategy that can be asked for.

    Attributes:
        name: What it is asked for by.
        about: One line.
        reads: `bars`, then `make` gives a `Strategy`; or `books`, the order books of several venues.
        make: Makes one; takes the parameters by name.
        needs: Columns a venue has to tell, without which it wishes for nothing.
    """

    name: str
    about: str
    reads: Literal["bars", "books"]
    make: Callable[..., Any]
    needs: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, with the values they have unless told otherwise."""
        return {field.name: field.default for field in fields(self.make)}  # type: ignore[arg-type]  # a dataclass

    def over(self, frame: Frame, **parameters: Any) -> Strategy:
        """Return the strategy for a frame.

        Raises:
            UsageError: It does not read bars, the frame lacks what it needs, or a parameter makes no sense.
        """
        if self.reads != "bars":
            raise UsageError(
                f"strategy {self.name!r} reads the order books of several venues, not bars",
                where="strategy",
                cure=f"use one of {', '.join(listed.name for listed in STRATEGIES.values() if listed.reads == 'bars')}",
            )
        absent = [name for name in self.needs if all(map(math.isnan, frame.columns[name]))]
        if absent:
            raise UsageError(
                f"strategy {self.name!r} needs {' and '.join(absent)}, which candles do not tell",
                where=f"{frame.symbol} {frame.timeframe}",
                cure="give data with an order book, or use another strategy",
            )
        strategy: Strategy = self.make(**parameters)
        return strategy


_ALL = (
    Listed("crossover", "buys when the mean of 20 bars rises over that of 50, sells below", "bars", Crossover),
    Listed("momentum", "follows a move with the trend", "bars", Momentum),
    Listed("mean_reversion", "buys far under the mean of 20 bars, sells far over it", "bars", MeanReversion),
    Listed(
        "scalping",
        "follows a lopsided order book for a few bars",
        "bars",
        Scalping,
        needs=("spread_bps", "imbalance"),
    ),
    Listed("dca", "buys for the same amount at fixed times", "bars", CostAveraging),
    Listed("ensemble", "does what four temperaments agree on over the others' signals", "bars", Ensemble),
    Listed("arbitrage", "buys at one venue and sells at another at the same time", "books", Arbitrage),
)

STRATEGIES: Mapping[str, Listed] = MappingProxyType({listed.name: listed for listed in _ALL})
"""The strategies by name."""


def listed(name: str) -> Listed:
    """Return a strategy by name.

    Raises:
        UsageError: There is none.
    """
    if name not in STRATEGIES:
        raise UsageError(f"strategy {name!r} is unknown", where="strategy", cure=f"use one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name]
