from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from company.trading.matching import Side
from company.trading.signals import Signal


@pytest.fixture(scope="session")
def said() -> Callable[..., Signal]:
    """What a strategy wishes for: `said("momentum", 0.8)` to buy, `said("momentum", -0.8)` to sell."""

    def _said(strategy: str, signed: float, **more: Any) -> Signal:
        side: Side = "buy" if signed > 0 else "sell"
        given: dict[str, Any] = {"horizon": timedelta(hours=3), "reason": "told to", "evidence": {}, **more}
        conviction = abs(Decimal(str(signed)))
        return Signal(symbol="BTC/USDT", side=side, conviction=conviction, strategy=strategy, **given)

    return _said
