"""Market tools: indicators and how the symbols stand to each other."""

from company import Context, tool
from company.trading import Correlations, Desk, Indicators, MarketRow


@tool(effect="read")
async def indicators(symbol: str, context: Context, timeframe: str = "1h") -> Indicators:
    """Return technical indicators at the last closed bar, the regime, and the momentum score from -1 to 1.

    `score` is the conviction of the house strategy: positive to buy, negative to sell; its absolute value is what
    `size_position` takes as conviction. Prices are in USDT, volatility and momentum in per cent.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
        timeframe: One of 1m, 5m, 15m, 1h, 4h, 1d.
    """
    return await context.get(Desk).indicators(symbol, timeframe)


@tool(effect="read")
async def market_overview(context: Context) -> list[MarketRow]:
    """Return every symbol at a glance, the highest momentum score first.

    Each row has the price in USDT, the 24 h change in per cent, RSI, annual volatility in per cent, regime and score.
    Use it to see what moves and to pick what to look at closer.
    """
    return await context.get(Desk).overview()


@tool(effect="read")
async def correlations(context: Context) -> Correlations:
    """Return the correlation matrix of hourly returns of all symbols; near 1 they do not diversify."""
    return await context.get(Desk).correlations()
