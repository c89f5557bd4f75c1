"""The trading desk: markets, indicators, risk, portfolio and orders over any number of exchanges.

It knows exchanges, time and storage as ports only, so the paper exchange and a real one (a ccxt object) are the same
to it. It decides nothing on its own: a role proposes with a conviction, the limits dispose, and every order is written
down before it is sent. It does not hold funds, does not sell short, and never guesses after an error.
"""

from company.trading.attribution import Attribution
from company.trading.audit import Audit
from company.trading.blotter import OrderReport
from company.trading.board import Board, Look
from company.trading.calibration import Calibration, Closed
from company.trading.decisions import Decision
from company.trading.desk import Desk
from company.trading.ensemble import Consensus
from company.trading.features import Candle, Correlations, Indicators
from company.trading.markets import OrderBook, Ticker
from company.trading.portfolio import Balance, Position, ProfitAndLoss
from company.trading.reconciliation import Reconciliation
from company.trading.reports import Exposure, LimitsInForce, MarketRow
from company.trading.risk import RULES, Clamp, RiskLimits, Sizing, ValueAtRisk
from company.trading.shown import CurveReport, MarketReport, OpenOrder, PortfolioReport, RiskReport
from company.trading.stops import Watched

__all__ = [
    "RULES",
    "Attribution",
    "Audit",
    "Balance",
    "Board",
    "Calibration",
    "Candle",
    "Clamp",
    "Closed",
    "Consensus",
    "Correlations",
    "CurveReport",
    "Decision",
    "Desk",
    "Exposure",
    "Indicators",
    "LimitsInForce",
    "Look",
    "MarketReport",
    "MarketRow",
    "OpenOrder",
    "OrderBook",
    "OrderReport",
    "PortfolioReport",
    "Position",
    "ProfitAndLoss",
    "Reconciliation",
    "RiskLimits",
    "RiskReport",
    "Sizing",
    "Ticker",
    "ValueAtRisk",
    "Watched",
]
