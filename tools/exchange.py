"""Exchange tools: prices, books, balances and orders on every venue."""

from decimal import Decimal
from typing import Literal

from company import Context, Denial, Stakes, says, tool
from company.trading import Balance, Candle, Desk, OrderBook, OrderReport, Ticker
from company.trading.strategies.views import evidence


@tool(effect="read")
async def ticker(symbol: str, context: Context) -> Ticker:
    """Return a symbol's price now: mid price, 24 h change in per cent, bid and ask of every venue, best arbitrage.

    Prices are in USDT. An arbitrage pays only if `after_fees_bps` is positive.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
    """
    return await context.get(Desk).ticker(symbol)


@tool(effect="read")
async def order_book(symbol: str, context: Context, venue: str = "", depth: int = 5) -> OrderBook:
    """Return the best levels of one venue's order book as (price, quantity), with spread and imbalance.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
        venue: Name of the venue; empty for the reference venue.
        depth: Levels a side, at most 10.
    """
    return await context.get(Desk).order_book(symbol, venue, depth)


@tool(effect="read")
async def candles(symbol: str, context: Context, timeframe: str = "1h", limit: int = 24) -> list[Candle]:
    """Return the last closed candles, oldest first: opening time, open, high, low, close in USDT, volume in base units.

    Use `indicators` instead when you want to know the trend.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
        timeframe: One of 1m, 5m, 15m, 1h, 4h, 1d.
        limit: How many, at most 48.
    """
    return await context.get(Desk).candles(symbol, timeframe, limit)


@tool(effect="read")
async def balances(context: Context) -> list[Balance]:
    """Return what every venue holds, by currency: free, total, and value in USDT."""
    return await context.get(Desk).balances()


@tool(effect="read")
async def open_orders(context: Context) -> list[OrderReport]:
    """Return every order that still waits in a book, on all venues."""
    orders = await context.get(Desk).open_orders()
    for order in orders:
        _label(context, order)
    return orders


def _label(context: Context, order: OrderReport) -> None:
    """Whoever reads why an order was placed reads what its author had read."""
    for source in order.sources:
        context.distrust(source)


async def _placed(context: Context) -> OrderReport | None:
    report = await context.get(Desk).find(context.key)
    if report is not None:
        _announce(context, report)
    return report


async def _at_stake(
    symbol: str,
    side: str,
    quantity: Decimal,
    context: Context,
    price: Decimal | None = None,
    trigger: Decimal | None = None,
    **_: object,
) -> Stakes:
    waits, stop = (trigger, None) if side == "sell" else (None, trigger)
    weighed = await context.get(Desk).weigh(symbol, side, quantity, price or waits, stop)
    for clamp in weighed.clamps:
        told = {"tool": "place_order", "symbol": weighed.symbol, "side": side, "approved": False}
        context.emit("risk.clamped", {**told, **clamp.told()})
    denials = tuple(Denial(clamp.rule, str(clamp)) for clamp in weighed.clamps)
    return Stakes(weighed.symbol, notional=weighed.notional, denials=denials)


_CLAIMS = (
    says("bought", "purchased", "acquired", amount="filled", filled=True, side="buy"),
    says("sold", amount="filled", filled=True, side="sell"),
    says("filled", "order executed", "executed order", "trade executed", amount="filled", filled=True),
    says("fully filled", "filled completely", "filled entirely", "order closed", status="closed"),
    says(
        "order placed", "placed order", "ordered", "order submitted", "submitted order", "order sent", amount="quantity"
    ),
)


@tool(effect="irreversible", idempotent=True, lookup=_placed, assess=_at_stake, claims=_CLAIMS)
async def place_order(
    symbol: str,
    side: Literal["buy", "sell"],
    quantity: Decimal,
    reason: str,
    context: Context,
    *,
    type: Literal["market", "limit", "stop", "take_profit"] = "market",
    price: Decimal | None = None,
    trigger: Decimal | None = None,
    venue: str = "",
    strategy: str = "",
) -> OrderReport:
    """Buy or sell, and return the order with what was filled, at which average price, and the fee in USDT.

    Take the quantity from `size_position`. The desk's limits apply to every order. Nothing is sold that is not held.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
        side: buy or sell.
        quantity: In base units: 0.1 for a tenth of a bitcoin.
        reason: Why, in one sentence with the figures.
        type: market, limit, or to sell stop and take_profit, which wait at the venue for `trigger`.
        price: Limit in USDT.
        trigger: In USDT; of a purchase the stop of `size_position`, which the desk watches.
        venue: Name of the venue; empty for the one with the best price after fees.
        strategy: Whose signal it follows: ensemble, or a strategy of `signals`, which must wish for this side now;
            empty when it is your own idea.
    """
    desk = context.get(Desk)
    waits, stop = (trigger, None) if side == "sell" else (None, trigger)
    report = await desk.place(
        symbol,
        side,
        quantity,
        key=context.key,
        reason=reason,
        sources=context.sources,
        type=f"{type}_limit" if waits is not None and price is not None else type,
        price=price,
        trigger=waits,
        stop=stop,
        venue=venue,
        strategy=strategy,
        role=context.role,
        evidence=await evidence(desk, strategy, symbol, side) if desk.order(context.key) is None else {},
    )
    _announce(context, report)
    return report


@tool(effect="write", idempotent=True, claims=(says("cancelled", "canceled", status="canceled"),))
async def cancel_order(order_id: str, context: Context) -> OrderReport:
    """Cancel an open order and return it; an order that is already done is returned as it is.

    Args:
        order_id: Id of the order, as `open_orders` or `place_order` gave it.
    """
    report = await context.get(Desk).cancel(order_id)
    _label(context, report)
    if report.status == "canceled":
        context.emit("order.cancelled", report.told())
    return report


def _announce(context: Context, report: OrderReport) -> None:
    for name, value in report.news():
        context.emit(name, value)
