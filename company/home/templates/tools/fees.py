"""This company's own tool: what a trade costs before it earns anything."""

from decimal import Decimal

from pydantic import BaseModel

from company import ToolError, tool


class BreakEven(BaseModel):
    """The price at which a purchase has earned back its fees."""

    price: Decimal
    rise_percent: Decimal


@tool(effect="read")
def break_even(buy_price: Decimal, fee_percent: Decimal = Decimal("0.1")) -> BreakEven:
    """Return the price above which selling again earns money, and how far above the purchase it lies in percent.

    Use it before recommending a purchase: a rise that is expected to stay below it is no reason to buy.

    Args:
        buy_price: Price of one unit, above 0.
        fee_percent: Fee of each of the two trades, in percent of its worth, from 0 and below 100.
    """
    if buy_price <= 0 or not 0 <= fee_percent < 100:
        raise ToolError("buy_price must be above 0, and fee_percent from 0 and below 100")
    fee = fee_percent / 100
    factor = (1 + fee) / (1 - fee)
    return BreakEven(
        price=(buy_price * factor).quantize(Decimal("0.0001")),
        rise_percent=((factor - 1) * 100).quantize(Decimal("0.0001")),
    )
