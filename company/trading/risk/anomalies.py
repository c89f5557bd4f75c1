"""Unusual market moves: what pauses entries in a symbol for a while.

A rule looks at closed bars and at quotes, never at our own book. Deviations are robust, so that jumps of the past do
not make the next one usual: the median of past returns is their middle, and their size is what the standard deviation
of a normal distribution would be with the same median distance from it, or the same distance that nine in ten keep, if
that is more; a market that stands still most of the time has no median distance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final, Self

import numpy as np

from company.trading.features import Floats
from company.trading.risk.limits import RiskLimits
from company.trading.risk.rules import Clamp, clamp, exceeded

_OF_MEDIAN, _OF_NINE_IN_TEN = 1 / 0.6745, 1 / 1.6449  # of a normal distribution, standard deviation over distance
_LATE: Final = Decimal(1)
_LEAST: Final = 1e-9  # a price that never moved: any move is unusual

Quotes = Sequence[tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a symbol usually moves, and how its last closed bar did.

    Attributes:
        close: Close of the last bar, in quote units.
        middle: Median log return of the bars before it.
        deviation: Robust size of their returns.
        move: Distance of the last bar's return from `middle`, in deviations.
        volume: Volume of the last bar, in medians of the bars before it; 0 when that median is 0.
    """

    close: float
    middle: float
    deviation: float
    move: float
    volume: float

    @classmethod
    def of(cls, closes: Floats, volumes: Floats) -> Self:
        """Take the pulse of closed bars, oldest first.

        Args:
            closes: Prices above 0, at least three.
            volumes: As many, in base units.

        Raises:
            ValueError: There are fewer than three bars.
        """
        if len(closes) < 3:
            raise ValueError(f"{len(closes)} bars have no pulse: at least 3 are needed")
        logs = np.log(closes)
        returns = logs[1:] - logs[:-1]
        before, usual = returns[:-1], _median(volumes[:-1])
        middle = _median(before)
        half, most = _quantiles(np.abs(before - middle), 0.5, 0.9)
        size = max(_OF_MEDIAN * half, _OF_NINE_IN_TEN * most, _LEAST)
        return cls(
            close=float(closes[-1]),
            middle=middle,
            deviation=size,
            move=abs(float(returns[-1]) - middle) / size,
            volume=float(volumes[-1]) / usual if usual else 0.0,
        )

    def moved_to(self, price: float) -> float:
        """Return how far a price is from the last close, in deviations."""
        return abs(float(np.log(price / self.close)) - self.middle) / self.deviation


def anomaly(pulse: Pulse, quotes: Quotes, late: int, limits: RiskLimits) -> Clamp | None:
    """Return why entries in a symbol shall pause; None when nothing is unusual.

    - `risk.anomaly_stale`: two bars that should have closed are not there; one may just be on its way.
    - `risk.anomaly_quote`: a venue bids more than it asks, or its mid price is more than `anomaly_spread` away from
      the median of the venues'.
    - `risk.anomaly_spread`: even the tightest venue's spread is above `anomaly_spread` of its mid price.
    - `risk.anomaly_move`: the last bar, or the price since, moved more than `anomaly_move` deviations.
    - `risk.anomaly_volume`: the last bar traded more than `anomaly_volume` medians.

    Args:
        pulse: Of the closed bars.
        quotes: Bid and ask of every venue, in quote units above 0; may be empty.
        late: How many bars should have closed since the last one known.
        limits: For the thresholds.
    """
    found = [
        *exceeded("risk.anomaly_stale", _LATE, Decimal(late)),
        *(_odd_quotes(quotes, limits) if quotes else []),
        *exceeded("risk.anomaly_move", limits.anomaly_move, Decimal(str(_move(pulse, quotes)))),
        *exceeded("risk.anomaly_volume", limits.anomaly_volume, Decimal(str(pulse.volume))),
    ]
    return found[0] if found else None


def _median(values: Floats) -> float:
    places = (len(values) - 1) // 2, len(values) // 2
    ranked = np.partition(values, places)
    return float(ranked[places[0]] + ranked[places[1]]) / 2


def _quantiles(values: Floats, *shares: float) -> list[float]:
    """Return quantiles, linear between neighbours: `np.quantile` for few values, in a tenth of its time."""
    last = len(values) - 1
    lows = [int(share * last) for share in shares]
    highs = [min(low + 1, last) for low in lows]
    ranked = np.partition(values, lows + highs)
    found = zip(ranked[lows].tolist(), ranked[highs].tolist(), shares, lows, strict=True)
    return [_between(low, high, share * last - place) for low, high, share, place in found]


def _between(low: float, high: float, share: float) -> float:
    """Return a value between two, worked out from the nearer one."""
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


def _odd_quotes(quotes: Quotes, limits: RiskLimits) -> list[Clamp]:
    crossed = [clamp("risk.anomaly_quote", 0, bid / ask - 1) for bid, ask in quotes if bid > ask]
    mids = [(bid + ask) / 2 for bid, ask in quotes]
    middle = median(mids)
    apart = max(abs(mid / middle - 1) for mid in mids)
    spread = min((ask - bid) / mid for (bid, ask), mid in zip(quotes, mids, strict=True))
    return [
        *crossed,
        *exceeded("risk.anomaly_quote", limits.anomaly_spread, apart),
        *exceeded("risk.anomaly_spread", limits.anomaly_spread, spread),
    ]


def _move(pulse: Pulse, quotes: Quotes) -> float:
    if not quotes:
        return pulse.move
    return max(pulse.move, pulse.moved_to(float(median((bid + ask) / 2 for bid, ask in quotes))))
