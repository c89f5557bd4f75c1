"""What a model asked for, read strictly: a wrong argument is told to the model, never guessed."""

from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

from company.errors import ToolError
from company.ports import decimal_of
from company.trading.blotter import OrderType
from company.trading.markets import Side

_LEAST, _MOST = -24, 18  # powers of ten: beyond them nothing is traded, and 28 digits do not count it exactly


def read_side(text: str) -> Side:
    """Read `buy` or `sell`.

    Raises:
        ToolError: It is neither.
    """
    if (side := text.strip().lower()) not in get_args(Side):
        raise ToolError(f"side is {text!r}; it must be 'buy' or 'sell'")
    return cast("Side", side)


def read_type(text: str, limit: Decimal | None) -> OrderType:
    """Read `market` or `limit`, of which only the second has a limit price.

    Raises:
        ToolError: It is neither, or does not go with the price.
    """
    if (kind := text.strip().lower()) not in get_args(OrderType):
        raise ToolError(f"order type is {text!r}; it must be 'market' or 'limit'")
    if (kind == "limit") != (limit is not None):
        raise ToolError(f"a {kind} order with price {limit}: a limit order needs a price, a market order takes none")
    return cast("OrderType", kind)


def read_number(raw: Any, name: str) -> Decimal:
    """Read a finite number of a size that money can have: 0, or from 1e-24 to below 1e18.

    Raises:
        ToolError: It is none.
    """
    try:
        exact = decimal_of(raw)
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite():
        raise ToolError(f"{name} is {raw!r}; give a number")
    if exact and not _LEAST <= exact.adjusted() < _MOST:
        raise ToolError(f"{name} is {raw!r}; give 0, or a number from 1e{_LEAST} to 1e{_MOST}")
    return exact


def read_positive(raw: Any, name: str) -> Decimal:
    """Read a number above 0.

    Raises:
        ToolError: It is none.
    """
    if (exact := read_number(raw, name)) <= 0:
        raise ToolError(f"{name} is {raw!r}; give a number above 0")
    return exact


def read_limit(raw: Any) -> Decimal | None:
    """Read an optional limit price.

    Raises:
        ToolError: It is there but not a number above 0.
    """
    return None if raw is None else read_positive(raw, "price")
