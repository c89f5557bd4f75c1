"""Strategy tools: what the strategies say, what they agree on, and what the venues' books differ by."""

from company import Context, tool
from company.trading import Consensus, Desk
from company.trading.strategies import views


@tool(effect="read")
async def signals(symbol: str, context: Context) -> views.Signals:
    """Return what every strategy says of a symbol at its last closed hour: side, conviction, reason and evidence.

    A strategy without a signal wishes for nothing. Use `consensus` for what they come to together.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
    """
    return await views.signals(context.get(Desk), symbol)


@tool(effect="read")
async def consensus(symbol: str, context: Context) -> Consensus:
    """Return what four temperaments agree on over the strategies' signals: side, conviction, and each vote with weight.

    `signal` is empty when they decide nothing. Give its conviction to `size_position`, and place the order with
    strategy "ensemble", so that what it earns teaches the weights.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
    """
    return await context.get(Desk).consensus(symbol)


@tool(effect="read")
async def state_vector(symbol: str, context: Context, timeframe: str = "1h") -> views.StateVector:
    """Return all features of a symbol's last closed bar, normalised to -1..1: trend, momentum, volatility, regime.

    Use `indicators` for the usual ones in their own units.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
        timeframe: One of 1m, 5m, 15m, 1h, 4h, 1d.
    """
    return await views.state_vector(context.get(Desk), symbol, timeframe)


@tool(effect="read")
async def arbitrage(symbol: str, context: Context) -> views.ArbitrageView:
    """Return the best arbitrage in a symbol after both fees and as deep as the books are, or why there is none.

    `plan` has what `trade_arbitrage` takes, and the profit in USDT with what lies at the venues. Nothing is ordered.

    Args:
        symbol: Symbol such as BTC or BTC/USDT.
    """
    return await views.arbitrage(context.get(Desk), symbol)
