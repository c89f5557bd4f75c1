"""The shapes of ccxt's unified interface, so that this exchange and a real one read the same.

Numbers are Decimals. What an exchange here does not have is None, as in ccxt.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from company.ports import Json
from company.trading.exchange.orders import Balance, Order, Trade
from company.trading.matching import Depth, Instrument

_RATIO: Final = Decimal("1e-8")
_OF_DERIVATIVES: Final = (
    "settle",
    "settleId",
    "subType",
    "linear",
    "inverse",
    "contractSize",
    "expiry",
    "expiryDatetime",
    "strike",
    "optionType",
    "created",
)


def stamp(at: datetime | int | None) -> Json:
    """Return `timestamp` (epoch ms) and `datetime` (ISO 8601) of a moment."""
    if at is None:
        return {"timestamp": None, "datetime": None}
    ms = at if isinstance(at, int) else int(at.timestamp() * 1000)
    text = datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {"timestamp": ms, "datetime": f"{text}.{ms % 1000:03d}Z"}


def market(instrument: Instrument, maker: Decimal, taker: Decimal) -> Json:
    """Return the market structure of a symbol."""
    name = instrument.symbol.replace("/", "")
    return {
        "id": name,
        "lowercaseId": name.lower(),
        "symbol": instrument.symbol,
        "base": instrument.base,
        "quote": instrument.quote,
        "baseId": instrument.base,
        "quoteId": instrument.quote,
        "type": "spot",
        "spot": True,
        **dict.fromkeys(("margin", "swap", "future", "option", "contract", "index"), False),
        "active": True,
        "maker": maker,
        "taker": taker,
        "precision": {"amount": instrument.step, "price": instrument.tick, "base": None, "quote": None, "cost": None},
        "limits": {
            "amount": {"min": instrument.min_amount or instrument.step, "max": instrument.max_amount},
            "price": {"min": instrument.tick, "max": None},
            "cost": {"min": instrument.min_notional, "max": None},
            "leverage": {"min": None, "max": None},
        },
        "marginModes": {"cross": False, "isolated": False},
        **dict.fromkeys(_OF_DERIVATIVES),
        "info": {},
    }


def order_book(symbol: str, at: datetime, depth: Depth, nonce: int) -> Json:
    """Return the visible book as lists of [price, amount]."""
    return {
        "symbol": symbol,
        "bids": [list(level) for level in depth.bids],
        "asks": [list(level) for level in depth.asks],
        **stamp(at),
        "nonce": nonce,
    }


def balance(balances: Mapping[str, Balance], at: datetime) -> Json:
    """Return the balances by asset and by kind."""
    kinds = {
        asset: {"free": held.free, "used": held.used, "total": held.free + held.used}
        for asset, held in balances.items()
    }
    by_kind = {kind: {asset: row[kind] for asset, row in kinds.items()} for kind in ("free", "used", "total")}
    return {"info": {}, **stamp(at), **kinds, **by_kind}


def trade(done: Trade) -> Json:
    """Return one fill."""
    fee = {"currency": done.symbol.partition("/")[2], "cost": done.fee, "rate": done.rate}
    return {
        "id": done.id,
        "order": done.order,
        "symbol": done.symbol,
        **stamp(done.at),
        "type": None,
        "side": done.side,
        "takerOrMaker": done.role,
        "price": done.price,
        "amount": done.amount,
        "cost": done.cost,
        "fee": fee,
        "fees": [fee],
        "info": {},
    }


def order(placed: Order, trades: Sequence[Trade]) -> Json:
    """Return an order with its fills."""
    fee = {"currency": placed.symbol.partition("/")[2], "cost": placed.fee}
    average = (placed.cost / placed.filled).quantize(_RATIO) if placed.filled else None
    changed = [at for at in (placed.traded, placed.triggered) if at is not None]
    return {
        "id": placed.id,
        "clientOrderId": placed.client_id,
        **stamp(placed.created),
        "lastTradeTimestamp": placed.traded,
        "lastUpdateTimestamp": max(changed, default=placed.created),
        "symbol": placed.symbol,
        "type": placed.type,
        "timeInForce": "PO" if placed.post_only else placed.time_in_force,
        "postOnly": placed.post_only,
        "reduceOnly": None,
        "side": placed.side,
        "price": placed.price if placed.price is not None else average,
        "stopPrice": placed.trigger,
        "triggerPrice": placed.trigger,
        "takeProfitPrice": placed.trigger if placed.when == "take_profit" else None,
        "stopLossPrice": placed.trigger if placed.when == "stop" else None,
        "amount": placed.amount,
        "filled": placed.filled,
        "remaining": placed.remaining,
        "average": average,
        "cost": placed.cost,
        "status": placed.status,
        "fee": fee,
        "fees": [fee],
        "trades": [trade(done) for done in trades],
        "info": {},
    }


def page(rows: Iterable[Json], since: int | None, limit: int | None) -> list[Json]:
    """Return the first `limit` rows from `since` (epoch ms) on, or without `since` the last `limit`; oldest first."""
    found = [row for row in rows if since is None or row["timestamp"] >= since]
    if limit is None:
        return found
    return found[:limit] if since is not None else found[len(found) - min(limit, len(found)) :]
