"""Crossover: the 20-bar mean crosses the 50-bar mean.

    conviction = 0.6 + 0.4 * max(0, momentum_48 in the direction of the crossing)

The oldest rule there is, and a yardstick for the others rather than a recommendation.
"""

from dataclasses import dataclass

from company.trading.signals import Signal, State
from company.trading.strategies.wishes import conviction, known, wish

HORIZON = 50  # bars: the slower of the two means


@dataclass(frozen=True, slots=True)
class Crossover:
    """Buys when the mean of 20 bars rises over that of 50, sells when it falls below."""

    name = "crossover"

    def __call__(self, state: State, /) -> Signal | None:
        """Return a signal at the bar of a crossing, else None."""
        fast, slow = state["sma_20"], state["sma_50"]
        gap, before = fast - slow, state.before("sma_20") - state.before("sma_50")
        if not (before <= 0 < gap or before >= 0 > gap):  # NaN is neither
            return None
        momentum = state["momentum_48"]
        if not known(momentum):
            return None
        direction = 1 if gap > 0 else -1
        return wish(
            state,
            "buy" if gap > 0 else "sell",
            conviction(momentum * direction),
            strategy=self.name,
            bars=HORIZON,
            reason=f"the mean of 20 bars ({fast:.6g}) crossed {'over' if gap > 0 else 'under'} that of 50 ({slow:.6g})",
            evidence={"sma_20": fast, "sma_50": slow, "momentum_48": momentum},
        )
