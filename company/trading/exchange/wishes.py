"""How an order is asked for in ccxt's unified words, and what it is here."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from company.ports import decimal_of
from company.trading.exchange.orders import Request, When
from company.trading.matching import Refused, TimeInForce

_CLIENT_ID: Final = re.compile(r"[.A-Za-z0-9:/_-]{1,36}")
_TRIGGERS: Final[Mapping[str, When]] = {
    "stopPrice": "stop",
    "triggerPrice": "stop",
    "stopLossPrice": "stop",
    "takeProfitPrice": "take_profit",
}
_PARAMS: Final = ("clientOrderId", "timeInForce", "postOnly", *_TRIGGERS, "cost")


def request(symbol: str, type: str, side: str, amount: Any, price: Any, params: Mapping[str, Any]) -> Request:
    """Read the arguments of ccxt's `create_order`.

    Args:
        symbol: Unified name.
        type: `market` or `limit`.
        side: `buy` or `sell`.
        amount: In the base currency; with `params["cost"]` None, or the cost again.
        price: Of a limit order.
        params: `clientOrderId`, `timeInForce` (GTC, IOC, FOK or PO), `postOnly`, one of `stopPrice`, `triggerPrice`,
            `stopLossPrice` and `takeProfitPrice`, and `cost` of a market order.

    Raises:
        Refused: Something is not offered, or not a number.
    """
    _choice("side", side, ("buy", "sell"))
    _choice("type", type, ("market", "limit"))
    for name in params:
        _choice("parameter", name, _PARAMS)
    force = str(params.get("timeInForce") or ("GTC" if type == "limit" else "IOC"))
    _choice("timeInForce", force, ("GTC", "IOC", "FOK", "PO") if type == "limit" else ("IOC", "FOK"))
    trigger, when = _trigger(params)
    cost = _number("cost", params.get("cost"))
    return Request(
        symbol=symbol,
        side=cast("Any", side),
        type=cast("Any", type),
        amount=_amount(amount, cost),
        price=_number("price", price),
        time_in_force=cast("TimeInForce", "GTC" if force == "PO" else force),
        post_only=force == "PO" or bool(params.get("postOnly")),
        cost=cost,
        trigger=trigger,
        when=when,
        client_id=_client_id(params.get("clientOrderId")),
    )


def _trigger(params: Mapping[str, Any]) -> tuple[Decimal | None, When | None]:
    given = [name for name in _TRIGGERS if params.get(name) is not None]
    if len({(_TRIGGERS[name], str(params[name])) for name in given}) > 1:
        raise _refused(f"triggers {', '.join(given)} together: an order waits for one price")
    return (_number(given[0], params[given[0]]), _TRIGGERS[given[0]]) if given else (None, None)


def _amount(amount: Any, cost: Decimal | None) -> Decimal | None:
    """Return the amount; ccxt's callers give the cost once more as the amount of an order by cost."""
    number = _number("amount", amount)
    return None if cost is not None and number == cost else number


def _client_id(id: Any) -> str | None:
    if id is not None and not (isinstance(id, str) and _CLIENT_ID.fullmatch(id)):
        raise Refused(f"clientOrderId {id!r} is not 1 to 36 letters, digits or .:/_-", rule="id")
    return id


def _choice(what: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise _refused(f"{what} {value!r} is not offered here: choose one of {', '.join(allowed)}")


def _number(what: str, value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        number = decimal_of(value)
    except InvalidOperation:
        raise _refused(f"{what} {value!r} is not a number") from None
    if not number.is_finite():
        raise _refused(f"{what} {value!r} is not finite")
    return number


def _refused(message: str) -> Refused:
    return Refused(message, rule="shape")
