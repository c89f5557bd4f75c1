"""Past returns of several symbols, and what they say of a book with one more order in it.

A `History` is made once for each closed bar; what an order changes is worked out from it in a few passes over one
column. VaR and CVaR are historical: today's values are held against every past bar. With the profits of N bars in
rising order, VaR at confidence c is the loss at their quantile `1 - c` (linear between neighbours, position
`(1 - c)(N - 1)`), and CVaR the mean of the losses at least as large; both are scaled to a day by the square root of the
bars it has.

The `room` of a purchase is the largest notional up to which both stay below their limits, at every size up to it:

- VaR. With `k = floor((1 - c)(N - 1))`, no more than k bars may lose more than the limit L. A bar with profit b and a
  return r < 0 of the bought symbol does so from the notional `(L + b) / -r` on, so the room is one order statistic of
  those. Bars in which the purchase would have hedged the book are counted as if it had not.
- CVaR. The mean of the k + 1 largest losses is convex in the notional, and at least the CVaR above. Tangents from the
  right and chords from the left close in on the one place where it meets the limit, and the left end is returned.

Value of a symbol without history is counted as lost on every day, and as moving with everything.
"""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from company.errors import ToolError
from company.trading.features import Floats

CONFIDENCE = 0.95
HOURS_A_DAY = 24
NO_RETURNS: Floats = np.empty((0, 0))
_ROUNDS = 20
_CLOSE = 1e-3  # a room is found when it is known to a thousandth
_NOTHING = 1e-12  # a smaller loss cannot be seen in any sum of money

Exposures = Mapping[str, Decimal]


def tail(profits: Floats, confidence: float) -> tuple[float, float]:
    """Return VaR and CVaR of one bar, as positive losses, 0 when there is none.

    Args:
        profits: Profit of each past bar; at least one.
        confidence: Share of the bars whose loss stays below the VaR.
    """
    place = (1 - confidence) * (len(profits) - 1)
    low = int(place)
    worst = np.partition(profits, (low, min(low + 1, len(profits) - 1)))
    cut = worst[low] + (worst[min(low + 1, len(profits) - 1)] - worst[low]) * (place - low)
    beyond = profits[profits <= cut].mean()
    return max(0.0, -float(cut)), max(0.0, -float(beyond))


class History:
    """Simple returns of several symbols over the same bars.

    Args:
        symbols: The columns.
        returns: Shape (bars, symbols).
        bars_a_day: How many bars a day has: 24 of an hour.

    Raises:
        ToolError: Shapes do not fit, there is no bar, or a return is not finite or below -1.
    """

    __slots__ = ("_columns", "_correlations", "_returns", "_scale", "_weights", "symbols")

    def __init__(self, symbols: Sequence[str], returns: Floats, *, bars_a_day: float = HOURS_A_DAY) -> None:
        if returns.ndim != 2 or returns.shape[1] != len(symbols) or not returns.size:
            raise ToolError(f"history of {', '.join(symbols)}: returns of shape {returns.shape} do not fit")
        if not (returns.min() >= -1 and returns.max() < math.inf):  # NaN is neither
            raise ToolError(f"history of {', '.join(symbols)}: a return is not finite, or a loss of more than all")
        self.symbols = tuple(symbols)
        self._columns = {symbol: column for column, symbol in enumerate(self.symbols)}
        self._returns, self._scale = returns, math.sqrt(bars_a_day)
        self._correlations: Floats | None = None
        self._weights: dict[Decimal, Floats] = {}

    def __len__(self) -> int:
        return len(self._returns)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._columns

    @property
    def correlations(self) -> Floats:
        """Pearson correlations, shape (symbols, symbols); a price that never moved counts as moving with all others."""
        if len(self.symbols) == 1:
            return np.ones((1, 1))
        if self._correlations is None:
            apart = self._returns - self._returns.mean(axis=0)
            size = np.sqrt((apart * apart).sum(axis=0))
            both = np.outer(size, size)
            found = np.divide(apart.T @ apart, both, out=np.ones_like(both), where=both > 0)
            np.fill_diagonal(found, 1.0)
            self._correlations = found
        return self._correlations

    def correlated(self, symbol: str, exposures: Exposures, threshold: Decimal) -> float:
        """Return the value that moves with a symbol, its own included, each weighted by its correlation.

        Args:
            symbol: One of the symbols.
            exposures: Value of each symbol, in quote units.
            threshold: Correlation from which a symbol counts.
        """
        values, unknown = self._weighed(exposures)
        return float(self._together(threshold)[self._columns[symbol]] @ values) + unknown

    def correlated_room(self, symbol: str, exposures: Exposures, threshold: Decimal, cap: float) -> float:
        """Return the notional of a purchase up to which no held symbol's group exceeds `cap`; negative when one does.

        Args:
            symbol: What is bought; one of the symbols.
            exposures: Value of each symbol before, in quote units.
            threshold: Correlation from which two symbols count together.
            cap: Most that may move together, in quote units.
        """
        values, unknown = self._weighed(exposures)
        together, column = self._together(threshold), self._columns[symbol]
        weights = together[column]
        counts = (weights > 0) & (values > 0)
        counts[column] = True
        return float(np.min((cap - unknown - together[counts] @ values) / weights[counts]))

    def at_risk(self, exposures: Exposures, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Return VaR and CVaR of a book for one day, in quote units.

        Args:
            exposures: Value of each symbol, in quote units.
            confidence: Share of the days whose loss stays below the VaR.
        """
        values, unknown = self._weighed(exposures)
        var, cvar = tail(self._returns @ values, confidence)
        return var * self._scale + unknown, cvar * self._scale + unknown

    def room(self, symbol: str, exposures: Exposures, *, var: float, cvar: float, most: float) -> tuple[float, float]:
        """Return the notionals of a purchase up to which VaR and CVaR of one day stay below their limits.

        Args:
            symbol: What is bought; one of the symbols.
            exposures: Value of each symbol before, in quote units.
            var: Limit of the VaR, in quote units.
            cvar: Limit of the CVaR, in quote units.
            most: Largest notional that is of interest.
        """
        values, unknown = self._weighed(exposures)
        tails = _Tails(self._returns @ values, self._returns[:, self._columns[symbol]])
        limits = [(limit - unknown) / self._scale for limit in (var, cvar)]
        if max(tails.shortfall(0.0)[0], tails.shortfall(most)[0]) <= min(limits):  # CVaR is convex, and VaR is below it
            return most, most
        return tails.var_room(limits[0], most), tails.cvar_room(limits[1], most)

    def _weighed(self, exposures: Exposures) -> tuple[Floats, float]:
        """Values in the order of the columns, and the value of what has no column."""
        values, unknown = np.zeros(len(self.symbols)), 0.0
        for symbol, value in exposures.items():
            if (column := self._columns.get(symbol)) is None:
                unknown += float(value)
            else:
                values[column] = float(value)
        return values, unknown

    def _together(self, threshold: Decimal) -> Floats:
        if (found := self._weights.get(threshold)) is None:
            found = np.where(self.correlations >= float(threshold), self.correlations, 0.0)
            self._weights[threshold] = found
        return found


class _Tails:
    """The losses of a book while one symbol is bought.

    Args:
        profits: Of the book before, of each past bar, in quote units.
        returns: Of the symbol.
    """

    def __init__(self, profits: Floats, returns: Floats) -> None:
        self._profits, self._returns = profits, returns
        self._place = int((1 - CONFIDENCE) * (len(profits) - 1))

    def shortfall(self, notional: float) -> tuple[float, float]:
        """Mean of the largest losses at a notional, and its slope there."""
        after, count = self._profits + notional * self._returns, self._place + 1
        worst = np.argpartition(after, self._place)[:count]
        return -float(after[worst].sum()) / count, -float(self._returns[worst].sum()) / count

    def var_room(self, limit: float, most: float) -> float:
        """Notional up to which no more bars than VaR leaves out lose more than `limit`."""
        if limit < 0:
            return 0.0
        losing = self._returns < -_NOTHING
        left = self._place - int(np.count_nonzero(self._profits[~losing] < -limit))
        if left < 0:
            return 0.0
        reached = (limit + self._profits[losing]) / -self._returns[losing]
        if left >= len(reached):
            return most
        return min(most, max(0.0, float(np.partition(reached, left)[left])))

    def cvar_room(self, limit: float, most: float) -> float:
        """Notional up to which the mean of the largest losses stays below `limit`."""
        low, high = 0.0, most
        (at_low, _), (at_high, slope) = self.shortfall(low), self.shortfall(high)
        if at_low > limit:
            return 0.0
        if at_high <= limit:
            return most
        for _ in range(_ROUNDS):
            low += (high - low) * (limit - at_low) / (at_high - at_low)
            at_low = min(limit, self.shortfall(low)[0])  # a chord lies above what is convex: more is rounding
            high = max(low, high - (at_high - limit) / slope)
            at_high, slope = self.shortfall(high)
            if at_high <= limit or high - low <= _CLOSE * high:
                break
        return high if at_high <= limit else low
