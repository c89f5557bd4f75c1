import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from company.trading.features import FEATURES, RAW
from company.trading.signals import Frame, State

MARKET = Path(__file__).parents[3].parent / "shared/data/market"
MINUTE = 60_000


@pytest.fixture(scope="session")
def state() -> Callable[..., State]:
    """One bar with the features given, the others 0: `state(rsi=0.5)`; `before` are features of the bar before."""

    def _state(*, closed: int = MINUTE, timeframe: str = "1m", before: Any = None, **now: float) -> State:
        here = {"close": 100.0, "atr": 1.0, "sma_20": 100.0, "sma_50": 100.0, "volatility": 0.5, **now}
        rows = [{**here, **(before or {})}, here]
        columns = {name: [row.get(name, 0.0) for row in rows] for name in (*RAW, *FEATURES)}
        return State(Frame("BTC/USDT", timeframe, [closed - MINUTE, closed], columns), 1)

    return _state


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], list[list[float]]]:
    """Real candles by file name; the test is skipped where they are not at hand."""

    def _recorded(name: str) -> list[list[float]]:
        if not (path := MARKET / name).exists():
            pytest.skip(f"{path.name} is not here")
        with path.open() as file:
            return [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]

    return _recorded
