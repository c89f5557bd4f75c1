"""Mean reversion: a price far from its mean comes back, unless a trend carries it.

    z          = deviations of the close from the mean of 20 bars, counted up to 3
    conviction = 0.6 + 0.4 * (|z| - deviations) / (3 - deviations)

It does not step in front of a trend: no purchase while a bear is the more probable half, no sale while a bull is.
"""

from dataclasses import dataclass

from company.trading.signals import Signal, State
from company.trading.strategies.wishes import conviction, demand, known, wish

FARTHEST = 3.0  # deviations at which the feature `z_score` ends
AGAINST = 0.5  # probability of a contrary trend from which it stays out
HORIZON = 10  # bars: half the span of the mean


@dataclass(frozen=True, slots=True)
class MeanReversion:
    """Buys far under the mean of 20 bars, sells far over it.

    Attributes:
        deviations: How far, above 0 and below 3.
    """

    deviations: float = 2.0

    name = "mean_reversion"

    def __post_init__(self) -> None:
        demand(
            0 < self.deviations < FARTHEST,
            f"deviations is {self.deviations!r}",
            where=self.name,
            cure="give a number above 0 and below 3",
        )

    def __call__(self, state: State, /) -> Signal | None:
        """Return a signal when the price is far enough from its mean and no trend is against it, else None."""
        z = FARTHEST * state["z_score"]
        if not abs(z) >= self.deviations:  # NaN is not
            return None
        against = state["bear" if z < 0 else "bull"]
        if not known(against) or against >= AGAINST:
            return None
        return wish(
            state,
            "buy" if z < 0 else "sell",
            conviction((abs(z) - self.deviations) / (FARTHEST - self.deviations)),
            strategy=self.name,
            bars=HORIZON,
            reason=f"the close {state['close']:.6g} is {z:.2f} deviations from its mean {state['sma_20']:.6g}",
            evidence={"z_score": z, "sma_20": state["sma_20"], "bear" if z < 0 else "bull": against},
        )
