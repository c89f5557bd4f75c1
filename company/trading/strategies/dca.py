"""Cost averaging: the same amount at fixed times, whatever the price.

The budget of a span is cut into equal purchases, one every so often, on the clock of the bars: at the first bar that
closes in a new period. A period without a bar is let go, not made up for. Its conviction is always 0.6, because it
believes nothing about the next bars. It stays out of a market that does not move, as that is a dead source.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from company.trading.features import timeframe_seconds
from company.trading.signals import Signal, State
from company.trading.strategies.wishes import LEAST, demand, wish

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CostAveraging:
    """Buys for the same amount at fixed times.

    Attributes:
        budget: What is spent in one span at the most, in quote units.
        span: For how long the budget lasts; spans and periods are counted from 1970.
        every: Length of a period; a span holds a whole number of them.
    """

    budget: Decimal = Decimal(3000)
    span: timedelta = timedelta(days=30)
    every: timedelta = timedelta(days=1)

    name = "dca"

    def __post_init__(self) -> None:
        demand(self.budget > 0, f"budget is {self.budget}", where=self.name, cure="give an amount above 0")
        demand(
            self.every > timedelta(0) and self.span >= self.every and not self.span % self.every,
            f"every is {self.every} in a span of {self.span}",
            where=self.name,
            cure="give a time that fits a whole number of times into the span",
        )

    @property
    def amount(self) -> Decimal:
        """What one purchase is for, in quote units: the budget over the periods of a span."""
        return self.budget / (self.span // self.every)

    def __call__(self, state: State, /) -> Signal | None:
        """Return a purchase at the first bar that closes in a new period, else None."""
        moves = state["volatility"] > 0  # NaN is not
        bar = timedelta(seconds=timeframe_seconds(state.timeframe))
        last = state.at - bar * (1 + int(state["missing"]))
        due = (state.at - _EPOCH) // self.every
        if not moves or due == (last - _EPOCH) // self.every:
            return None
        return wish(
            state,
            "buy",
            LEAST,
            strategy=self.name,
            bars=1,
            reason=f"the purchase of period {due}: {self.amount:.2f} at {state['close']:.6g}",
            evidence={"close": state["close"], "amount": float(self.amount)},
            at_most=self.amount,
        )
