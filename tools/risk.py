"""Risk tools: how much may be traded, and what is at stake."""

from decimal import Decimal
from typing import Literal

from company import Context, tool
from company.trading import Desk, Exposure, LimitsInForce, Sizing, ValueAtRisk


@tool(effect="read")
async def size_position(
    symbol: str,
    side: Literal["buy", "sell"],
    conviction: Decimal,
    context: Context,
    at_most: Decimal | None = None,
) -> Sizing:
    """Turn conviction into a quantity that the limits allow; call it before every order.

    Place the order only when `approved` is true. A buy asks for half-Kelly of the equity; a sell gives up that share of
    the position.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
        side: buy enters or adds, sell exits.
        conviction: From 0 to 1; the absolute value of the score of `indicators`. Buys below 0.6 are refused.
        at_most: Largest notional wanted, in USDT.
    """
    sizing = await context.get(Desk).size(symbol, side, conviction, at_most)
    for clamp in sizing.clamps:
        if clamp.rule != "risk.wanted":  # that is the caller's own bound
            told = {"tool": "size_position", "symbol": sizing.symbol, "side": side, "approved": sizing.approved}
            context.emit("risk.clamped", {**told, **clamp.told()})
    return sizing


@tool(effect="read")
async def exposure(context: Context) -> Exposure:
    """Return what is at stake by symbol in USDT and per cent of equity, and the room left under the caps."""
    return await context.get(Desk).exposure()


@tool(effect="read")
async def value_at_risk(context: Context) -> ValueAtRisk:
    """Return the 95 % historical value at risk and expected shortfall (CVaR) of the positions for one day, in USDT."""
    return await context.get(Desk).value_at_risk()


@tool(effect="read")
async def risk_limits(context: Context) -> LimitsInForce:
    """Return the desk's limits and where it stands: today's loss, drawdown, and whether new positions are allowed."""
    return await context.get(Desk).limits()
