"""How many bars a minute become whole state vectors, on one core, in the batch form."""

import statistics
import time
from collections.abc import Iterator

BARS, RUNS = 100_000, 5


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Yield name, value, bar, and whether the value must be at least the bar."""
    yield "features.points_per_minute", 60 * BARS / statistics.median(_seconds()), 5_000_000, True


def _seconds() -> Iterator[float]:
    import numpy as np

    from company.trading.features import FEATURES, RAW, Bars, frame

    source = np.random.default_rng(7)
    closes = 30_000 * np.exp(np.cumsum(0.0005 * source.normal(size=BARS)))
    opens = np.concatenate([closes[:1], closes[:-1]])
    times, volumes = 60_000.0 * np.arange(BARS), 10 * source.random(BARS)
    high, low = np.maximum(opens, closes) * 1.0003, np.minimum(opens, closes) * 0.9997
    table = np.column_stack([times, opens, high, low, closes, volumes])
    bars = Bars.read(table, symbol="BTC/USDT", timeframe="1m", source="bench")  # type: ignore[arg-type]  # rows
    for _ in range(RUNS):
        began = time.perf_counter()
        made = [frame_.columns[name] for frame_ in (frame(bars),) for name in (*RAW, *FEATURES)]
        taken = time.perf_counter() - began
        assert {len(column) for column in made} == {BARS}
        yield taken
