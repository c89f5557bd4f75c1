"""Four temperaments: the same signals, read by four sets of numbers.

A temperament weighs what the strategies say at one bar into a signed conviction, + to buy and - to sell:

    view       = sum of w * s over the strategies that speak, over the sum of their w
    conviction = appetite * view * (1 + tilt * (probability of a trend its way - probability of one against it))

clipped to 1, where w is its weight for a strategy and s that strategy's signed conviction. It votes when the conviction
reaches `enter` (to buy) or `leave` (to sell); to buy, `support` of its weight has to speak as well. An exit needs no
support, because nobody may be kept from leaving.

The contrarian turns strategies that follow a trend round near an extreme: what they would buy at an RSI of 70 or more
it sells, what they would sell at 30 or less it buys. The numbers are choices with a stated meaning; none is fitted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from company.trading.matching import Side
from company.trading.signals import Signal

FOLLOWERS: Final = frozenset({"crossover", "momentum"})
"""Strategies that follow a trend: the contrarian turns these."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How probable each regime is; the three sum to 1."""

    bull: float
    bear: float
    sideways: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one temperament makes of a bar.

    Attributes:
        temperament: Whose it is.
        conviction: -1 to 1: below 0 to sell, above to buy, 0 abstains.
        reason: One sentence with the figures that made it.
    """

    temperament: str
    conviction: float
    reason: str

    @property
    def side(self) -> Side | None:
        """What it votes for; None when it abstains."""
        return None if not self.conviction else "buy" if self.conviction > 0 else "sell"


@dataclass(frozen=True, slots=True)
class Temperament:
    """One way to read signals.

    Attributes:
        crossover: Weight of that strategy; the four weights sum to 1.
        momentum: The same.
        mean_reversion: The same.
        scalping: The same.
        enter: Least conviction to vote for buying.
        leave: Least conviction to vote for selling.
        support: Least sum of weights that must speak for a vote to buy.
        appetite: Multiplies the conviction.
        tilt: How much a trend its way adds to the conviction and one against it takes away; negative the other way.
        turns: RSI, as the feature -1 to 1, beyond which trend followers are turned round; None never turns them.
    """

    name: str
    crossover: float
    momentum: float
    mean_reversion: float
    scalping: float
    enter: float
    leave: float
    support: float
    appetite: float
    tilt: float
    turns: float | None = None

    def weight(self, strategy: str) -> float:
        """Return its weight for a strategy, 0 for one it does not listen to."""
        return self.weights.get(strategy, 0.0)

    @property
    def weights(self) -> Mapping[str, float]:
        """Its weights by strategy."""
        return {
            "crossover": self.crossover,
            "momentum": self.momentum,
            "mean_reversion": self.mean_reversion,
            "scalping": self.scalping,
        }

    def opinion(self, signals: Iterable[Signal], odds: Odds, rsi: float) -> Opinion:
        """Return what it makes of the signals of one bar.

        Args:
            signals: What the strategies wish for at the bar; those that wish for nothing are not among them.
            odds: How probable each regime is.
            rsi: The feature at the bar, -1 to 1; NaN turns nothing round.
        """
        heard = [(signal, self._signed(signal, rsi)) for signal in signals if self.weight(signal.strategy)]
        spoken = sum(self.weight(signal.strategy) for signal, _ in heard)
        if not spoken:
            return self._abstains("no strategy it listens to speaks")
        view = sum(self.weight(signal.strategy) * signed for signal, signed in heard) / spoken
        trend = odds.bull - odds.bear
        towards = trend if view > 0 else -trend
        conviction = max(-1.0, min(1.0, self.appetite * view * (1 + self.tilt * towards)))
        said = ", ".join(f"{signal.strategy} {signed:+.2f}" for signal, signed in heard)
        return self._voted(conviction, spoken, said)

    def _signed(self, signal: Signal, rsi: float) -> float:
        """Return what a signal means to it, + to buy."""
        signed = float(signal.conviction) * (1 if signal.side == "buy" else -1)
        turned = self.turns is not None and signal.strategy in FOLLOWERS and rsi * signed >= self.turns * abs(signed)
        return -signed if turned else signed

    def _voted(self, conviction: float, spoken: float, said: str) -> Opinion:
        least = self.enter if conviction > 0 else self.leave
        if abs(conviction) < least:
            return self._abstains(f"{said}: {conviction:+.2f} is less than {least:.2f}")
        if conviction > 0 and spoken < self.support:
            return self._abstains(f"{said}: only {spoken:.2f} of its weight speaks, {self.support:.2f} must")
        return Opinion(self.name, conviction, f"{said}: {conviction:+.2f}")

    def _abstains(self, why: str) -> Opinion:
        return Opinion(self.name, 0.0, why)


_ALL = (
    Temperament(
        "conservative",
        crossover=0.35,
        momentum=0.25,
        mean_reversion=0.30,
        scalping=0.10,
        enter=0.70,
        leave=0.30,
        support=0.30,
        appetite=0.90,
        tilt=0.30,
    ),
    Temperament(
        "aggressive",
        crossover=0.15,
        momentum=0.55,
        mean_reversion=0.10,
        scalping=0.20,
        enter=0.60,
        leave=0.50,
        support=0.10,
        appetite=1.15,
        tilt=0.10,
    ),
    Temperament(
        "balanced",
        crossover=0.25,
        momentum=0.30,
        mean_reversion=0.30,
        scalping=0.15,
        enter=0.60,
        leave=0.40,
        support=0.15,
        appetite=1.00,
        tilt=0.15,
    ),
    Temperament(
        "contrarian",
        crossover=0.05,
        momentum=0.35,
        mean_reversion=0.50,
        scalping=0.10,
        enter=0.60,
        leave=0.40,
        support=0.10,
        appetite=1.00,
        tilt=-0.20,
        turns=0.40,
    ),
)

TEMPERAMENTS: Mapping[str, Temperament] = MappingProxyType({one.name: one for one in _ALL})
"""The temperaments by name, in the order in which they are shown."""
