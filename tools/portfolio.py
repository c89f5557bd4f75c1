"""Portfolio tools: what is held and what was earned."""

from company import Context, tool
from company.trading import Desk, Position, ProfitAndLoss


@tool(effect="read")
async def positions(context: Context) -> list[Position]:
    """Return every position, the most valuable first: quantity, average cost, value and profit in USDT."""
    return await context.get(Desk).positions()


@tool(effect="read")
async def profit_and_loss(context: Context) -> ProfitAndLoss:
    """Return equity, net profit since the books opened, profit of today, fees and drawdown, in USDT.

    Use it for "how are we doing?".
    """
    return await context.get(Desk).profit_and_loss()
