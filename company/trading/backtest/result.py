"""What a backtest found: measures, trades, clamps, holes and the curve, as one frozen document.

The same bars, strategy and terms give the same document, byte by byte: nothing in it tells when or where it was made.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from company.trading.figures import Figure, Report
from company.trading.markets import Side


class Terms(Report):
    """What trading costs in a backtest over bars, and how much of a bar it may take.

    Attributes:
        cash: What the account opens with, in quote units.
        maker_fee: Fraction of the notional a resting order pays.
        taker_fee: Fraction of the notional an arriving order pays.
        half_spread: Distance of the best quote from the price, as a fraction of it; on an exchange with a book of its
            own, only what sizing expects.
    """

    cash: Figure = Decimal(100_000)
    maker_fee: Figure = Decimal("0.0010")
    taker_fee: Figure = Decimal("0.0010")
    half_spread: Figure = Decimal("0.0001")


class Hole(Report):
    """Bars that are missing from the data: nothing traded, nothing was filled in.

    Attributes:
        begins: When the first missing bar would have opened.
        ends: When the first bar after the hole opened.
        bars: How many are missing.
    """

    symbol: str
    begins: datetime
    ends: datetime
    bars: int


class FillRow(Report):
    """One execution.

    Attributes:
        at: When it traded.
        venue: Exchange it traded at.
        role: `taker` for an order that arrived, `maker` for one that rested.
        price: In quote units.
        quantity: In base units.
        fee: In quote units.
        result: What a closing trade earned after all its fees, with its last execution; None for the others. A sale
            closes at the average cost of what was held, a pair of arbitrage with both its legs.
        reason: Why the strategy wished for it, or which stop it was.
    """

    at: datetime
    venue: str
    symbol: str
    side: Side
    role: Literal["maker", "taker"]
    price: Figure
    quantity: Figure
    fee: Figure
    result: Figure | None
    reason: str


class ClampRow(Report):
    """One rule that cut or denied a wish.

    Attributes:
        denied: True when nothing was left of the wish, by this rule or one beside it.
    """

    at: datetime
    symbol: str
    side: Side
    rule: str
    limit: Figure
    value: Figure
    denied: bool


class Mark(Report):
    """Equity at the close of a bar, in quote units."""

    at: datetime
    equity: Figure


class Fall(Report):
    """The deepest drawdown: fall from `peak_at` to `trough_at`, over at `recovered_at`; `percent` is of the peak."""

    percent: Figure
    peak_at: datetime
    trough_at: datetime
    recovered_at: datetime | None
    length: timedelta


class Measures(Report):
    """The measures, by the definitions of `company.trading.measures`; None where one does not exist.

    Attributes:
        total_return: Over the whole period; like every fraction here in per cent.
        volatility: Annualised, in per cent.
        value_at_risk: Loss of one bar that 5 % of the bars exceed, in per cent of the equity.
        conditional_value_at_risk: Mean loss of that worst twentieth.
        trades: Closing trades.
        win_rate: Share of them that earned, in per cent.
        profit_factor: What the winners earned over what the losers lost.
        expectancy: What a closing trade earned on average, in quote units.
        exposure: Mean share of the equity that was invested, in per cent.
        turnover: How often the mean equity was traded in a year.
        fees: All fees, in quote units.
    """

    total_return: Figure | None
    cagr: Figure | None
    volatility: Figure | None
    sharpe: Figure | None
    sortino: Figure | None
    calmar: Figure | None
    max_drawdown: Fall
    value_at_risk: Figure | None
    conditional_value_at_risk: Figure | None
    trades: int
    win_rate: Figure | None
    profit_factor: Figure | None
    expectancy: Figure | None
    exposure: Figure | None
    turnover: Figure | None
    fees: Figure


class Result(Report):
    """A finished backtest.

    Attributes:
        source: Where the bars came from.
        since: When the first bar opened.
        until: When the last bar closed.
        bars: Bars of all symbols.
        equity: Equity at the end, in quote units.
        curve: The equity from bar to bar, thinned to at most 1,000 marks that keep every stretch's high and low.
        prices: Close of the first symbol at the times of `curve`.
        unfilled: Orders that ended without any trade.
    """

    strategy: str
    symbols: list[str]
    timeframe: str
    source: str
    since: datetime
    until: datetime
    bars: int
    terms: Terms
    equity: Figure
    measures: Measures
    holes: list[Hole]
    signals: int
    unfilled: int
    fills: list[FillRow]
    clamps: list[ClampRow]
    curve: list[Mark]
    prices: list[Figure]
