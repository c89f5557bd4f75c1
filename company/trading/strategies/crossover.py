"""Crossover: the 20-bar mean crosses the 50-bar mean.

    conviction = 0.6 + 0.4 * max(0, momentum_48 in the direction of the crossing)

The oldest rule there is, and a yardstick for the others rather than a recommendation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from company.trading.signals import Frame, Signal, State
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

    def quiet(self, frame: Frame) -> Sequence[bool]:
        """Return of each bar whether the means certainly do not cross there; few bars have a crossing."""
        gap = np.subtract(frame.columns["sma_20"], frame.columns["sma_50"])
        before = np.concatenate([[np.nan], gap[:-1]])
        crossing = ((before <= 0) & (gap > 0)) | ((before >= 0) & (gap < 0))
        quiet: list[bool] = (~crossing).tolist()
        return quiet
