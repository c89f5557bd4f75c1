"""What the board shows: figures as people read them, every sum with the moment it belongs to."""

from datetime import datetime

from company.trading.calibration import Calibration
from company.trading.curve import Point
from company.trading.ear import VenueState
from company.trading.figures import Figure, Report
from company.trading.markets import Side
from company.trading.portfolio import Balance, Position
from company.trading.reports import MarketRow
from company.trading.risk import DrawdownStep


class PortfolioReport(Report):
    """What the desk owns and earned; fields as in `ProfitAndLoss`, money in quote units.

    Attributes:
        as_of: Company time of the oldest answer it rests on.
        cash: Quote currency on all venues.
        win_rate_percent: Share of the closing trades that earned something after the fees of both ways; None before
            the first.
        closed_trades: Orders that sold something since they are counted.
        calibration: How far the convictions stated for what was bought were borne out by what its sale came to.
    """

    as_of: datetime
    quote: str
    equity: Figure
    cash: Figure
    day: Figure
    day_percent: Figure
    net: Figure
    realised: Figure
    unrealised: Figure
    fees: Figure
    peak: Figure
    drawdown_percent: Figure
    win_rate_percent: Figure | None
    closed_trades: int
    calibration: Calibration
    since: datetime
    unpriced: list[str]
    positions: list[Position]
    balances: list[Balance]


class CurveReport(Report):
    """The equity curve, oldest point first."""

    quote: str
    points: list[Point]


class ExposureRow(Report):
    """Value of one symbol with its open buy orders, in quote units and per cent of equity."""

    symbol: str
    value: Figure
    percent: Figure


class RiskReport(Report):
    """What is at stake, and the limits; per cent of equity, losses of the day's first equity, falls of the peak.

    Attributes:
        drawdown_steps_percent: Fall at which sizes halve, nothing new is opened, only exits are allowed.
        var95: Historical value at risk of one day, see `ValueAtRisk`; None when what is held has too little history.
        var99: The same at 99 %.
        sharpe: Annualised, of the hourly equity curve, see `sharpe_ratio`; None before there is enough of it.
    """

    as_of: datetime
    equity: Figure
    drawdown_percent: Figure
    drawdown_steps_percent: tuple[Figure, Figure, Figure]
    drawdown_step: DrawdownStep
    entries_allowed: bool
    daily_loss_percent: Figure
    daily_loss_limit_percent: Figure
    gross_percent: Figure
    gross_limit_percent: Figure
    position_limit_percent: Figure
    exposures: list[ExposureRow]
    var95: Figure | None
    var95_percent: Figure | None
    var99: Figure | None
    var99_percent: Figure | None
    sharpe: Figure | None


class OpenOrder(Report):
    """An order that is open; quantities in base units, `price` is its limit, `at` when it was placed.

    Attributes:
        trigger: Price in quote units that it waits for before it goes into the book; None when it does not wait.
    """

    order_id: str
    client_order_id: str
    venue: str
    symbol: str
    side: Side
    type: str
    quantity: Figure
    filled: Figure
    price: Figure | None
    trigger: Figure | None
    status: str
    at: datetime
    reason: str


class MarketReport(Report):
    """Prices and what the house strategy makes of them.

    Attributes:
        rows: Highest score first; a symbol without usable candles is left out.
        venues: Every venue, whether it answered or not.
    """

    as_of: datetime
    quote: str
    rows: list[MarketRow]
    venues: list[VenueState]
