"""Which instruments a text speaks of, from a word list.

Names count in any case; tickers only in capitals, because "sol" is also a word.
"""

import re
from collections.abc import Mapping
from typing import Final

from company.errors import ToolError

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "BTC/USDT": ("bitcoin", "bitcoins"),
    "ETH/USDT": ("ethereum", "ether"),
    "SOL/USDT": ("solana",),
    "BNB/USDT": ("bnb chain", "binance coin"),
    "XRP/USDT": ("xrp ledger", "ripple"),
}


def _pattern(symbol: str, names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{symbol.split('/', maxsplit=1)[0]}|(?i:{'|'.join(names)}))\b")


_PATTERNS: Final = {symbol: _pattern(symbol, names) for symbol, names in NAMES.items()}


def symbols_in(text: str) -> tuple[str, ...]:
    """Return the symbols `text` mentions, in the order of the word list."""
    return tuple(symbol for symbol, pattern in _PATTERNS.items() if pattern.search(text))


def without_names(text: str) -> str:
    """Return `text` without the names and tickers of instruments."""
    for pattern in _PATTERNS.values():
        text = pattern.sub(" ", text)
    return text


def symbol_of(word: str) -> str:
    """Return the symbol meant by a symbol, ticker or name, such as `BTC/USDT`, `btc` or `Bitcoin`.

    Raises:
        ToolError: The newsroom does not follow it.
    """
    wanted = word.strip().lower()
    for symbol, names in NAMES.items():
        if wanted in (symbol.lower(), symbol.split("/")[0].lower(), *names):
            return symbol
    raise ToolError(f"the newsroom does not follow {word!r}; it follows {', '.join(NAMES)}")
