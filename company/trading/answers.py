"""What a venue says, in this program's words.

Every call to an exchange goes through `answer`. A venue may be the paper exchange, which raises the errors of
`company.errors`, or a ccxt object, which raises ccxt's. Both mean the same, so ccxt's classes are recognised by name
along the inheritance chain; ccxt itself is never imported here. Anything that failed on the way, rather than being
refused, has an unknown outcome and becomes `RequestTimeout`, also when ccxt calls it something milder: a dropped
connection may hide an executed order.

ccxt's unified dicts have all their keys but may hold None in any of them, so readers here say what is missing and
where, instead of failing later with a bare TypeError.
"""

from collections.abc import Awaitable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from company.errors import (
    BadSymbol,
    DuplicateOrder,
    InsufficientFunds,
    InvalidOrder,
    OrderNotFound,
    RequestTimeout,
    VenueError,
)
from company.ports import Json, decimal_of

Reply = TypeVar("Reply")

# Walked along an exception's inheritance chain, most special class first. None: refused before it had any effect, so
# that trying again later is safe.
_MEANING: Mapping[str, type[VenueError] | None] = {
    "InsufficientFunds": InsufficientFunds,
    "DuplicateOrderId": DuplicateOrder,
    "OrderNotFound": OrderNotFound,
    "InvalidOrder": InvalidOrder,
    "BadSymbol": BadSymbol,
    "RateLimitExceeded": None,
    "DDoSProtection": None,
    "InvalidNonce": None,
    "OnMaintenance": None,
    "OperationFailed": RequestTimeout,
    "BaseError": VenueError,
}


async def answer(venue: str, call: Awaitable[Reply]) -> Reply:
    """Await one call to a venue.

    Args:
        venue: The venue's name, for messages.
        call: The call.

    Raises:
        VenueError: The venue refused (or one of its subclasses, see `company.errors`).
        RequestTimeout: No usable answer came: whether the call had an effect is unknown.
    """
    try:
        return await call
    except VenueError:
        raise
    except Exception as error:
        if (ours := translated(venue, error)) is None:
            raise
        raise ours from error


def translated(venue: str, error: Exception) -> VenueError | None:
    """Return one of ccxt's exceptions as the error that means the same; None when it is none of ccxt's."""
    chain = type(error).__mro__
    if not any(kind.__module__.startswith("ccxt.") for kind in chain):
        return None
    message = f"{venue}: {type(error).__name__}: {error}"
    for kind in chain:
        if kind.__name__ in _MEANING:
            meaning = _MEANING[kind.__name__]
            return meaning(message) if meaning else VenueError(message, retryable=True)
    return None


def number(source: Mapping[str, Any], field: str, where: str) -> Decimal:
    """Read a field that must hold a finite number.

    Raises:
        VenueError: It is missing, None or not a finite number.
    """
    found = optional(source, field, where)
    if found is None:
        raise VenueError(f"{where}: {field!r} is missing in the venue's answer")
    return found


def optional(source: Mapping[str, Any], field: str, where: str) -> Decimal | None:
    """Read a number that the venue may leave out.

    Raises:
        VenueError: It is there but not a finite number.
    """
    raw = source.get(field)
    if raw is None:
        return None
    try:
        exact = decimal_of(raw)
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite():
        raise VenueError(f"{where}: {field!r} is {raw!r}, not a number")
    return exact


def charges(entry: Json, where: str) -> list[tuple[str, Decimal]]:
    """Return the fees of a trade or an order as (currency, amount), from `fee` or `fees`; empty when none is told."""
    told = entry.get("fees") or [entry.get("fee")]
    return [
        (str(fee["currency"]), number(fee, "cost", where))
        for fee in told
        if fee and fee.get("currency") and fee.get("cost") is not None
    ]


def text(source: Mapping[str, Any], field: str, where: str) -> str:
    """Read a name or an id that must be there.

    Raises:
        VenueError: It is missing, None or empty.
    """
    if source.get(field) in (None, ""):
        raise VenueError(f"{where}: {field!r} is missing in the venue's answer")
    return str(source[field])


def pair(order: Json, where: str) -> str:
    """Return the unified symbol of an order.

    Raises:
        VenueError: It is missing, or no pair of currencies.
    """
    if "/" not in (symbol := text(order, "symbol", where)):
        raise VenueError(f"{where}: 'symbol' is {symbol!r}, not a pair such as BTC/USDT")
    return symbol


def traded(order: Json, where: str) -> tuple[Decimal, Decimal]:
    """Return what has traded of an order, and how much was ordered; an order by cost is for what it traded.

    Raises:
        VenueError: One of them is no number, or more traded than was ordered, or less than nothing.
    """
    filled = optional(order, "filled", where) or Decimal(0)
    quantity = optional(order, "amount", where) or filled
    if not 0 <= filled <= quantity:
        raise VenueError(f"{where}: 'filled' is {filled:f} of an 'amount' of {quantity:f}")
    return filled, quantity
