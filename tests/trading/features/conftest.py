import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from company.trading.features import Bars

MARKET = Path(__file__).parents[3].parent / "shared/data/market"
MINUTE = 60_000
Rows = list[list[float]]


def rows_of(moves: Any, volumes: Any, *, wicks: float = 0.002, missing: Any = None, price: float = 100.0) -> Rows:
    """Minute candles from log returns; `missing` bars are left out before each bar."""
    closes = price * np.exp(np.cumsum(moves))
    opens = np.concatenate([[price], closes[:-1]])
    times = MINUTE * np.cumsum(1 + np.array(missing if missing is not None else [0] * len(closes)))
    high, low = np.maximum(opens, closes) * (1 + wicks), np.minimum(opens, closes) * (1 - wicks)
    return np.column_stack([times, opens, high, low, closes, volumes]).tolist()


@pytest.fixture(scope="session")
def walk() -> Callable[..., Rows]:
    """A random walk of minute candles: `walk(count, seed=1)`."""

    def _walk(count: int, *, seed: int = 1, size: float = 0.003, drift: float = 0.0, **shape: Any) -> Rows:
        source = np.random.default_rng(seed)
        return rows_of(drift + size * source.normal(size=count), 10 * source.random(count) + 0.1, **shape)

    return _walk


@pytest.fixture(scope="session")
def still() -> Callable[..., Rows]:
    """Candles of a market that does not move."""

    def _still(count: int, *, volume: float = 5.0, price: float = 100.0) -> Rows:
        return rows_of([0.0] * count, [volume] * count, wicks=0.0, price=price)

    return _still


@pytest.fixture(scope="session")
def candles() -> Any:
    """Hypothesis: minute candles of any kind: flat stretches, jumps, no volume, holes short and long, any price."""
    move = st.one_of(st.just(0.0), st.floats(-0.3, 0.3))
    volume = st.one_of(st.just(0.0), st.floats(1e-6, 1e9))
    gap = st.one_of(st.just(0), st.just(0), st.just(0), st.integers(0, 7))

    @st.composite
    def _candles(draw: st.DrawFn, least: int = 1, most: int = 110) -> Rows:
        count = draw(st.integers(least, most))
        column = {"min_size": count, "max_size": count}
        moves, volumes = draw(st.lists(move, **column)), draw(st.lists(volume, **column))
        missing = draw(st.one_of(st.just([0] * count), st.lists(gap, **column)))
        wicks, price = draw(st.sampled_from([0.0, 0.001, 0.05])), draw(st.sampled_from([1e-6, 0.3, 60_000.0]))
        return rows_of(moves, volumes, wicks=wicks, missing=missing, price=price)

    return _candles


@pytest.fixture(scope="session")
def bars() -> Callable[..., Bars]:
    """Candle rows as checked bars."""

    def _bars(rows: Rows, timeframe: str = "1m") -> Bars:
        return Bars.read(rows, symbol="BTC/USDT", timeframe=timeframe, source="test")

    return _bars


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Rows]:
    """Real candles by file name; the test is skipped where they are not at hand."""

    def _recorded(name: str) -> Rows:
        if not (path := MARKET / name).exists():
            pytest.skip(f"{path.name} is not here")
        with path.open() as file:
            return [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]

    return _recorded
