"""Bars and strategies under a test's hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from company.trading.backtest import Result, Terms, over_bars
from company.trading.features import Bars
from company.trading.matching import Side
from company.trading.risk import RiskLimits
from company.trading.signals import Signal, State, Strategy

BEGIN = 1_700_006_400_000  # 2023-11-15 00:00 UTC
HOUR = 3_600_000
QUIET = 80
"""Bars before a test begins to trade: risk asks for 60."""


@dataclass(frozen=True)
class Script:
    """Wishes for something at the bars it is told, counted from 0."""

    wishes: Mapping[int, Side]
    conviction: Decimal = Decimal(1)

    def __call__(self, state: State, /) -> Signal | None:
        bar = int(state.at.timestamp() * 1000 - BEGIN) // HOUR - 1
        if bar not in self.wishes:
            return None
        return Signal(
            symbol=state.symbol,
            side=self.wishes[bar],
            conviction=self.conviction,
            horizon=timedelta(hours=1),
            reason=f"told to at bar {bar}",
            evidence={},
            strategy="script",
        )


class Desk:
    """Bars under a test's hand, and backtests over them."""

    def __init__(self) -> None:
        self.limits = RiskLimits()
        self.terms = Terms()

    def walk(self, count: int, *, seed: int = 3, step: float = 0.004, symbol: str = "BTC/USDT") -> Bars:
        """A random walk of hourly bars around 100, on a grid of cents."""
        chance = np.random.default_rng(seed)
        closes = np.round(100 * np.exp(np.cumsum(chance.standard_normal(count) * step)), 2)
        opens = np.concatenate([[100.0], closes[:-1]])
        reach = 1 + np.abs(chance.standard_normal((2, count))) * step / 3
        highs = np.round(np.maximum(opens, closes) * reach[0], 2)
        lows = np.round(np.minimum(opens, closes) / reach[1], 2)
        times = BEGIN + HOUR * np.arange(count)
        return Bars(symbol, "1h", "walk.csv", times, opens, highs, lows, closes, np.full(count, 50_000.0))

    def calm(self, count: int = 100, symbol: str = "BTC/USDT", **later: Any) -> Bars:
        """Bars that tremble around 100; `bar_N=(open, high, low, close)` sets one, `volume_N` its volume."""
        closes = 100 + 0.1 * (np.arange(count) % 2)
        opens = np.concatenate([[100.0], closes[:-1]])
        columns = [opens, np.maximum(opens, closes) + 0.05, np.minimum(opens, closes) - 0.05, closes]
        volumes = np.full(count, 50_000.0)
        for name, value in later.items():
            kind, _, number = name.partition("_")
            if kind == "volume":
                volumes[int(number)] = value
            else:
                for column, price in zip(columns, value, strict=True):
                    column[int(number)] = price
        times, rounded = BEGIN + HOUR * np.arange(count), (np.round(column, 2) for column in columns)
        return Bars(symbol, "1h", "calm.csv", times, *rounded, volumes)

    def without(self, bars: Bars, first: int, last: int) -> Bars:
        """The same bars without those from `first` to `last`."""
        kept = np.r_[0:first, last + 1 : len(bars)]
        columns = (bars.opens, bars.highs, bars.lows, bars.closes, bars.volumes)
        return Bars(bars.symbol, bars.timeframe, bars.source, bars.times[kept], *(one[kept] for one in columns))

    def run(self, strategy: Strategy, *histories: Bars) -> Result:
        """Backtest one strategy over all symbols."""
        return over_bars(
            "script", lambda _frame: strategy, histories, terms=self.terms, limits=self.limits, source="test"
        )


def opens_at(bar: int) -> datetime:
    """When a bar opens."""
    return datetime.fromtimestamp((BEGIN + HOUR * bar) / 1000, tz=UTC)
