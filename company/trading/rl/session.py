"""A backtest that goes on bar by bar, for whoever wants to decide outside of it.

It is the loop of `company.trading.backtest` with its exchange, risk, fees and marks; only the order of the calls is
turned round.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from company.trading.backtest import ACCOUNT, Terms
from company.trading.backtest.held import Held
from company.trading.backtest.lane import Lane, market_of
from company.trading.backtest.loop import Loop
from company.trading.backtest.tape import Tape
from company.trading.backtest.timeline import moment
from company.trading.exchange import Exchange, PlainBooks
from company.trading.features import Bars
from company.trading.risk import DrawdownStep, RiskLimits
from company.trading.signals import Frame, Owned, Signal, State


class Session(Loop):
    """One symbol from a bar on.

    Args:
        bars: The bars, with as many before the first decision as risk shall see.
        frame: Their features.
        first: Number of the bar at whose close the first decision is made.
        terms: What trading costs.
        limits: What every wish is held against.
    """

    def __init__(self, bars: Bars, frame: Frame, first: int, *, terms: Terms, limits: RiskLimits) -> None:
        tape = Tape([bars], terms.half_spread)
        exchange = Exchange(
            "training",
            PlainBooks(),
            tape.instruments,
            tape,
            maker_fee=terms.maker_fee,
            taker_fee=terms.taker_fee,
        )
        exchange.open(ACCOUNT, {bars.symbol.partition("/")[2]: terms.cash}, moment(int(bars.times[0])))
        self._lane = Lane(
            number=0, bars=bars, frame=frame, market=market_of(exchange, bars.symbol), strategy=_decides_outside
        )
        super().__init__([self._lane], exchange, cash=terms.cash, half_spread=terms.half_spread, limits=limits)
        self._row, self._held = first, Held(self._lane, self._timeline, self._found.marks)

    @property
    def state(self) -> State:
        """The bar that has just closed."""
        return State(self._lane.frame, self._row)

    @property
    def owned(self) -> Owned:
        """The account at its close."""
        return self._held.at(self.state)

    @property
    def step(self) -> DrawdownStep:
        """The drawdown step in force."""
        return self._found.marks.at(self._row).step

    @property
    def is_over(self) -> bool:
        """True when there is no bar after this one."""
        return self._row == len(self._lane.bars) - 1

    def go_on(self, signal: Signal | None) -> None:
        """Hold a wish against the limits, and let the next bar pass."""
        lane = self._lane
        if signal is not None:
            self._wish(self._row, lane, self._row, signal)
        self._row += 1
        if lane.bars.lows[self._row - 1] <= lane.wakes:
            self._trade(self._row, lane, self._row)


def cut(bars: Bars, frame: Frame, first: int, last: int) -> tuple[Bars, Frame]:
    """Return the bars from `first` to before `last`, with the features that they have in the whole history."""
    part = slice(first, last)
    columns = {name: getattr(bars, name)[part] for name in ("times", "opens", "highs", "lows", "closes", "volumes")}
    made: Mapping[str, list[float]] = {name: list(column[part]) for name, column in frame.columns.items()}
    return replace(bars, **columns), replace(frame, closes_at=frame.closes_at[part], columns=made)


def known(frame: Frame) -> int:
    """Return the first bar with a regime, and so with every feature that candles tell; the length when none has."""
    return next((row for row, value in enumerate(frame.columns["bull"]) if not math.isnan(value)), len(frame))


def _decides_outside(_state: State, /) -> Signal | None:
    return None
