"""Exact numbers in expressions.

Tools give money and quantities as text ("0.123"), because JSON has no decimal type. Text that is a plain decimal number
becomes a `Number` when a result is bound, so it compares and computes without `float`, and prints as the very text it
came from. Nothing is lost: only text that a number prints back unchanged is taken for one ("007" and "1e5" stay text).
"""

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from company.llm.missing import Unavailable

_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,27})(?:\.[0-9]{1,28})?", re.ASCII)


class Number(Decimal):
    """A Decimal that never prints in scientific notation."""

    def __str__(self) -> str:
        return format(self, "f")


def bound(value: Any) -> Any:
    """Return JSON data with its numbers exact: decimal text and floats become `Number`."""
    if isinstance(value, str):
        return Number(value) if _PLAIN.fullmatch(value) else value
    if isinstance(value, float):
        return Number(str(value))
    if isinstance(value, Mapping):
        return {str(key): bound(item) for key, item in value.items()}
    return [bound(item) for item in value] if isinstance(value, list | tuple) else value


def number(value: Any) -> Any:
    """Filter: text or number as an exact number.

    Raises:
        ArithmeticError: The text is no number.
    """
    return value if isinstance(value, Unavailable) else Number(str(value))


def rounded(value: Any, places: int = 0) -> Any:
    """Filter `round`: to `places` decimals, halves away from zero. Text that is no number stays as it is."""
    return _quantize(value, places, ROUND_HALF_UP)


def floored(value: Any, places: int = 0) -> Any:
    """Filter `floor`: cut after `places` decimals, towards zero; for quantities that must not grow."""
    return _quantize(value, places, ROUND_DOWN)


def money(value: Any) -> Any:
    """Filter: `1234.5` as `$1,234.50`. Text that is no number stays as it is."""
    amount = rounded(value, 2)
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}" if isinstance(amount, Decimal) else amount


def signed(value: Any) -> Any:
    """Filter: with a plus sign when above zero."""
    return f"+{value}" if isinstance(value, int | Decimal) and value > 0 else value


def _quantize(value: Any, places: int, rounding: str) -> Any:
    if not isinstance(value, int | Decimal):
        return value
    return Number(Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=rounding))
