"""The market's state: named at the last bar, and as probabilities at every bar."""

from typing import Literal

import numpy as np

from company.trading.features.bars import Floats

Regime = Literal["bull", "bear", "sideways"]

TREND_REGIME = 0.5  # SMA20 and SMA50 must be this many ATRs apart to call a trend
SHARPNESS = 2.0  # how fast the odds of a trend grow with its strength


def regime(trend: float, close: float, average: float) -> Regime:
    """Name the market's state.

    Args:
        trend: Distance of the 20-bar mean from the 50-bar mean, in ATRs.
        close: Last price.
        average: The 50-bar mean.

    Returns:
        `bull` when the means are at least half an ATR apart upwards and the price stands above the slow one, `bear`
        for the mirror image, else `sideways`.
    """
    if trend >= TREND_REGIME and close > average:
        return "bull"
    if trend <= -TREND_REGIME and close < average:
        return "bear"
    return "sideways"


def probabilities(strength: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how probable bull, bear and sideways are; the three sum to 1.

    They are the softmax of (2x, -2x, 2), where x is the log return of 48 bars over what chance moves in 48 bars (the
    deviation of one bar's log return times the root of 48). At x = 0 sideways has 79 %, at x = 1, a move of one
    deviation, bull and sideways are equal, at x = 2 bull has 88 %. It is a rule with a stated meaning, not a fitted
    model; it looks at closed bars only.

    Args:
        strength: x of every bar; NaN gives NaN.
    """
    scores = SHARPNESS * np.stack([strength, -strength, np.where(np.isnan(strength), np.nan, 1.0)])
    odds = np.exp(scores - scores.max(axis=0))
    bull, bear, sideways = odds / odds.sum(axis=0)
    return bull, bear, sideways
