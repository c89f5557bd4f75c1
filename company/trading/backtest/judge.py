"""Risk as a backtest asks it: the book at a close, the wish, and what the limits make of it.

It is the live desk's own engine (`company.trading.risk`): sizing, then the check, over the same book state. What
differs is the ruler. The live desk looks at hours, whatever it trades on; a backtest has one timeframe and so looks at
its bars: volatility over the last 48, the true range over 14, correlation, VaR and anomalies over the last 300.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from math import sqrt

import numpy as np

from company.ports import decimal_of
from company.trading import risk
from company.trading.backtest.lane import Lane, Ticket
from company.trading.backtest.marks import Standing
from company.trading.exchange import Request
from company.trading.features import MINIMUM_BARS, Floats, annualised, timeframe_seconds
from company.trading.markets import HISTORY, Side
from company.trading.risk import BookState, Clamp, Dealt, History, ProposedOrder, Pulse, RiskLimits
from company.trading.signals import Signal

VOLATILITY_BARS = 48
_DAY = 86_400
_ZERO = Decimal(0)


class Judge:
    """Sizes and checks wishes.

    Args:
        lanes: The symbols.
        closes: Price of each symbol in each row, shape (rows, symbols).
        returns: Simple return of each symbol in each row, NaN where a bar or the one before it is missing, same shape.
        half_spread: Distance of the price to expect from the close, as a fraction of it.
        limits: The limits.
    """

    def __init__(
        self, lanes: Sequence[Lane], closes: Floats, returns: Floats, half_spread: Decimal, limits: RiskLimits
    ) -> None:
        self._lanes, self._closes, self._limits = lanes, closes, limits
        self._symbols = [lane.symbol for lane in lanes]
        self._moves = [np.diff(np.log(lane.bars.closes)) for lane in lanes]
        complete = np.isfinite(returns).all(axis=1)
        self._known, self._returns = np.cumsum(complete).tolist(), returns[complete]
        self._half_spread = half_spread
        timeframe = lanes[0].bars.timeframe
        self._bars_a_day = _DAY / timeframe_seconds(timeframe)
        self._paused: dict[str, tuple[datetime, Clamp]] = {}

    def judge(
        self, signal: Signal, lane: Lane, bar: int, row: int, at: datetime, standing: Standing, cash: Decimal
    ) -> tuple[Ticket | None, Sequence[Clamp]]:
        """Return the order for the next open, if any, and the rules that cut or denied it.

        Args:
            signal: The wish.
            lane: Its symbol.
            bar: Number of the symbol's bar that has just closed.
            row: The same among the rows of all symbols.
            at: When it closed.
            standing: The equity then.
            cash: Free quote currency.
        """
        price = self._expected(signal, lane, bar)
        state = self._state(signal, lane, bar, row, at, standing)
        free = lane.held if signal.side == "sell" else cash - sum((self._due(other) for other in self._lanes), _ZERO)
        sizing = risk.size(
            symbol=signal.symbol,
            side=signal.side,
            conviction=signal.conviction,
            volatility=self._volatility(lane, bar) if signal.side == "buy" else _ZERO,
            price=price,
            market=lane.market,
            free=max(free, _ZERO),
            state=state,
            limits=self._limits,
            at_most=signal.at_most,
            atr=self._range(lane, bar) if signal.side == "buy" else None,
        )
        if not sizing.approved:
            return None, sizing.clamps
        order = ProposedOrder(signal.symbol, signal.side, sizing.quantity, price, sizing.stop, is_market=True)
        if denied := risk.check(order, state, self._limits):
            return None, [*sizing.clamps, *denied]
        request = Request(signal.symbol, signal.side, "market", sizing.quantity)
        return Ticket(request, sizing.quantity, price, sizing.stop, signal.reason), sizing.clamps

    def _expected(self, signal: Signal, lane: Lane, bar: int) -> Decimal:
        """Return the price to expect at the next open: the close and half the spread, on the grid."""
        close = decimal_of(float(lane.bars.closes[bar]))
        away = 1 + self._half_spread if signal.side == "buy" else 1 - self._half_spread
        worse: Side = "sell" if signal.side == "buy" else "buy"  # rounds away from the close
        return lane.market.on_tick(worse, close * away)

    def _due(self, lane: Lane) -> Decimal:
        """Return what waiting purchases of a symbol will take, fee included."""
        return sum((_bought(ticket) for ticket in lane.waiting), _ZERO) * (1 + lane.market.fee)

    def _state(self, signal: Signal, lane: Lane, bar: int, row: int, at: datetime, standing: Standing) -> BookState:
        held = {other.symbol: other.held for other in self._lanes if other.held}
        if signal.side == "sell":  # an exit needs nothing else
            return BookState(decimal_of(standing.equity), decimal_of(standing.day_equity), _ZERO, held=held)
        sold = lane.sold
        return BookState(
            equity=decimal_of(standing.equity),
            day_equity=decimal_of(standing.day_equity),
            drawdown=decimal_of(standing.drawdown),
            notionals={other.symbol: other.held * self._mark(other, row) for other in self._lanes if other.held},
            held=held,
            pending={other.symbol: sum(map(_bought, other.waiting), _ZERO) for other in self._lanes if other.waiting},
            step=standing.step,
            deepest=decimal_of(standing.deepest),
            history=self._history(row),
            paused=self._pauses(lane, bar, row, at),
            dealt=() if sold is None else (Dealt(lane.symbol, "sell", sold[1], sold[0]),),
            at=at,
        )

    def _mark(self, lane: Lane, row: int) -> Decimal:
        """Return the last close of a symbol up to a row."""
        return decimal_of(float(self._closes[row, lane.number]))

    def _history(self, row: int) -> History | None:
        """Return the returns of the last 300 rows that all symbols have, up to this one; None when they are too few."""
        end = self._known[row]
        if end < MINIMUM_BARS:
            return None
        return History(self._symbols, self._returns[max(0, end - HISTORY) : end], bars_a_day=self._bars_a_day)

    def _pauses(self, lane: Lane, bar: int, row: int, at: datetime) -> dict[str, Clamp]:
        """Return why nothing of a symbol is bought: too little history, or an unusual move less than a pause ago."""
        known = self._known[row]
        if known < MINIMUM_BARS:
            return {lane.symbol: Clamp(rule="risk.history", limit=Decimal(MINIMUM_BARS), value=Decimal(known))}
        since, why = self._paused.get(lane.symbol, (at, None))
        if why is not None and at < since + self._limits.anomaly_pause:
            return {lane.symbol: why}
        past = slice(max(0, bar + 1 - HISTORY), bar + 1)
        closes, volumes = lane.bars.closes[past], lane.bars.volumes[past]
        if not stands_out(
            np.abs(self._moves[lane.number][past.start : bar]), volumes, float(self._limits.anomaly_volume)
        ):
            return {}
        if found := risk.anomaly(Pulse.of(closes, volumes), (), 0, self._limits):
            self._paused[lane.symbol] = at, found
            return {lane.symbol: found}
        return {}

    def _volatility(self, lane: Lane, bar: int) -> Decimal:
        """Return the annual volatility of the last 48 bars as a fraction: the sample deviation of their log returns."""
        moves = self._moves[lane.number][max(0, bar - VOLATILITY_BARS) : bar]
        if len(moves) < 2:
            return _ZERO
        apart = moves - moves.mean()
        return decimal_of(annualised(sqrt(float(apart @ apart) / (len(moves) - 1)), lane.bars.timeframe))

    def _range(self, lane: Lane, bar: int) -> Decimal | None:
        found = lane.frame.columns["atr"][bar]
        return decimal_of(found) if found > 0 else None  # NaN is not


def stands_out(moves: Floats, volumes: Floats, most: float) -> bool:
    """Tell in a fraction of the time whether the last bar can be an anomaly at all, for few can.

    Its move must be among the largest tenth, or its volume above `most` times that of half of the bars. A law of the
    tests holds this against `risk.anomaly`: what does not stand out is never one.

    Args:
        moves: Sizes of the log returns, the last bar's last.
        volumes: Of the bars, the last one last.
        most: Volume in medians that is unusual.
    """
    larger = int(np.count_nonzero(moves[:-1] >= moves[-1]))
    busier = int(np.count_nonzero(volumes[:-1] * most >= volumes[-1]))
    return larger * 10 < len(moves) or busier * 2 <= len(volumes)


def _bought(ticket: Ticket) -> Decimal:
    return ticket.notional if ticket.request.side == "buy" else _ZERO
