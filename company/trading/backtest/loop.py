"""The loop of a backtest: bar after bar, the strategy's wish at a close, its order at the next open.

Between two orders a bar costs one call of the strategy and one comparison; the exchange, risk and the equity are asked
only when something of ours can happen.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import numpy as np

from company.errors import InsufficientFunds
from company.trading.backtest.held import Held
from company.trading.backtest.judge import Judge
from company.trading.backtest.lane import Lane, Ticket
from company.trading.backtest.marks import Marks
from company.trading.backtest.result import ClampRow
from company.trading.backtest.timeline import Timeline, moment
from company.trading.exchange import Exchange, Request
from company.trading.features import Floats
from company.trading.matching import Refused
from company.trading.risk import RiskLimits
from company.trading.signals import Follower, Signal, Sparing, State, Strategy

ACCOUNT = "backtest"
_ZERO = Decimal(0)


@dataclass(slots=True)
class Found:
    """What a run found, before it is put into words.

    Attributes:
        timeline: The rows it went through.
        marks: The equity.
        clamps: What risk cut or denied, oldest first.
        reasons: Why each order was sent, by its id.
        signals: How many wishes there were.
        unfilled: Orders that ended without any trade, also those that the exchange refused.
    """

    timeline: Timeline
    marks: Marks
    clamps: list[ClampRow] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    signals: int = 0
    unfilled: int = 0


class Loop:
    """One run over the bars.

    Args:
        lanes: The symbols, each with its strategy.
        exchange: Where orders go; the account `backtest` is open there.
        cash: What the account holds, in quote units.
        half_spread: Distance of the price to expect from the close, as a fraction of it.
        limits: What every wish is held against.
    """

    def __init__(
        self, lanes: Sequence[Lane], exchange: Exchange, *, cash: Decimal, half_spread: Decimal, limits: RiskLimits
    ) -> None:
        self._lanes, self._exchange, self._cash = lanes, exchange, cash
        self._timeline = Timeline([lane.bars for lane in lanes])
        closes = self._timeline.closes
        self._found = Found(self._timeline, Marks(self._timeline.closes_at, closes, float(cash), limits))
        self._judge = Judge(lanes, closes, self._timeline.returns(), half_spread, limits)
        for lane in lanes:
            if isinstance(lane.strategy, Follower):
                lane.strategy.follow(Held(lane, self._timeline, self._found.marks))

    def run(self) -> Found:
        """Go through all bars and return what was found."""
        plans = [(lane, lane.strategy, _before(lane.bars.lows), _quiet(lane)) for lane in self._lanes]
        skips = len(plans) == 1 and any(plans[0][-1])
        for row, places in _eventful(*plans[0]) if skips else self._timeline:
            for number, bar in places:
                lane, _, lows, _ = plans[number]
                if lows[bar] <= lane.wakes:
                    self._trade(row, lane, bar)
            for number, bar in places:
                lane, strategy, _, quiet = plans[number]
                if not quiet[bar] and (signal := strategy(State(lane.frame, bar))) is not None:
                    self._wish(row, lane, bar, signal)
        self._found.marks.at(len(self._timeline) - 1)
        return self._found

    def _wish(self, row: int, lane: Lane, bar: int, signal: Signal) -> None:
        """Hold a wish against the limits at the close of a bar."""
        at, standing = self._timeline.at(row), self._found.marks.at(row)
        ticket, clamps = self._judge.judge(signal, lane, bar, row, at, standing, self._cash)
        self._found.signals += 1
        self._found.clamps += [
            ClampRow(at=at, symbol=lane.symbol, side=signal.side, denied=ticket is None, **dict(clamp))
            for clamp in clamps
        ]
        if ticket is not None:
            lane.wait(ticket)

    def _trade(self, row: int, lane: Lane, bar: int) -> None:
        """Bring a symbol's orders to the open of a bar."""
        at = moment(int(lane.bars.times[bar]))
        if lane.stop is not None and lane.bars.lows[bar - 1] <= lane.stop:
            self._place(lane, Request(lane.symbol, "sell", "market", lane.held), f"stop at {lane.stop:f}", at)
        for ticket in lane.take():
            self._send(lane, ticket, at)
        self._found.marks.own(row, float(self._cash), [float(one.held) for one in self._lanes])

    def _send(self, lane: Lane, ticket: Ticket, at: datetime) -> None:
        """Place an order; a sale of more than a stop has left sells the rest."""
        request = ticket.request
        if request.side == "sell" and not (request := lane.sellable(request)).amount:
            return
        if self._place(lane, request, ticket.reason, at) and ticket.stop is not None:
            lane.protect(ticket.stop)

    def _place(self, lane: Lane, request: Request, reason: str, at: datetime) -> bool:
        """Place an order that trades at once or not at all, and tell whether it traded."""
        try:
            order = self._exchange.place(ACCOUNT, request, at)
        except (Refused, InsufficientFunds):  # the open lies too far from the close, or too little is left
            self._found.unfilled += 1
            return False
        self._found.reasons[order.id] = reason
        self._found.unfilled += not order.filled
        self._cash += order.cost - order.fee if order.side == "sell" else -order.cost - order.fee
        lane.traded(order, at)
        return bool(order.filled)


def _eventful(
    lane: Lane, _: Strategy, before: Sequence[float], quiet: Sequence[bool]
) -> Iterator[tuple[int, Sequence[tuple[int, int]]]]:
    """Yield the rows of a single symbol as its timeline does, without those in which nothing can happen."""
    lows = np.array(before)
    asked = [*np.flatnonzero(~np.asarray(quiet, dtype=bool)).tolist(), len(lows)]
    row = 0
    while row < len(lows):
        following = asked[bisect_left(asked, row)]
        if lane.wakes > -math.inf:
            met = lows[row : following + 1] <= lane.wakes
            following = row + int(met.argmax()) if met.any() else following
        if following < len(lows):
            yield following, ((0, following),)
        row = following + 1


def _before(prices: Floats) -> list[float]:
    """Return of each bar the price of the one before it, as Python numbers; NaN, which meets nothing, of the first."""
    return [math.nan, *prices[:-1].tolist()]


def _quiet(lane: Lane) -> Sequence[bool]:
    """Return of each bar whether the strategy need not be asked there."""
    return lane.strategy.quiet(lane.frame) if isinstance(lane.strategy, Sparing) else [False] * len(lane.frame)
