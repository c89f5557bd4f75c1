"""What the desk tells of markets and risk, figures rounded as people read them."""

from dataclasses import dataclass
from decimal import Decimal

from company.trading.features import Regime
from company.trading.figures import Figure, Report
from company.trading.risk import Clamp, DrawdownStep, RiskLimits


class MarketRow(Report):
    """One symbol at a glance.

    Attributes:
        price: Now, in quote units.
        change_24h: Change over 24 hours in per cent; None when no venue tells it.
        rsi: Relative strength index over 14 bars, 0 to 100.
        volatility: Annualised, in per cent.
        regime: bull, bear or sideways.
        score: Conviction of the momentum strategy, -1 to 1.
    """

    symbol: str
    price: Figure
    change_24h: Figure | None
    rsi: Figure
    volatility: Figure
    regime: Regime
    score: Figure


class SymbolExposure(Report):
    """Exposure to one symbol, in quote units; `percent` is of equity.

    Attributes:
        value: What is held.
        pending: Open buy orders.
        correlated: Value of it and of what moves with it, weighted by correlation; without history everything does.
        room: What may still be bought under the cap on one position.
    """

    symbol: str
    value: Figure
    pending: Figure
    percent: Figure
    correlated: Figure
    room: Figure


class Exposure(Report):
    """What is at stake, in quote units; percentages are of the equity.

    Attributes:
        cash: Quote currency over all venues.
        gross: Value of all positions and open buy orders.
        room: What may still be bought under the cap on all positions.
        symbols: The largest exposure first.
    """

    equity: Figure
    cash: Figure
    gross: Figure
    gross_percent: Figure
    room: Figure
    symbols: list[SymbolExposure]


class LimitsInForce(Report):
    """The limits, and where the desk stands against them.

    Attributes:
        limits: The limits.
        daily_loss_percent: Today's loss, of the equity at the day's beginning.
        drawdown_percent: Fall of the equity from its peak.
        drawdown_step: normal, halved (orders are halved), no_new (no new position, only high conviction adds to one) or
            stop (exits only).
        latched: True when a drawdown stopped the desk and a person has to re-arm it.
        paused: Symbols of which nothing is bought now; `*` is all of them.
        entries_allowed: False when only exits are allowed.
    """

    limits: RiskLimits
    equity: Figure
    daily_loss_percent: Figure
    drawdown_percent: Figure
    drawdown_step: DrawdownStep
    latched: bool
    paused: list[str]
    entries_allowed: bool


@dataclass(frozen=True, slots=True)
class Weighed:
    """What an order would put at stake.

    Attributes:
        notional: Quantity at the price now or at the limit, whichever is higher, in quote units.
        clamps: The limits it would break; none allow it.
    """

    symbol: str
    notional: Decimal
    clamps: list[Clamp]
