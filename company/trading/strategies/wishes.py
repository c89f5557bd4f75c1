"""How a strategy words what it wishes for."""

import math
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from company.errors import UsageError
from company.trading.features import timeframe_seconds
from company.trading.figures import figure, significant
from company.trading.matching import Side
from company.trading.signals import Signal, State

LEAST = 0.6
"""Conviction of a signal that only just holds; the default limits open nothing below it."""


def conviction(share: float) -> float:
    """Return the conviction of a signal: 0.6 at its threshold (share 0 or less), 1 when it is as strong as can be."""
    return LEAST + (1 - LEAST) * min(1.0, max(0.0, share))


def wish(
    state: State,
    side: Side,
    belief: float,
    *,
    strategy: str,
    bars: int,
    reason: str,
    evidence: Mapping[str, float],
    at_most: Decimal | None = None,
) -> Signal:
    """Return a signal at the state's bar.

    Args:
        state: The bar that made the wish.
        side: `buy` or `sell`.
        belief: Conviction, 0 to 1.
        strategy: Who wishes.
        bars: For how many bars the reason is expected to hold.
        reason: One sentence with its figures.
        evidence: The figures that were used, by name.
        at_most: Largest notional that is wanted, in quote units.
    """
    return Signal(
        symbol=state.symbol,
        side=side,
        conviction=figure(belief, 3),
        horizon=timedelta(seconds=bars * timeframe_seconds(state.timeframe)),
        reason=reason,
        evidence={name: significant(value) for name, value in evidence.items()},
        strategy=strategy,
        at_most=at_most,
    )


def known(*values: float) -> bool:
    """True when every value is there: nothing is wished for while a feature warms up or was not told."""
    return not any(map(math.isnan, values))


def demand(holds: bool, what: str, *, where: str, cure: str) -> None:
    """Refuse a parameter that makes no sense.

    Raises:
        UsageError: `holds` is False.
    """
    if not holds:
        raise UsageError(what, where=where, cure=cure)
