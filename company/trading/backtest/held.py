"""The account of a backtest, as a strategy that looks at its own sees it."""

import numpy as np

from company.trading.backtest.lane import Lane
from company.trading.backtest.marks import Marks
from company.trading.backtest.timeline import Timeline
from company.trading.signals import Owned, State


class Held:
    """Implements `company.trading.signals.Account` for one symbol.

    Args:
        lane: The symbol.
        timeline: The closes of all symbols.
        marks: The equity.
    """

    def __init__(self, lane: Lane, timeline: Timeline, marks: Marks) -> None:
        self._lane, self._timeline, self._marks = lane, timeline, marks

    def at(self, state: State, /) -> Owned:
        """Return what the account came to at the close of a bar."""
        row = int(np.searchsorted(self._timeline.closes_at, round(state.at.timestamp() * 1000)))
        standing = self._marks.at(row)
        exposure = float(self._lane.held) * state["close"] / standing.equity
        return Owned(equity=standing.equity, exposure=exposure, drawdown=standing.drawdown)
