"""Market data tools: prices from the configured providers, with who told them and how old they are."""

from company import Context, tool
from company.trading.feeds import Feeds, PriceReport


@tool(effect="read")
async def market_data(symbol: str, context: Context) -> PriceReport:
    """Return a symbol's price from the market data providers, also of shares, with provider, time and age.

    `state` is fresh, stale or missing. Say how old a stale price is; of a missing one state no figure. What the desk
    trades at is in `ticker`.

    Args:
        symbol: Symbol such as BTC/USDT, or a share such as AAPL.
    """
    return PriceReport.of(await context.get(Feeds).price(symbol))
