"""What anybody may ask: the rules of the venue, its books, trades, candles and tickers.

Candles are closed ones only: the paper world does not know the end of a minute before it is over.
"""

from collections.abc import Mapping
from typing import Any, Final

from company.ports import Json
from company.server.exchange import errors, shapes
from company.server.exchange.call import Call, Endpoint
from company.server.exchange.errors import Refused
from company.server.exchange.parameters import INTERVALS, chosen

_DEPTH, _DEEPEST = 100, 5_000
_ROWS, _MOST_ROWS = 500, 1_000
_DAY: Final = 24 * 60 * shapes.MINUTE
_LENGTHS: Final = {"m": shapes.MINUTE, "h": 60 * shapes.MINUTE, "d": _DAY}


async def ping(call: Call) -> Json:
    """Answer."""
    return {}


async def time(call: Call) -> Json:
    """Return the wall time, which requests are signed with."""
    return {"serverTime": call.now}


async def exchange_info(call: Call) -> Json:
    """Return limits, symbols and filters."""
    if "symbol" in call.values and "symbols" in call.values:
        raise errors.bad_combination()
    markets = [call.venue.markets[symbol] for symbol in _symbols(call)]
    return shapes.exchange_info(markets, call.now)


async def depth(call: Call) -> Json:
    """Return the book."""
    limit = min(_limit(call, _DEPTH), _DEEPEST)
    book = call.venue.book(call.venue.symbol(call.values["symbol"]))
    return {
        "lastUpdateId": book.number,
        "bids": shapes.levels(book.bids[:limit]),
        "asks": shapes.levels(book.asks[:limit]),
    }


async def klines(call: Call) -> list[list[Any]]:
    """Return closed candles, the oldest first: those from `startTime` on, or the newest, up to `endTime`."""
    interval = chosen(call.values, "interval", INTERVALS, Refused(-1120, "Invalid interval."))
    assert interval is not None
    length, limit = length_of(interval), min(_limit(call, _ROWS), _MOST_ROWS)
    since, until = _span(call)
    if since is None and until is not None:
        since = max(until // length * length - (limit - 1) * length, 0)
    symbol = call.venue.symbol(call.values["symbol"])
    rows = await call.venue.market.fetch_ohlcv(symbol, interval, since, limit)
    return [shapes.candle(row, length) for row in rows if until is None or row[0] <= until]


async def trades(call: Call) -> list[Json]:
    """Return the newest trades, the oldest first."""
    symbol, limit = call.venue.symbol(call.values["symbol"]), min(_limit(call, _ROWS), _MOST_ROWS)
    rows = await call.venue.market.fetch_trades(symbol, None, limit)
    return [shapes.public_trade(row) for row in rows]


async def agg_trades(call: Call) -> list[Json]:
    """Return trades from `fromId` or `startTime` on, or the newest; each is an aggregate of one."""
    symbol, limit = call.venue.symbol(call.values["symbol"]), min(_limit(call, _ROWS), _MOST_ROWS)
    since, until = _span(call)
    if (first := call.values.get("fromId")) is not None:
        if since is not None or until is not None:
            raise errors.bad_combination()
        rows = (await call.venue.trades_from(symbol, first))[:limit]
    else:
        begins = since if since is not None or until is None else max(until - 60 * shapes.MINUTE, 0)
        rows = await call.venue.market.fetch_trades(symbol, begins, limit)
    return [shapes.agg_trade(row) for row in rows if until is None or row["timestamp"] <= until]


async def ticker_day(call: Call) -> Any:
    """Return the statistics of the last 24 hours."""
    return await _each(call, shapes.day_ticker)


async def ticker_price(call: Call) -> Any:
    """Return the latest price."""
    return await _each(call, shapes.price_ticker)


async def ticker_book(call: Call) -> Any:
    """Return the best bid and ask."""
    return await _each(call, shapes.book_ticker)


def length_of(interval: str) -> int:
    """Return the milliseconds of an interval such as `15m`."""
    return int(interval[:-1]) * _LENGTHS[interval[-1]]


async def _each(call: Call, shape: Any) -> Any:
    if "symbol" in call.values and "symbols" in call.values:
        raise errors.bad_combination()
    found = [shape(await call.venue.market.fetch_ticker(symbol)) for symbol in _symbols(call)]
    return found[0] if "symbol" in call.values else found


def _symbols(call: Call) -> list[str]:
    """Return the symbols that are asked for, all without a word about it."""
    if "symbol" in call.values:
        return [call.venue.symbol(call.values["symbol"])]
    if "symbols" in call.values:
        return [call.venue.symbol(name) for name in call.values["symbols"]]
    return list(call.venue.markets)


def _limit(call: Call, usual: int) -> int:
    limit: int = call.values.get("limit", usual)
    if not limit:
        raise errors.bad_data("limit")
    return limit


def _span(call: Call) -> tuple[int | None, int | None]:
    since, until = call.values.get("startTime"), call.values.get("endTime")
    if since is not None and until is not None and since > until:
        raise errors.bad_data("endTime")
    return since, until


def _depth_weight(sent: Mapping[str, str]) -> int:
    limit = sent.get("limit", "100")
    asked = int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 6 else _DEPTH
    return 5 if asked <= 100 else 25 if asked <= 500 else 50 if asked <= 1_000 else 250


def _one_or_all(one: int, all_: int) -> Any:
    return lambda sent: one if sent.get("symbol") else all_


_SOME: Final = ("symbol", "symbols")
_SPAN: Final = ("startTime", "endTime", "limit")

ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "ping": Endpoint(ping),
    "time": Endpoint(time),
    "exchangeInfo": Endpoint(exchange_info, optional=_SOME, weight=20),
    "depth": Endpoint(depth, ("symbol",), ("limit",), weight=_depth_weight),
    "klines": Endpoint(klines, ("symbol", "interval"), _SPAN, weight=2),
    "trades": Endpoint(trades, ("symbol",), ("limit",), weight=25),
    "aggTrades": Endpoint(agg_trades, ("symbol",), (*_SPAN, "fromId"), weight=4),
    "ticker/24hr": Endpoint(ticker_day, optional=_SOME, weight=_one_or_all(2, 80)),
    "ticker/price": Endpoint(ticker_price, optional=_SOME, weight=_one_or_all(2, 4)),
    "ticker/bookTicker": Endpoint(ticker_book, optional=_SOME, weight=_one_or_all(2, 4)),
}
"""Public endpoints by path; all of them are GET."""
