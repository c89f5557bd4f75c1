"""What a policy sees, and what becomes of what it answers: the same in training, in a backtest and anywhere else.

An observation is the state vector of `company.trading.features` with its missing values as 0, then how much of a full
position is held (0 to 2) and the drawdown. An action n of `ACTIONS` asks for n / (ACTIONS - 1) of a full position; the
difference to what is held becomes a signal, and risk disposes of it as of any other. Nothing is sold short.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from company.trading.features import FEATURES, timeframe_seconds, vector
from company.trading.figures import figure, money, significant
from company.trading.matching import Side
from company.trading.signals import Owned, Signal, State

ACTIONS: Final = 5
"""None, a quarter, a half, three quarters and all of a full position."""

NAMES: Final = (*FEATURES, "position", "drawdown")
"""What an observation holds, in this order."""

MOST: Final = 2.0
"""Largest position shown, in full positions: a price may have risen since."""

Observation = NDArray[np.float32]
_DUST = 0.01  # of a full position: what is left below the smallest order


def observe(state: State, owned: Owned, full: float) -> Observation:
    """Return what a policy sees at a bar, shape (len(NAMES),).

    Args:
        state: The bar.
        owned: The account then.
        full: A full position, as a fraction of the equity.
    """
    values, _ = vector(state)
    return np.array([*values, min(MOST, owned.exposure / full), owned.drawdown], dtype=np.float32)


def wished(state: State, owned: Owned, full: float, action: int) -> Signal | None:
    """Return the signal that leads from what is held to what an action asks for; None when it is there already.

    A difference of less than half a step between two actions is left alone, except when nothing shall be held.

    Args:
        state: The bar.
        owned: The account then.
        full: A full position, as a fraction of the equity.
        action: 0 to `ACTIONS` - 1.
    """
    held, target = owned.exposure / full, action / (ACTIONS - 1)
    if not target and held > _DUST:
        return _signal(state, "sell", Decimal(1), held, target, owned)
    if abs(target - held) < 0.5 / (ACTIONS - 1):
        return None
    if target < held:
        return _signal(state, "sell", figure(1 - target / held, 3), held, target, owned)
    wanted = money((target - held) * full * owned.equity)
    return _signal(state, "buy", Decimal(1), held, target, owned, at_most=wanted)


def _signal(
    state: State,
    side: Side,
    conviction: Decimal,
    held: float,
    target: float,
    owned: Owned,
    at_most: Decimal | None = None,
) -> Signal:
    return Signal(
        symbol=state.symbol,
        side=side,
        conviction=conviction,
        horizon=timedelta(seconds=timeframe_seconds(state.timeframe)),
        reason=f"the policy asks for {target:.0%} of a full position, {held:.0%} is held",
        evidence={
            "target": significant(target),
            "position": significant(held),
            "drawdown": significant(owned.drawdown),
        },
        strategy="policy",
        at_most=at_most,
    )
