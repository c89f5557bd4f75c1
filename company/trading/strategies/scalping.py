"""Scalping: a lopsided book moves the price for a few bars.

    lean       = (|imbalance| - `imbalance`) / (1 - `imbalance`)
    cheapness  = 1 - spread / `spread_bps`
    conviction = 0.6 + 0.4 * lean * cheapness

It earns a fraction of a bar's range and pays the spread, so it needs a range of at least three spreads. Without a book
it wishes for nothing: neither figure can be guessed from candles.
"""

from dataclasses import dataclass

from company.trading.signals import Signal, State
from company.trading.strategies.wishes import conviction, demand, known, wish

SPREADS = 3  # that the range of a bar must hold
HORIZON = 5  # bars
_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Scalping:
    """Follows the book's heavier side while the spread is small, if the last three bars do not speak against it.

    Attributes:
        spread_bps: Widest spread it pays, in basis points, above 0.
        imbalance: Least imbalance of the book, from 0 to below 1.
    """

    spread_bps: float = 5.0
    imbalance: float = 0.3

    name = "scalping"

    def __post_init__(self) -> None:
        demand(
            self.spread_bps > 0, f"spread_bps is {self.spread_bps!r}", where=self.name, cure="give basis points above 0"
        )
        demand(
            0 <= self.imbalance < 1,
            f"imbalance is {self.imbalance!r}",
            where=self.name,
            cure="give a share from 0 to below 1",
        )

    def __call__(self, state: State, /) -> Signal | None:
        """Return a signal when the book leans and the spread is small, else None."""
        spread, lean = state["spread_bps"], state["imbalance"]
        if not (spread <= self.spread_bps and abs(lean) >= self.imbalance and lean):  # NaN is not
            return None
        momentum, range_bps = state["momentum_3"], state["atr"] / state["close"] * _BPS
        if not known(momentum, range_bps) or momentum * lean < 0 or range_bps < SPREADS * spread or not range_bps:
            return None
        leaning = (abs(lean) - self.imbalance) / (1 - self.imbalance)
        return wish(
            state,
            "buy" if lean > 0 else "sell",
            conviction(leaning * (1 - spread / self.spread_bps)),
            strategy=self.name,
            bars=HORIZON,
            reason=f"the book leans {lean:+.2f} at a spread of {spread:.3g} bp, a bar ranges over {range_bps:.3g} bp",
            evidence={"imbalance": lean, "spread_bps": spread, "range_bps": range_bps, "momentum_3": momentum},
        )
