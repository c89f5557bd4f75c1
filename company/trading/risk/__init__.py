"""Risk: how much the desk may trade. Conviction requests, risk disposes.

`size` and `check` are pure functions over frozen `RiskLimits` and a `BookState`; no venue, no clock, no file. An order
that reduces a position is always allowed, whatever the losses, the latch and the pauses: a desk that cannot get out is
worse than one that cannot get in. What a rule cuts off an order is not given to another one. Sizing and the check
before an order use the same caps, so what `size` approves `check` does not deny. Positions are long only: selling more
than is held is denied (`risk.no_short`). docs/risk.md says what each rule compares; `RULES` is the table of them.

- `limits`, `rules`: the numbers, and the ids. `book`: what is looked at. `marks`: equity, peak and the drawdown ladder.
- `history`: past returns, correlation, VaR, CVaR and the room they leave. `own`: trades with ourselves. `anomalies`:
  unusual moves.
- `checking`, `sizing`: the two questions. Not pure are `standing`, what is remembered in the desk's books, and
  `lookout`, what the desk reads of markets before it buys.

Without venues, as a backtest uses it:

    marks = step = None
    for every bar:
        marks = mark_equity(marks, equity, closed_at)                        # about 3 microseconds
        step = next_step(step or "normal", marks.drawdown, limits)           # "stop" stays: nobody is there to re-arm
    for every signal to enter:
        history = History(symbols, returns[bar - 300 : bar], bars_a_day=24)  # once a bar; simple returns up to it
        state = BookState(equity, marks.day_equity, marks.drawdown, notionals, held, pending, step=step,
                          deepest=marks.deepest, history=history, at=closed_at)
        sizing = size(symbol=..., side="buy", conviction=..., volatility=..., price=..., market=..., free=...,
                      state=state, limits=limits, atr=...)
        denied = check(ProposedOrder(symbol, "buy", sizing.quantity, price, sizing.stop, is_market=True), state, limits)

Returns of the bar that is being decided on belong to the history, later ones do not. `history`, `paused`, `resting` and
`dealt` may be left out; what is left out is not limited. An exit needs `held` only.
"""

from company.trading.risk.anomalies import Pulse, anomaly
from company.trading.risk.book import EVERYTHING, RECENT, BookState, Dealt, ProposedOrder, Resting
from company.trading.risk.checking import UNKNOWN_PAST, check
from company.trading.risk.history import CONFIDENCE, NO_RETURNS, History
from company.trading.risk.limits import RiskLimits
from company.trading.risk.marks import (
    MARKS,
    DrawdownStep,
    EquityMarks,
    drawdown_step,
    flow_factor,
    mark_equity,
    moved_equity,
    next_step,
)
from company.trading.risk.own import in_the_way
from company.trading.risk.rules import RULES, Clamp
from company.trading.risk.sizing import HEADROOM, Sizing, kelly_fraction, size, stop_price
from company.trading.risk.standing import REARMED, Ladder, Latch, Pause, Rearming, Standing, pause, resume
from company.trading.risk.tails import ValueAtRisk, value_at_risk

__all__ = [
    "CONFIDENCE",
    "EVERYTHING",
    "HEADROOM",
    "MARKS",
    "NO_RETURNS",
    "REARMED",
    "RECENT",
    "RULES",
    "UNKNOWN_PAST",
    "BookState",
    "Clamp",
    "Dealt",
    "DrawdownStep",
    "EquityMarks",
    "History",
    "Ladder",
    "Latch",
    "Pause",
    "ProposedOrder",
    "Pulse",
    "Rearming",
    "Resting",
    "RiskLimits",
    "Sizing",
    "Standing",
    "ValueAtRisk",
    "anomaly",
    "check",
    "drawdown_step",
    "flow_factor",
    "in_the_way",
    "kelly_fraction",
    "mark_equity",
    "moved_equity",
    "next_step",
    "pause",
    "resume",
    "size",
    "stop_price",
    "value_at_risk",
]
