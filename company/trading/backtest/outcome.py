"""Puts what a run found into a `Result`: its trades, its measures, its curve."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

import numpy as np

from company.trading import measures
from company.trading.backtest.loop import Found
from company.trading.backtest.result import Fall, FillRow, Mark, Measures, Result, Terms
from company.trading.backtest.timeline import Timeline, moment
from company.trading.exchange import Trade
from company.trading.features import Bars, Floats
from company.trading.figures import figure, money, percent, significant

MOST_MARKS = 1000
_ZERO = Decimal(0)


def outcome(
    *, strategy: str, source: str, histories: Sequence[Bars], terms: Terms, found: Found, fills: Sequence[FillRow]
) -> Result:
    """Return a finished run as a result.

    Args:
        strategy: Its name.
        source: Where the bars came from.
        histories: The bars.
        terms: What trading cost.
        found: What the run found.
        fills: Its executions, oldest first.
    """
    timeline = found.timeline
    equity, invested = found.marks.curves()
    kept = thinned(equity)
    return Result(
        strategy=strategy,
        symbols=list(dict.fromkeys(bars.symbol for bars in histories)),
        timeframe=histories[0].timeframe,
        source=source,
        since=moment(min(int(bars.times[0]) for bars in histories)),
        until=timeline.at(-1),
        bars=sum(len(bars) for bars in histories),
        terms=terms,
        equity=money(float(equity[-1])),
        measures=measured(timeline, histories[0].timeframe, equity, invested, fills),
        holes=timeline.holes(),
        signals=found.signals,
        unfilled=found.unfilled,
        fills=list(fills),
        clamps=found.clamps,
        curve=[Mark(at=timeline.at(row), equity=money(float(equity[row]))) for row in kept],
        prices=[significant(float(timeline.closes[row, 0]), 8) for row in kept],
    )


def rows_of(venue: str, trades: Iterable[Trade], reasons: Mapping[str, str]) -> Iterator[FillRow]:
    """Yield executions with what each sale earned at average cost, after the fees of both ways.

    What an order sold counts once, with its last execution.

    Args:
        venue: Where they traded.
        trades: Oldest first.
        reasons: Why each order was sent, by its id.
    """
    lots: dict[str, Lot] = defaultdict(Lot)
    for order, group in groupby(trades, key=lambda trade: trade.order):
        fills = list(group)
        earned = sum((lots[trade.symbol].trade(trade) for trade in fills), _ZERO)
        for trade in fills:
            closes = trade is fills[-1] and trade.side == "sell"
            yield row_of(venue, trade, reasons.get(order, ""), significant(earned, 8) if closes else None)


@dataclass(slots=True)
class Lot:
    """What is held of a symbol, and what it cost with its fees; `company.trading.holdings` in short, without owners."""

    quantity: Decimal = _ZERO
    cost: Decimal = _ZERO

    def trade(self, trade: Trade) -> Decimal:
        """Take in an execution and return what it earned: 0 for a purchase."""
        if trade.side == "buy":
            self.quantity, self.cost = self.quantity + trade.amount, self.cost + trade.cost + trade.fee
            return _ZERO
        part = self.cost if trade.amount == self.quantity else self.cost * trade.amount / self.quantity
        self.quantity, self.cost = self.quantity - trade.amount, self.cost - part
        return trade.cost - trade.fee - part


def row_of(venue: str, trade: Trade, reason: str, result: Decimal | None) -> FillRow:
    """Return one execution as a row."""
    return FillRow(
        at=moment(trade.at),
        venue=venue,
        symbol=trade.symbol,
        side=trade.side,
        role=trade.role,
        price=figure(trade.price, 8),
        quantity=figure(trade.amount, 8),
        fee=figure(trade.fee, 8),
        result=result,
        reason=reason,
    )


def measured(
    timeline: Timeline, timeframe: str, equity: Floats, invested: Floats, fills: Sequence[FillRow]
) -> Measures:
    """Return the measures of a curve and the trades under it, in the units of `Measures`."""
    periods, returns = measures.periods_per_year(timeframe), measures.returns_of(equity)
    results = [float(fill.result) for fill in fills if fill.result is not None]
    notional = float(sum((fill.price * fill.quantity for fill in fills), _ZERO))
    return Measures(
        total_return=_percent(measures.total_return(equity)),
        cagr=_percent(measures.cagr(equity, periods)),
        volatility=_percent(measures.volatility(returns, periods)),
        sharpe=_plain(measures.sharpe(returns, periods)),
        sortino=_plain(measures.sortino(returns, periods)),
        calmar=_plain(measures.calmar(equity, periods)),
        max_drawdown=_fall(timeline, equity),
        value_at_risk=_percent(measures.value_at_risk(returns)),
        conditional_value_at_risk=_percent(measures.conditional_value_at_risk(returns)),
        trades=len(results),
        win_rate=_percent(measures.win_rate(results)),
        profit_factor=_plain(measures.profit_factor(results)),
        expectancy=_plain(measures.expectancy(results)),
        exposure=_percent(measures.exposure(invested / equity)),
        turnover=_plain(measures.turnover(notional, equity, periods)),
        fees=money(sum((fill.fee for fill in fills), _ZERO)),
    )


def thinned(values: Floats, most: int = MOST_MARKS) -> list[int]:
    """Return the numbers of at most `most` values (4 or more): the ends, and the extremes of each stretch between."""
    if len(values) <= most:
        return list(range(len(values)))
    stretches = np.array_split(np.arange(len(values)), most // 2 - 1)
    ends = [(int(part[np.argmin(values[part])]), int(part[np.argmax(values[part])])) for part in stretches]
    return sorted({0, len(values) - 1, *(place for pair in ends for place in pair)})


def _fall(timeline: Timeline, equity: Floats) -> Fall:
    found = measures.max_drawdown(equity)
    end = len(equity) - 1 if found.recovered is None else found.recovered
    return Fall(
        percent=percent(-found.depth),
        peak_at=timeline.at(found.peak),
        trough_at=timeline.at(found.trough),
        recovered_at=None if found.recovered is None else timeline.at(found.recovered),
        length=timedelta(milliseconds=int(timeline.closes_at[end] - timeline.closes_at[found.peak])),
    )


def _percent(fraction: float | None) -> Decimal | None:
    return None if fraction is None else figure(fraction * 100, 4)


def _plain(value: float | None) -> Decimal | None:
    return None if value is None else figure(value, 4)
