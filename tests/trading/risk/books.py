"""Books and markets that the tests of risk share."""

from decimal import Decimal

import numpy as np

from company.trading.markets import Market
from company.trading.risk import BookState, History, ProposedOrder, RiskLimits, size

D = Decimal
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
LIMITS = RiskLimits()


def market(symbol="BTC/USDT", *, tick="0.01"):
    return Market("paper-a", symbol, symbol.split("/")[0], D("0.00001"), D(tick), D("0.00001"), D(5), D("0.001"))


def history(seed=1, *, bars=300, together=0.9, size=0.006, symbols=SYMBOLS):
    """Returns in which every symbol follows a common one by the weight `together`."""
    chance = np.random.default_rng(seed)
    common = chance.standard_t(4, (bars, 1)) * together
    own = chance.standard_t(4, (bars, len(symbols))) * np.sqrt(1 - together**2)
    return History(symbols, np.clip((common + own) * size, -0.5, 0.5))


def book(equity=100_000, *, drawdown="0", held=None, pending=None, day=None, **more):
    """A book whose positions are given by their values; a base unit is worth 100."""
    values = {symbol: D(value) for symbol, value in (held or {}).items()}
    return BookState(
        equity=D(equity),
        day_equity=D(equity if day is None else day),
        drawdown=D(drawdown),
        notionals=values,
        held={symbol: value / 100 for symbol, value in values.items()},
        pending={symbol: D(value) for symbol, value in (pending or {}).items()},
        **more,
    )


def buy(notional, symbol="BTC/USDT", *, price=100, stop=None, is_market=True):
    stopped = None if stop is None else D(stop)
    return ProposedOrder(symbol, "buy", D(notional) / D(price), D(price), stopped, is_market)


def sized(state, conviction="0.8", *, symbol="BTC/USDT", side="buy", limits=LIMITS, price=100, free=10**6, **more):
    given = {"volatility": D("0.5"), "market": market(symbol), **more}
    return size(
        symbol=symbol,
        side=side,
        conviction=D(conviction),
        price=D(price),
        free=D(free),
        state=state,
        limits=limits,
        **given,
    )


def rules(clamps):
    return [clamp.rule for clamp in clamps]
