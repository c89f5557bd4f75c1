"""What makes an order: its type's parameters, and the filters of its symbol, checked before anything is touched."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast

from company.ports import Json
from company.server.exchange import errors
from company.server.exchange.errors import Refused
from company.server.exchange.parameters import chosen, decimals
from company.server.exchange.shapes import LARGEST, MOST_WORTH, TYPES
from company.trading.exchange import Request
from company.trading.exchange.orders import When
from company.trading.matching import Side, TimeInForce

SIDES: Final = ("BUY", "SELL")
FORCES: Final = ("GTC", "IOC", "FOK")
RESPONSES: Final = ("ACK", "RESULT", "FULL")

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "LIMIT_MAKER": ("quantity", "price"),
    "MARKET": (),
    "STOP_LOSS": ("quantity", "stopPrice"),
    "TAKE_PROFIT": ("quantity", "stopPrice"),
    "STOP_LOSS_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
    "TAKE_PROFIT_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
}
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {"MARKET": ("quantity", "quoteOrderQty")}
_TERMS: Final = ("timeInForce", "quantity", "quoteOrderQty", "price", "stopPrice")
_ABSENT: Final = {
    "icebergQty": "Iceberg orders are not supported for this symbol.",
    "trailingDelta": "Trailing stop orders are not supported for this symbol.",
}


def order_of(values: Mapping[str, Any], market: Json, name: str) -> Request:
    """Return the order that parameters describe.

    Args:
        values: The parameters of a new order.
        market: Its symbol, in ccxt's shape.
        name: Its client order id when it brings none.

    Raises:
        Refused: They describe none, or it breaks a filter.
    """
    kind, side = _words(values)
    _check_terms(values, kind)
    _check_filters(values, market)
    return Request(
        symbol=market["symbol"],
        side=cast("Side", side.lower()),
        type="market" if kind in {"MARKET", "STOP_LOSS", "TAKE_PROFIT"} else "limit",
        amount=values.get("quantity"),
        price=values.get("price"),
        time_in_force=cast("TimeInForce", values.get("timeInForce", "GTC")),
        post_only=kind == "LIMIT_MAKER",
        cost=values.get("quoteOrderQty"),
        trigger=values.get("stopPrice"),
        when=_when(kind),
        client_id=values.get("newClientOrderId", name),
    )


def response_of(values: Mapping[str, Any]) -> str:
    """Return how much the answer to a new order says."""
    usual = "FULL" if values["type"] in {"LIMIT", "MARKET"} else "ACK"
    return chosen(values, "newOrderRespType", RESPONSES) or usual


def _words(values: Mapping[str, Any]) -> tuple[str, str]:
    kind = chosen(values, "type", TYPES, Refused(-1116, "Invalid orderType."))
    side = chosen(values, "side", SIDES, Refused(-1117, "Invalid side."))
    chosen(values, "timeInForce", FORCES, Refused(-1115, "Invalid timeInForce."))
    chosen(values, "newOrderRespType", RESPONSES)
    chosen(values, "selfTradePreventionMode", ("NONE",))
    assert kind is not None
    assert side is not None
    return kind, side


def _check_terms(values: Mapping[str, Any], kind: str) -> None:
    for name, text in _ABSENT.items():
        if name in values:
            raise errors.rejected(text)
    for name in _NEEDED[kind]:
        if name not in values:
            raise errors.missing(name)
    allowed = (*_NEEDED[kind], *_ALSO.get(kind, ()))
    for name in _TERMS:
        if name in values and name not in allowed:
            raise errors.not_required(name)
    if kind == "MARKET" and ("quantity" in values) == ("quoteOrderQty" in values):
        raise errors.bad_combination() if "quantity" in values else errors.neither("quantity", "quoteOrderQty")
    decimals(values)


def _check_filters(values: Mapping[str, Any], market: Json) -> None:
    tick, step = market["precision"]["price"], market["precision"]["amount"]
    for name, grid, broken in (
        ("price", tick, "PRICE_FILTER"),
        ("stopPrice", tick, "PRICE_FILTER"),
        ("quantity", step, "LOT_SIZE"),
    ):
        if name in values and not _on_grid(values[name], grid):
            raise errors.filtered(broken)
    price = values.get("price", values.get("stopPrice"))
    worth = values.get("quoteOrderQty", None if price is None else price * values["quantity"])
    if worth is not None and not market["limits"]["cost"]["min"] <= worth <= MOST_WORTH:
        raise errors.filtered("NOTIONAL")


def _on_grid(value: Decimal, grid: Decimal) -> bool:
    return grid <= value <= LARGEST and not value % grid


def _when(kind: str) -> When | None:
    if kind.startswith("STOP_LOSS"):
        return "stop"
    return "take_profit" if kind.startswith("TAKE_PROFIT") else None
