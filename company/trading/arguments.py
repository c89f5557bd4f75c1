"""What a model asked for, read strictly: a wrong argument is told to the model, never guessed."""

from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

from company.errors import ToolError
from company.ports import decimal_of
from company.trading.blotter import OrderType
from company.trading.intents import WAITING
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


def read_type(text: str, side: Side, limit: Decimal | None, trigger: Decimal | None) -> OrderType:
    """Read the type of an order, which says whether it has a limit price and a trigger.

    Raises:
        ToolError: There is no such type, it does not go with the prices, or a purchase is to wait.
    """
    if (kind := text.strip().lower()) not in (kinds := get_args(OrderType)):
        raise ToolError(f"order type is {text!r}; it must be one of {', '.join(kinds)}")
    for what, price, wanted in (
        ("limit price (`price`)", limit, kind.endswith("limit")),
        ("trigger", trigger, kind in WAITING),
    ):
        if wanted != (price is not None):
            raise ToolError(f"a {kind} order with {what} {price}: it {'needs one' if wanted else 'takes none'}")
    if kind in WAITING and side == "buy":
        raise ToolError(f"a {kind} order only sells: the desk does not let a purchase wait for a trigger")
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


def read_limit(raw: Any, name: str = "price") -> Decimal | None:
    """Read an optional price.

    Raises:
        ToolError: It is there but not a number above 0.
    """
    return None if raw is None else read_positive(raw, name)


def read_stop(raw: Any, side: Side) -> Decimal | None:
    """Read the optional price at which what a purchase buys is to be sold again.

    Raises:
        ToolError: It is no number above 0, or comes with a sale.
    """
    if raw is not None and side == "sell":
        raise ToolError("only a purchase has a `stop`; a sale that waits is of the type stop and has a `trigger`")
    return read_limit(raw, "stop")
