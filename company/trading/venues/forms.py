"""The forms that numbers and answers have: what ccxt is given, and what of ccxt's answers is taken for one.

ccxt reads leniently: of an answer that makes no sense it makes an account without money or an order without an id.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from company.errors import InvalidOrder
from company.ports import Json, decimal_of
from company.trading.venues.faults import unread
from company.trading.venues.tradable import TRIGGERED

_TRIGGERS: Final[Mapping[str, str]] = {"stopLossPrice": "stop", "takeProfitPrice": "take-profit"}


def exact_number(venue: str, given: Any) -> Any:
    """Return an amount or a price as ccxt takes it everywhere: a float when that loses nothing, else a text.

    Raises:
        InvalidOrder: It is no number above 0.
    """
    try:
        exact = decimal_of(given)
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or exact <= 0:
        raise InvalidOrder(f"{venue}: {given!r} is no number above 0; nothing was sent")
    rounded = float(exact)
    return rounded if Decimal(repr(rounded)) == exact else format(exact, "f")


def conditional(venue: str, exchange: str, params: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the parameters of an order as ccxt takes them, and what it waits for in words; empty when it does not.

    Raises:
        InvalidOrder: It waits for a trigger, and the exchange does not let such an order be found by our own id.
    """
    name = next((one for one in _TRIGGERS if params.get(one) is not None), "")
    if not name:
        return dict(params), ""
    if exchange not in TRIGGERED:
        raise InvalidOrder(
            f"{venue}: at {exchange} an order that waits for a trigger cannot be found by our own id, or there is none "
            f"of that kind; nothing was sent; {' and '.join(sorted(TRIGGERED))} have them"
        )
    return {**params, name: exact_number(venue, params[name])}, f", {_TRIGGERS[name]} {params[name]}"


def mapping(venue: str, raw: Any, *, changes: bool = False) -> Json:
    """Return an answer that must be an object.

    Raises:
        VenueError: It is none; a `RequestTimeout` when the call `changes` something.
    """
    if not isinstance(raw, dict):
        raise unread(venue, f"a {type(raw).__name__} where an object belongs", changes=changes)
    return raw


def listed(venue: str, raw: Any) -> list[Any]:
    """Return an answer that must be a list.

    Raises:
        VenueError: It is none.
    """
    if not isinstance(raw, list):
        raise unread(venue, f"a {type(raw).__name__} where a list belongs", changes=False)
    return raw


def told(venue: str, raw: Any, *, changes: bool = False) -> Json:
    """Return what ccxt made of an answer with something in it; of an empty one it makes a balance without any asset.

    Raises:
        VenueError: It was empty; a `RequestTimeout` when the call `changes` something.
    """
    made = mapping(venue, raw, changes=changes)
    if not made.get("info", made):
        raise unread(venue, "an empty answer", changes=changes)
    return made


def is_level(level: Any) -> bool:
    """Tell whether this is a level of a book: a price and an amount, both numbers."""
    return isinstance(level, list) and len(level) >= 2 and None not in level[:2]


def placed_order(venue: str, raw: Any, *, changes: bool) -> Json:
    """Return an answer that must be an order.

    Raises:
        VenueError: It has no id; a `RequestTimeout` when the call `changes` something.
    """
    order = mapping(venue, raw, changes=changes)
    if not order.get("id"):
        raise unread(venue, "an order without an id", changes=changes)
    return order


async def on_grid(client: Any, symbol: str, amount: Any, price: Any) -> tuple[Any, Any]:
    """Return amount and price as ccxt would send them, cut and rounded to the grid of the market."""
    await client.load_markets()
    near = None if price is None else client.price_to_precision(symbol, price)
    return client.amount_to_precision(symbol, amount), near
