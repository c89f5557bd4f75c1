"""How far stated convictions are borne out: what was claimed when something was bought, and what its sale came to.

A conviction is read as a probability that the trade earns, after the fees of both ways. Its Brier score is the mean of
(conviction - outcome) squared over the closed trades, outcome 1 for a trade that earned and 0 for one that did not
(Brier, "Verification of forecasts expressed in terms of probability", 1950): 0 is perfect, 0.25 is what saying one
half every time scores. The score beside it is that of always saying the share that really earned, which no honest
forecaster without further knowledge falls below; a stated score above it means the convictions add nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from company.trading.figures import Figure, Report, figure

BOUNDS = tuple(Decimal(bound) for bound in ("0", "0.2", "0.4", "0.6", "0.8", "1"))
"""Edges of the buckets of the table; a conviction belongs to the bucket whose lower edge it reaches, 1 to the last."""


class Closed(Report):
    """A sale of what a strategy had bought.

    Attributes:
        id: Of the booking that ended it.
        at: When it was sold.
        symbol: Unified name.
        role: Whose purchases they were; empty when nobody said.
        result: What it earned after the fees of both ways, in quote units.
        conviction: Stated when it was bought, 0 to 1, weighted by quantity; None when nobody stated one.
        horizon_hours: For how long the reason was expected to hold, likewise; None when nobody said.
        held_hours: From the first purchase to the sale.
        keys: Client order ids of the purchases.
    """

    id: str
    at: datetime
    symbol: str
    role: str
    result: Figure
    conviction: Figure | None
    horizon_hours: Figure | None
    held_hours: Figure
    keys: tuple[str, ...]

    @property
    def earned(self) -> bool:
        """Whether it came to more than nothing."""
        return self.result > 0


class Bucket(Report):
    """Closed trades whose stated conviction lies between two edges.

    Attributes:
        low: Lower edge.
        high: Upper edge.
        trades: How many.
        earned: How many of them earned.
        stated: Their mean conviction.
        result: What they came to together, in quote units.
    """

    low: Figure
    high: Figure
    trades: int
    earned: int
    stated: Figure
    result: Figure


class Calibration(Report):
    """Stated conviction against outcome.

    Attributes:
        trades: Closed trades with a stated conviction.
        unstated: Closed trades without one.
        earned: How many of `trades` earned.
        brier: Mean squared distance of conviction and outcome, 0 to 1; None without trades.
        base: The same if every conviction had been the share that earned; None without trades.
        buckets: Those that hold a trade, the lowest first.
    """

    trades: int
    unstated: int
    earned: int
    brier: Figure | None
    base: Figure | None
    buckets: tuple[Bucket, ...]


def calibrated(closed: Sequence[Closed]) -> Calibration:
    """Return how far the convictions of closed trades were borne out."""
    pairs = [(one.conviction, one) for one in closed if one.conviction is not None]
    count, earned = len(pairs), sum(one.earned for _, one in pairs)
    brier = sum(((stated - one.earned) ** 2 for stated, one in pairs), Decimal(0))
    share = Decimal(earned) / count if count else Decimal(0)
    return Calibration(
        trades=count,
        unstated=len(closed) - count,
        earned=earned,
        brier=figure(brier / count, 4) if count else None,
        base=figure(share * (1 - share), 4) if count else None,
        buckets=tuple(_buckets(pairs)),
    )


def _buckets(pairs: Sequence[tuple[Decimal, Closed]]) -> list[Bucket]:
    found = []
    for low, high in pairwise(BOUNDS):
        inside = [(stated, one) for stated, one in pairs if low <= stated < high or stated == high == BOUNDS[-1]]
        if inside:
            stated = sum((stated for stated, _ in inside), Decimal(0)) / len(inside)
            found.append(
                Bucket(
                    low=low,
                    high=high,
                    trades=len(inside),
                    earned=sum(one.earned for _, one in inside),
                    stated=figure(stated, 2),
                    result=figure(sum((one.result for _, one in inside), Decimal(0)), 2),
                )
            )
    return found
