"""The paper world as the data of a backtest: its first venue, its bars and its own book of every minute."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from company.errors import BadSymbol, UsageError
from company.trading import RiskLimits
from company.trading.backtest import Result, Terms, moment, over_exchange
from company.trading.exchange import Exchange, PlainBooks
from company.trading.features import TIMEFRAMES, Bars, Quoted
from company.world import EPOCH, START, PaperVenue, PaperWorld, VirtualClock

if TYPE_CHECKING:
    from company.trading.strategies import Listed

LEVELS = 10
"""Of the book, for its imbalance, as the desk's own order book has them."""
_BPS = 10_000


def over_paper(
    strategy: "Listed",
    symbols: list[str],
    timeframe: str,
    span: tuple[datetime | None, datetime | None],
    *,
    terms: Terms,
    limits: RiskLimits,
    seed: int,
) -> Result:
    """Backtest a strategy on the first venue of the paper world.

    Args:
        strategy: What is tested; it reads bars.
        symbols: What it trades.
        timeframe: Length of a bar.
        span: From when to when; the 30 days before the company's first day where left out.
        terms: The cash; the fees are the venue's.
        limits: What every wish is held against.
        seed: Of the world.

    Raises:
        UsageError: Symbol or timeframe are unknown, the time lies before the world's, or the strategy needs more.
    """
    since, until = span[0] or EPOCH, span[1] or START
    if timeframe not in TIMEFRAMES:
        raise UsageError(
            f"timeframe {timeframe!r} is unknown", where="--timeframe", cure=f"use one of {', '.join(TIMEFRAMES)}"
        )
    if not EPOCH <= since < until:
        what = f"the paper world has no bars from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}"
        raise UsageError(what, where="--from", cure=f"it begins {EPOCH:%Y-%m-%d}; give a --to after --from")
    world = PaperWorld(seed=seed, books=PlainBooks(), clock=VirtualClock(until))
    venue = next(iter(world.venues.values()))
    histories = [_bars(venue, symbol, timeframe, since, until) for symbol in dict.fromkeys(symbols)]
    exchange = venue.exchange
    quoted = {bars.symbol: _quoted(exchange, bars) for bars in histories} if strategy.needs else {}
    fees = {"maker_fee": exchange.maker_fee, "taker_fee": exchange.taker_fee}
    return over_exchange(
        strategy.name,
        strategy.over,
        histories,
        exchange,
        terms=terms.model_copy(update=fees),
        limits=limits,
        source=f"paper world, seed {seed}, {venue.id}",
        quoted=quoted,
    )


def _bars(venue: PaperVenue, symbol: str, timeframe: str, since: datetime, until: datetime) -> Bars:
    size = TIMEFRAMES[timeframe] * 1000
    first, last = (int(at.timestamp() * 1000) for at in (since, until))
    try:
        rows = asyncio.run(venue.fetch_ohlcv(symbol, timeframe, first, (last - first) // size + 1))
    except BadSymbol as error:
        raise UsageError(str(error), where="--symbol", cure="name one of those") from error
    if not rows:
        raise UsageError(f"no bar of {timeframe} lies in the asked time", where="--from", cure="give a longer time")
    return Bars.read(rows, symbol=symbol, timeframe=timeframe, source=venue.id)


def _quoted(exchange: Exchange, bars: Bars) -> Quoted:
    """Return spread and imbalance of the book at every close."""
    size = TIMEFRAMES[bars.timeframe] * 1000
    told = [_book(exchange, bars.symbol, moment(int(at) + size)) for at in bars.times]
    spreads, imbalances = np.array(told).T
    return Quoted(spread_bps=spreads, imbalance=imbalances)


def _book(exchange: Exchange, symbol: str, at: datetime) -> tuple[float, float]:
    depth = exchange.depth(symbol, at, LEVELS)
    (bid, _), (ask, _) = depth.bids[0], depth.asks[0]
    bids, asks = (float(sum(amount for _, amount in side)) for side in (depth.bids, depth.asks))
    return float((ask - bid) / (ask + bid) * 2 * _BPS), (bids - asks) / (bids + asks)
