"""What one order costs the risk engine: every rule, over a year of hours of ten assets.

A check waits for nothing, so its time is that of its thread: on a shared core the wall clock would measure the
neighbours.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

ASSETS, BARS, TIMES = 10, 8_760, 2_000


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Return name, value, bar, and whether the bar is a least."""
    yield "risk.check_p99_ms", sorted(_checks_ms())[int(0.99 * TIMES)], 1.0, False


def _checks_ms() -> Iterator[float]:
    """Milliseconds that each check of one order takes; the returns up to the last closed bar are known."""
    import numpy as np

    from company.trading import risk

    chance = np.random.default_rng(7)
    symbols = [f"C{number}/USDT" for number in range(ASSETS)]
    market = chance.standard_t(4, (BARS, 1)) * 0.004
    history = risk.History(symbols, market + chance.standard_t(4, (BARS, ASSETS)) * 0.003)
    assert history.correlations.shape == (ASSETS, ASSETS)  # known once a bar
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    state = risk.BookState(
        equity=Decimal(100_000),
        day_equity=Decimal(100_500),
        drawdown=Decimal("0.02"),
        notionals=dict.fromkeys(symbols, Decimal(3_000)),
        held=dict.fromkeys(symbols, Decimal(30)),
        pending=dict.fromkeys(symbols[:3], Decimal(500)),
        history=history,
        resting=[risk.Resting("a", symbol, "sell", Decimal(120)) for symbol in symbols],
        dealt=[risk.Dealt(symbol, "sell", Decimal(90), now) for symbol in symbols],
        at=now,
    )
    limits = risk.RiskLimits(max_correlated_fraction=Decimal("0.5"))
    order = risk.ProposedOrder(symbols[0], "buy", Decimal(10), Decimal(100), Decimal(95), is_market=True)
    for _ in range(TIMES):
        began = time.thread_time()
        broken = risk.check(order, state, limits)
        yield (time.thread_time() - began) * 1000
        assert broken == []
