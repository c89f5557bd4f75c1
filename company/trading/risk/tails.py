"""Value at risk as people are shown it."""

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from company.trading.features import Floats
from company.trading.figures import Figure, Report, figure, money, percent
from company.trading.risk.history import CONFIDENCE, HOURS_A_DAY, tail

_ZERO = Decimal(0)


class ValueAtRisk(Report):
    """Historical value at risk of the current positions.

    Hourly returns of the past are applied to today's positions. At 95 % confidence the loss that 5 % of those hours
    exceed is the hourly VaR, and the mean of the losses at least as large is the hourly CVaR; both are scaled to a day
    by the square root of 24.

    Attributes:
        confidence: 0.95 unless another one was asked for.
        horizon: What the figures cover.
        observations: Hours of history used; 0 when nothing is held.
        var: Loss in quote units, as a positive number; `var_percent` is of the equity.
        cvar: Expected loss beyond VaR; `cvar_percent` is of the equity.
    """

    confidence: Figure
    horizon: str
    observations: int
    var: Figure
    var_percent: Figure
    cvar: Figure
    cvar_percent: Figure


def value_at_risk(
    notionals: Mapping[str, Decimal], returns: Floats, equity: Decimal, *, confidence: float = CONFIDENCE
) -> ValueAtRisk:
    """Return historical VaR and CVaR for one day; see `ValueAtRisk` for the definitions.

    Args:
        notionals: Value of each held symbol, in quote units.
        returns: Hourly simple returns, shape (hours, symbols), symbols in the order of `notionals`.
        equity: For the percentages, in quote units.
        confidence: Share of the hours whose loss stays below the VaR.
    """
    profits = returns @ np.array([float(value) for value in notionals.values()])
    scale = float(np.sqrt(HOURS_A_DAY))
    losses = tail(profits, confidence) if len(profits) else (0.0, 0.0)
    var, cvar = (Decimal(str(loss * scale)) for loss in losses)
    return ValueAtRisk(
        confidence=figure(confidence, 2),
        horizon="1 day: hourly losses scaled by the square root of 24",
        observations=len(profits),
        var=money(var),
        var_percent=percent(var / equity if equity > 0 else _ZERO),
        cvar=money(cvar),
        cvar_percent=percent(cvar / equity if equity > 0 else _ZERO),
    )
