"""Momentum: a move with the trend goes on.

    score      = 0.35 momentum_24 + 0.35 crossover + 0.15 macd_histogram + 0.15 clip(2 rsi, -1, 1)
    conviction = |score|

It is the score of `features.indicators`, bar by bar.
"""

from dataclasses import dataclass

from company.trading.signals import Signal, State
from company.trading.strategies.wishes import demand, known, wish

HORIZON = 24  # bars: the span of its momentum


@dataclass(frozen=True, slots=True)
class Momentum:
    """Buys what scores at least `enter`, sells what scores -`leave` or less.

    Attributes:
        enter: Score from which it buys, above 0 and at most 1.
        leave: Size of the negative score from which it sells, above 0 and at most 1.
    """

    enter: float = 0.6
    leave: float = 0.3

    name = "momentum"

    def __post_init__(self) -> None:
        for field, value in (("enter", self.enter), ("leave", self.leave)):
            demand(0 < value <= 1, f"{field} is {value!r}", where=self.name, cure="give a score above 0, at most 1")

    def __call__(self, state: State, /) -> Signal | None:
        """Return a signal when the score is strong enough, else None."""
        score = score_of(state)
        if not (score >= self.enter or score <= -self.leave):  # NaN is neither
            return None
        names = ("momentum_24", "crossover", "macd_histogram", "rsi")
        return wish(
            state,
            "buy" if score > 0 else "sell",
            abs(score),
            strategy=self.name,
            bars=HORIZON,
            reason=f"momentum scores {score:.2f} at {state['close']:.6g}",
            evidence={"score": score, **{name: state[name] for name in names}},
        )


def score_of(state: State) -> float:
    """Return the score, -1 to 1; NaN while its features warm up."""
    strength = 2 * state["rsi"]
    if not known(strength):
        return strength
    return (
        0.35 * state["momentum_24"]
        + 0.35 * state["crossover"]
        + 0.15 * state["macd_histogram"]
        + 0.15 * min(1.0, max(-1.0, strength))
    )
