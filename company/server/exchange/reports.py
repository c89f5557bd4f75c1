"""Orders, trades and balances of an account in Binance's shapes."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from company.ports import Json
from company.server.exchange.shapes import market_id, number
from company.trading.exchange import Balance, Order, Trade

_NAMES: Final = {"stop": "STOP_LOSS", "take_profit": "TAKE_PROFIT"}


def id_of(id: str) -> int:
    """Return the number in an id such as `O12`."""
    return int(id.lstrip("OT"))


def type_of(order: Order) -> str:
    """Return Binance's order type."""
    if order.post_only:
        return "LIMIT_MAKER"
    if order.when is None:
        return order.type.upper()
    return _NAMES[order.when] + ("_LIMIT" if order.type == "limit" else "")


def status_of(order: Order) -> str:
    """Return Binance's status of an order."""
    if order.status == "open":
        return "PARTIALLY_FILLED" if order.filled else "NEW"
    if order.status == "closed":
        return "FILLED"
    dropped = not order.waits and (order.type == "market" or order.time_in_force != "GTC")
    return "EXPIRED" if dropped else "CANCELED"


def placed(order: Order, trades: Sequence[Trade], kind: str) -> Json:
    """Return the answer to a new order: `ACK`, `RESULT` or `FULL`."""
    head = {
        "symbol": market_id(order.symbol),
        "orderId": id_of(order.id),
        "orderListId": -1,
        "clientOrderId": order.client_id or "",
        "transactTime": order.created,
    }
    if kind == "ACK":
        return head
    result = head | _terms(order) | {"workingTime": _working(order)}
    return result | ({"fills": [_fill(trade) for trade in trades]} if kind == "FULL" else {})


def queried(order: Order) -> Json:
    """Return an order as it is looked up."""
    return {
        "symbol": market_id(order.symbol),
        "orderId": id_of(order.id),
        "orderListId": -1,
        "clientOrderId": order.client_id or "",
        **_terms(order),
        "stopPrice": number(order.trigger or 0),
        "icebergQty": number(0),
        "time": order.created,
        "updateTime": order.traded or order.triggered or order.created,
        "isWorking": not order.waits,
        "workingTime": _working(order),
    }


def canceled(order: Order, own_name: str, at: int) -> Json:
    """Return the answer to a cancel that was itself named `own_name`."""
    return {
        "symbol": market_id(order.symbol),
        "origClientOrderId": order.client_id or "",
        "orderId": id_of(order.id),
        "orderListId": -1,
        "clientOrderId": own_name,
        "transactTime": at,
        **_terms(order),
    }


def trade(done: Trade) -> Json:
    """Return one fill."""
    return {
        "symbol": market_id(done.symbol),
        "id": id_of(done.id),
        "orderId": id_of(done.order),
        "orderListId": -1,
        "price": number(done.price),
        "qty": number(done.amount),
        "quoteQty": number(done.cost),
        "commission": number(done.fee),
        "commissionAsset": quote_of(done.symbol),
        "time": done.at,
        "isBuyer": done.side == "buy",
        "isMaker": done.role == "maker",
        "isBestMatch": True,
    }


def account(balances: Mapping[str, Balance], maker: Decimal, taker: Decimal, at: int, *, omit_zero: bool) -> Json:
    """Return balances and fees."""
    rates = {"maker": number(maker), "taker": number(taker), "buyer": number(0), "seller": number(0)}
    return {
        "makerCommission": int(maker * 10_000),
        "takerCommission": int(taker * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": rates,
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": at,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": number(held.free), "locked": number(held.used)}
            for asset, held in balances.items()
            if held.free or held.used or not omit_zero
        ],
        "permissions": ["SPOT"],
    }


def position(balances: Mapping[str, Balance], assets: Iterable[str], at: int, now: int) -> Json:
    """Return the event that says what an account has of the assets that may have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": now,
        "u": at,
        "B": [
            {"a": asset, "f": number(balances[asset].free), "l": number(balances[asset].used)}
            for asset in assets
            if asset in balances
        ],
    }


def quote_of(symbol: str) -> str:
    """Return `USDT` for `BTC/USDT`."""
    return symbol.partition("/")[2]


def _terms(order: Order) -> Json:
    shown = {
        "price": number(order.price or 0),
        "origQty": number(order.amount),
        "executedQty": number(order.filled),
        "origQuoteOrderQty": number(order.cost_asked or 0),
        "cummulativeQuoteQty": number(order.cost),
        "status": status_of(order),
        "timeInForce": order.time_in_force if order.type == "limit" else "GTC",
        "type": type_of(order),
        "side": order.side.upper(),
        "selfTradePreventionMode": "NONE",
    }
    return shown if order.trigger is None else shown | {"stopPrice": number(order.trigger)}


def _working(order: Order) -> int:
    return -1 if order.waits else order.since


def _fill(done: Trade) -> Json:
    return {
        "price": number(done.price),
        "qty": number(done.amount),
        "commission": number(done.fee),
        "commissionAsset": quote_of(done.symbol),
        "tradeId": id_of(done.id),
    }
