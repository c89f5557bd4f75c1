"""The shapes of ccxt's unified interface, so that a paper venue and a real exchange read the same.

Numbers are Decimals, candles apart. What the paper venue does not have is None, as in ccxt.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from company.ports import Json
from company.trading.matching import Depth
from company.world.account import Balance, Order, Trade
from company.world.candles import Candles
from company.world.listings import Listing

_RATIO: Final = Decimal("1e-8")


def stamp(at: datetime | int | None) -> Json:
    """Return `timestamp` (epoch ms) and `datetime` (ISO 8601) of a moment."""
    if at is None:
        return {"timestamp": None, "datetime": None}
    ms = at if isinstance(at, int) else int(at.timestamp() * 1000)
    text = datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {"timestamp": ms, "datetime": f"{text}.{ms % 1000:03d}Z"}


def market(listing: Listing, maker: Decimal, taker: Decimal) -> Json:
    """Return the market structure of a symbol."""
    return {
        "id": listing.symbol.replace("/", ""),
        "symbol": listing.symbol,
        "base": listing.base,
        "quote": listing.quote,
        "baseId": listing.base,
        "quoteId": listing.quote,
        "settle": None,
        "settleId": None,
        "type": "spot",
        "spot": True,
        "margin": False,
        "swap": False,
        "future": False,
        "option": False,
        "contract": False,
        "active": True,
        "maker": maker,
        "taker": taker,
        "precision": {"amount": listing.step, "price": listing.tick},
        "limits": {
            "amount": {"min": listing.step, "max": None},
            "price": {"min": listing.tick, "max": None},
            "cost": {"min": listing.min_notional, "max": None},
        },
        "info": {},
    }


def ticker(listing: Listing, at: datetime, depth: Depth, last: Decimal, day: Candles) -> Json:
    """Return the ticker of a symbol.

    Args:
        listing: The symbol.
        at: Now.
        depth: The visible book.
        last: The price now.
        day: The minutes of the last 24 hours.
    """
    volume = int(day.volume.sum())
    worth = sum(c * v for c, v in zip(day.close.tolist(), day.volume.tolist(), strict=True))
    vwap = listing.price(worth) / volume
    first = listing.price(int(day.open[0]))
    base = listing.amount(volume)
    bid, ask = (side[0] if side else (None, None) for side in (depth.bids, depth.asks))
    return {
        "symbol": listing.symbol,
        **stamp(at),
        "high": listing.price(int(day.high.max())),
        "low": listing.price(int(day.low.min())),
        "bid": bid[0],
        "bidVolume": bid[1],
        "ask": ask[0],
        "askVolume": ask[1],
        "vwap": vwap.quantize(_RATIO),
        "open": first,
        "close": last,
        "last": last,
        "previousClose": None,
        "change": last - first,
        "percentage": ((last - first) / first * 100).quantize(_RATIO),
        "average": (last + first) / 2,
        "baseVolume": base,
        "quoteVolume": (base * vwap).quantize(_RATIO),
        "markPrice": None,
        "indexPrice": None,
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


def trade(done: Trade, quote: str) -> Json:
    """Return one fill."""
    fee = {"currency": quote, "cost": done.fee, "rate": done.rate}
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
    quote = placed.listing.quote
    fee = {"currency": quote, "cost": placed.fee}
    average = (placed.cost / placed.filled).quantize(_RATIO) if placed.filled else None
    return {
        "id": placed.id,
        "clientOrderId": placed.client_id,
        **stamp(placed.created),
        "lastTradeTimestamp": placed.traded,
        "lastUpdateTimestamp": placed.traded or placed.created,
        "symbol": placed.symbol,
        "type": placed.type,
        "timeInForce": "PO" if placed.post_only else placed.time_in_force,
        "postOnly": placed.post_only,
        "reduceOnly": None,
        "side": placed.side,
        "price": placed.price if placed.price is not None else average,
        "stopPrice": None,
        "triggerPrice": None,
        "takeProfitPrice": None,
        "stopLossPrice": None,
        "amount": placed.amount,
        "filled": placed.filled,
        "remaining": placed.remaining,
        "average": average,
        "cost": placed.cost,
        "status": placed.status,
        "fee": fee,
        "fees": [fee],
        "trades": [trade(done, quote) for done in trades],
        "info": {},
    }


def page(rows: Iterable[Json], since: int | None, limit: int | None) -> list[Json]:
    """Return the first `limit` rows from `since` (epoch ms) on, or without `since` the last `limit`; oldest first."""
    found = [row for row in rows if since is None or row["timestamp"] >= since]
    if limit is None:
        return found
    return found[:limit] if since is not None else found[len(found) - min(limit, len(found)) :]
