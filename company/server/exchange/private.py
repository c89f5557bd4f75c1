"""What an account may ask and do: place, look up, cancel and replace orders; its trades and balances.

An order is placed in the transaction in which everything it needs is read, and a request that fails leaves nothing.
`cancelReplace` is the one exception, as at Binance: when the new order is refused, the old one is canceled all the
same.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from company.errors import OrderNotFound, VenueError
from company.ports import Json
from company.server.exchange import errors, reports, shapes
from company.server.exchange.call import Call, Endpoint
from company.server.exchange.errors import Refused
from company.server.exchange.orders import order_of, response_of
from company.server.exchange.parameters import SIGNED, chosen
from company.server.exchange.signing import order_name
from company.trading.exchange import Order, Request

_ROWS, _MOST_ROWS = 500, 1_000
_DAY: Final = 24 * 60 * shapes.MINUTE
_MODES: Final = ("STOP_ON_FAILURE", "ALLOW_FAILURE")
_RESTRICTIONS: Final = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}


async def place(call: Call) -> Json:
    """Place an order."""
    kind, request = response_of(call.values), _order(call, order_name(call.signature))
    return _placed(call, request, kind)


async def place_test(call: Call) -> Json:
    """Check an order against the rules of its type and symbol, and place nothing."""
    response_of(call.values)
    _order(call, order_name(call.signature))
    if not call.values.get("computeCommissionRates"):
        return {}
    rates = {"maker": shapes.number(call.venue.maker_fee), "taker": shapes.number(call.venue.taker_fee)}
    none = {"maker": shapes.number(0), "taker": shapes.number(0)}
    return {"standardCommissionForOrder": rates, "taxCommissionForOrder": none}


async def query(call: Call) -> Json:
    """Look up an order."""
    try:
        return reports.queried(_named(call, "orderId", "origClientOrderId"))
    except OrderNotFound:
        raise errors.no_such_order() from None


async def cancel(call: Call) -> Json:
    """Cancel an open order."""
    return _canceled(call, "orderId", "origClientOrderId", "newClientOrderId")


async def cancel_all(call: Call) -> list[Json]:
    """Cancel all open orders of a symbol."""
    symbol = call.venue.symbol(call.values["symbol"])
    found = [order for order in call.venue.open_orders(call.account) if order.symbol == symbol]
    if not found:
        raise errors.not_canceled()
    done = [call.venue.cancel(call.account, order, call.at) for order in found]
    return [reports.canceled(order, order_name(call.signature), call.market_ms) for order in done]


async def replace(call: Call) -> Json | Refused:
    """Cancel an order and place another."""
    mode = chosen(call.values, "cancelReplaceMode", _MODES)
    kind, request = response_of(call.values), _order(call, order_name(call.signature))
    gone = _attempt(call, lambda: _canceled(call, "cancelOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId"))
    tried = not isinstance(gone, Refused) or mode == "ALLOW_FAILURE"
    made = _attempt(call, lambda: _placed(call, request, kind)) if tried else None
    answer = {
        "cancelResult": _result(gone),
        "newOrderResult": _result(made) if tried else "NOT_ATTEMPTED",
        "cancelResponse": _said(gone),
        "newOrderResponse": _said(made),
    }
    failures = sum(isinstance(half, Refused) for half in (gone, made))
    if not failures:
        return answer
    if failures == 1 and tried:
        return Refused(-2021, "Order cancel-replace partially failed.", status=409, data=answer)
    return Refused(-2022, "Order cancel-replace failed.", data=answer)


async def open_orders(call: Call) -> list[Json]:
    """Return the open orders of a symbol, or all."""
    symbol = call.venue.symbol(call.values["symbol"]) if "symbol" in call.values else None
    return [
        reports.queried(order)
        for order in call.venue.open_orders(call.account)
        if symbol is None or order.symbol == symbol
    ]


async def all_orders(call: Call) -> list[Json]:
    """Return orders of a symbol, whatever became of them: the newest, or those from an id or a time on."""
    symbol, first = call.venue.symbol(call.values["symbol"]), call.values.get("orderId")
    since, until = _span(call)
    found = (order for order in call.venue.orders(call.account) if order.symbol == symbol)
    rows = [reports.queried(order) for order in found if _within(order.created, since, until)]
    if first is not None:
        rows = [row for row in rows if row["orderId"] >= first]
    return _page(rows, call, from_start=first is not None or since is not None)


async def my_trades(call: Call) -> list[Json]:
    """Return the account's fills of a symbol: the newest, or those from an id or a time on, or of one order."""
    symbol, first, of = call.venue.symbol(call.values["symbol"]), call.values.get("fromId"), call.values.get("orderId")
    since, until = _span(call)
    if first is not None and (since is not None or until is not None):
        raise errors.bad_combination()
    found = (trade for trade in call.venue.trades(call.account) if trade.symbol == symbol)
    rows = [reports.trade(trade) for trade in found if _within(trade.at, since, until)]
    if of is not None:
        rows = [row for row in rows if row["orderId"] == of]
    if first is not None:
        rows = [row for row in rows if row["id"] >= first]
    return _page(rows, call, from_start=first is not None or since is not None)


async def account(call: Call) -> Json:
    """Return balances and fees."""
    return reports.account(
        call.venue.balances(call.account),
        call.venue.maker_fee,
        call.venue.taker_fee,
        call.market_ms,
        omit_zero=call.values.get("omitZeroBalances", False),
    )


def _order(call: Call, name: str) -> Request:
    market = call.venue.markets[call.venue.symbol(call.values["symbol"])]
    return order_of(call.values, market, name)


def _placed(call: Call, request: Request, kind: str) -> Json:
    call.venue.make_room(call.account, request)
    order = call.venue.place(call.account, request, call.at)
    return reports.placed(order, call.venue.trades_of(call.account, order), kind)


def _canceled(call: Call, id: str, name: str, own: str) -> Json:
    try:
        order = _named(call, id, name)
    except OrderNotFound:
        raise errors.not_canceled() from None
    if order.status != "open":
        raise errors.not_canceled()
    only = chosen(call.values, "cancelRestrictions", _RESTRICTIONS)
    if only is not None and reports.status_of(order) != _RESTRICTIONS[only]:
        raise Refused(-2011, "Order was not canceled due to cancel restrictions.")
    own_name = call.values.get(own, order_name(call.signature))
    gone = call.venue.cancel(call.account, order, call.at)
    return reports.canceled(gone, own_name, call.market_ms)


def _named(call: Call, id: str, name: str) -> Order:
    """Return the order that is named by its id, by its client order id, or by both.

    Raises:
        Refused: It is not named.
        OrderNotFound: There is none, or the two name different ones, or it is of another symbol.
    """
    number, client_id = call.values.get(id), call.values.get(name)
    symbol = call.venue.symbol(call.values["symbol"])
    if number is None and client_id is None:
        raise errors.neither(name, id)
    order = call.venue.find(call.account, number, client_id)
    if order.symbol != symbol or client_id not in {None, order.client_id}:
        raise OrderNotFound(f"order {order.id!r} is not the one that was named")
    return order


def _attempt(call: Call, half: Any) -> Json | Refused:
    """Do one half of a replacement and return its answer, or why it failed; then nothing of it was done."""
    try:
        with call.venue.transaction():
            answer: Json = half()
            return answer
    except VenueError as error:
        return errors.of_venue(error)
    except Refused as refused:
        return refused


def _result(half: Json | Refused | None) -> str:
    return "FAILURE" if isinstance(half, Refused) else "SUCCESS"


def _said(half: Json | Refused | None) -> Json | None:
    return half.body() if isinstance(half, Refused) else half


def _span(call: Call) -> tuple[int | None, int | None]:
    since, until = call.values.get("startTime"), call.values.get("endTime")
    if since is not None and until is not None:
        if since > until:
            raise errors.bad_data("endTime")
        if until - since > _DAY:
            raise Refused(-1127, "More than 24 hours between startTime and endTime.")
    return since, until


def _within(at: int, since: int | None, until: int | None) -> bool:
    return (since is None or at >= since) and (until is None or at <= until)


def _page(rows: list[Json], call: Call, *, from_start: bool) -> list[Json]:
    limit = min(call.values.get("limit", _ROWS), _MOST_ROWS)
    if not limit:
        raise errors.bad_data("limit")
    return rows[:limit] if from_start else rows[-limit:]


def _signed(work: Any, mandatory: Iterable[str] = (), optional: Iterable[str] = (), **more: Any) -> Endpoint:
    also = ("recvWindow",)
    return Endpoint(
        work, (*mandatory, *(name for name in SIGNED if name not in also)), (*optional, *also), signed=True, **more
    )


def _all_or_one(all_: int, one: int) -> Any:
    return lambda sent: one if sent.get("symbol") else all_


_ORDER: Final = ("symbol", "side", "type")
_TERMS: Final = (
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "stopPrice",
    "icebergQty",
    "trailingDelta",
    "newClientOrderId",
    "newOrderRespType",
    "selfTradePreventionMode",
)
_NAMED: Final = ("orderId", "origClientOrderId")
_REPLACED: Final = ("cancelOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId", "cancelRestrictions")
_SPAN: Final = ("startTime", "endTime", "limit")

ENDPOINTS: Final[Mapping[tuple[str, str], Endpoint]] = {
    ("POST", "order"): _signed(place, _ORDER, _TERMS, acts=True, orders=True),
    ("POST", "order/test"): _signed(place_test, _ORDER, (*_TERMS, "computeCommissionRates")),
    ("GET", "order"): _signed(query, ("symbol",), _NAMED, weight=4),
    ("DELETE", "order"): _signed(cancel, ("symbol",), (*_NAMED, "newClientOrderId", "cancelRestrictions"), acts=True),
    ("POST", "order/cancelReplace"): _signed(
        replace, (*_ORDER, "cancelReplaceMode"), (*_TERMS, *_REPLACED), acts=True, orders=True
    ),
    ("GET", "openOrders"): _signed(open_orders, (), ("symbol",), weight=_all_or_one(80, 6)),
    ("DELETE", "openOrders"): _signed(cancel_all, ("symbol",), acts=True),
    ("GET", "allOrders"): _signed(all_orders, ("symbol",), ("orderId", *_SPAN), weight=20),
    ("GET", "myTrades"): _signed(my_trades, ("symbol",), ("orderId", "fromId", *_SPAN), weight=20),
    ("GET", "account"): _signed(account, (), ("omitZeroBalances",), weight=20),
}
"""Signed endpoints by method and path."""
