"""The equity of a backtest at the close of every bar, worked out only when somebody asks.

Between two fills what is owned stands still, so a stretch of bars is judged by its highest and lowest equity; only
where those say that a drawdown step could change is it gone through mark by mark. Peak, drawdown, the step on its
ladder and the day's beginning follow the live desk's rules (`risk.mark_equity`, `risk.next_step`), as if it had looked
at every close: the peak never falls, a UTC day begins with the last mark before it, and the last step is never left,
because nobody re-arms a desk in a backtest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from company.ports import decimal_of
from company.trading.features import Floats
from company.trading.risk import DrawdownStep, RiskLimits, next_step

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the equity stands at one mark, in quote units.

    Attributes:
        equity: The mark.
        day_equity: What its UTC day began with.
        peak: Highest mark so far.
        deepest: Deepest fall from a peak so far, as a fraction of that peak.
        step: Step of the drawdown ladder in force.
    """

    equity: float
    day_equity: float
    peak: float
    deepest: float = 0.0
    step: DrawdownStep = "normal"

    @property
    def drawdown(self) -> float:
        """Fall from the peak as a fraction of the peak."""
        return 1 - self.equity / self.peak


class Marks:
    """The marks of one backtest.

    Args:
        times: When each mark is made, UTC epoch milliseconds, rising, shape (marks,).
        closes: Price of each symbol at each mark, shape (marks, symbols); of a symbol without a bar there, the last
            price it had.
        cash: Quote currency the account begins with.
        limits: For the drawdown ladder.
    """

    def __init__(self, times: NDArray[np.int64], closes: Floats, cash: float, limits: RiskLimits) -> None:
        self._closes = closes
        days = times // _DAY_MS
        self._day_begins = np.searchsorted(days, days).tolist()  # of each mark, the first one of its day
        self._cash, self._held, self._is_invested = cash, np.zeros(closes.shape[1]), False
        self._owned = [(0, self._cash, self._held)]
        self._limits = limits
        self._next = 0
        self._last = Standing(cash, cash, cash)

    def own(self, row: int, cash: float, held: Sequence[float]) -> None:
        """Say what is owned from mark `row` on: quote currency, and base units by symbol.

        Marks before it are made with what was owned until now; marks that were made already are never changed.
        """
        if row:
            self.at(row - 1)
        self._cash, self._held, self._is_invested = cash, np.array(held), any(held)
        self._owned.append((row, self._cash, self._held))

    def at(self, row: int) -> Standing:
        """Return where the equity stood at mark `row`, the newest one that may be asked for."""
        if row >= self._next:
            self._make(row + 1)
        return self._last

    def curves(self) -> tuple[Floats, Floats]:
        """Return the equity at every mark, and how much of it was invested."""
        rows = [row for row, _, _ in self._owned]
        lengths = np.diff([*rows, len(self._closes)])
        held = np.repeat(np.array([held for _, _, held in self._owned]), lengths, axis=0)
        invested: Floats = (self._closes * held).sum(axis=1)
        return np.repeat([cash for _, cash, _ in self._owned], lengths) + invested, invested

    def _make(self, end: int) -> None:
        """Make the marks from the next one up to `end`."""
        last, equity = self._last, self._equities(end)
        high, low = float(equity.max()), float(equity.min())
        peak = max(last.peak, high)
        if high <= last.peak and self._stays(1 - high / peak, 1 - low / peak):
            deepest, step = max(last.deepest, 1 - low / peak), last.step
        else:
            falls = 1 - equity / np.maximum(np.maximum.accumulate(equity), last.peak)
            deepest, step = max(last.deepest, float(falls.max())), self._step(falls)
        self._last = Standing(float(equity[-1]), self._day_equity(end, equity), peak, deepest, step)
        self._next = end

    def _equities(self, end: int) -> Floats:
        """Return the marks from the next one up to `end`; one mark stands for all when nothing is held."""
        if not self._is_invested:
            return np.array([self._cash])
        invested: Floats
        if len(self._held) == 1:
            invested = self._closes[self._next : end, 0] * self._held[0]
        else:
            invested = (self._closes[self._next : end] * self._held).sum(axis=1)
        return invested + self._cash

    def _day_equity(self, end: int, equity: Floats) -> float:
        """Return the last mark before the day of the newest of the marks up to `end`, or the first one ever."""
        first: int = self._day_begins[end - 1]
        if first < self._next:
            return self._last.day_equity
        if first == self._next:
            return self._last.equity if first else float(equity[0])
        return float(equity[min(first - 1 - self._next, len(equity) - 1)])

    def _stays(self, least: float, most: float) -> bool:
        """True when no drawdown between these two changes the step in force."""
        step, limits = self._last.step, self._limits
        if step == "stop" or (step == "normal" and most < limits.drawdown_halved):
            return True
        return all(next_step(step, decimal_of(fall), limits) == step for fall in (least, most))

    def _step(self, falls: Floats) -> DrawdownStep:
        """Return the step in force after these drawdowns."""
        step = self._last.step
        if self._stays(float(falls.min()), float(falls.max())):
            return step
        for fall in _turns(falls):
            step = next_step(step, decimal_of(fall), self._limits)
        return step


def _turns(falls: Floats) -> list[float]:
    """Return the drawdowns at which a rise turns into a fall or back, and the ends: no step changes between them."""
    signs = np.sign(np.diff(falls))
    turning = np.flatnonzero(signs[1:] != signs[:-1]) + 1
    places = dict.fromkeys([0, *turning.tolist(), len(falls) - 1])
    return [float(falls[place]) for place in places]
