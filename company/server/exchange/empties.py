"""Doors of Binance that lead nowhere here, answered as if nothing was behind them.

A client without options asks them when it loads its markets: coins and networks, margin pairs, futures. The paper world
has none of these, so the answers are empty.
"""

from typing import Any, Final

_NO_FUTURES: Final = {"timezone": "UTC", "rateLimits": [], "exchangeFilters": [], "assets": [], "symbols": []}

EMPTIES: Final[dict[str, Any]] = {
    "sapi/v1/capital/config/getall": [],
    "sapi/v1/margin/allPairs": [],
    "sapi/v1/margin/isolated/allPairs": [],
    "fapi/v1/exchangeInfo": _NO_FUTURES,
    "dapi/v1/exchangeInfo": _NO_FUTURES,
}
"""Answers by path beneath a venue; all of them are GET."""
