"""Finnhub: shares, and coins by exchange; a key is needed.

Format: https://finnhub.io/docs/api/quote, /stock-candles, /crypto-candles; the key goes into `X-Finnhub-Token`. Quota:
60 requests a minute of the free plan (https://finnhub.io/pricing), and "on top of all plan's limit, there is a 30 API
calls/ second limit" (https://finnhub.io/docs/api/rate-limit). Candles need a paid plan; without one the answer is a 403
(https://github.com/finnhubio/Finnhub-API/issues/532).

A symbol it does not know gets a quote of zeros; zero is not a price.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from company.trading.features import TIMEFRAMES
from company.trading.feeds.faults import FeedError
from company.trading.feeds.provider import Quoted, Row, halves
from company.trading.feeds.web import Web, words
from company.trading.feeds.wire import Node

BASE_URL = "https://finnhub.io/api/v1"

_RESOLUTIONS = {"1m": "1", "5m": "5", "15m": "15", "1h": "60", "1d": "D"}
_CLOSED = 6  # a market that opens 6.5 hours on 5 days has a bar in a fifth of all hours


class Finnhub:
    """Asks Finnhub.

    Args:
        web: Where it answers.
        key: Returns its key.
        now: The time, to know which bars are the last.
    """

    id = "finnhub"
    timeframes = frozenset(_RESOLUTIONS)

    def __init__(self, web: Web, *, key: Callable[[], str], now: Callable[[], datetime]) -> None:
        self._web, self._key, self._now = web, key, now

    def listing(self, symbol: str) -> str:
        """Return `BINANCE:BTCUSDT` for `BTC/USDT`, `COINBASE:BTC-USD` for `BTC/USD`; a share is its own name."""
        base, quote = halves(symbol)
        if not quote:
            return base
        if quote == "USDT":
            return f"BINANCE:{base}USDT"
        if quote == "USD":
            return f"COINBASE:{base}-USD"
        cure = f'name it in [data.providers.finnhub] symbols, as {{"{symbol}" = "KRAKEN:XXBTZEUR"}}'
        raise FeedError(f"finnhub: nothing here is known to be {symbol!r}: {cure}", kind="unsupported")

    async def price(self, listing: str) -> Quoted:
        """Return the last price."""
        found = await self._ask("/quote", {"symbol": listing}, listing)
        if not found["c"].number() and not found["t"].number():
            raise FeedError(f"finnhub {listing}: it knows no such symbol", kind="unknown")
        return Quoted(found["c"].price(), found["t"].seconds())

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Return the last bars."""
        now = int(self._now().timestamp())
        since = now - (count + 2) * TIMEFRAMES[timeframe] * _CLOSED
        params = {"symbol": listing, "resolution": _RESOLUTIONS[timeframe], "from": str(since), "to": str(now)}
        found = await self._ask("/crypto/candle" if ":" in listing else "/stock/candle", params, listing)
        if found["s"].text() == "no_data":
            raise FeedError(f"finnhub {listing}: it has no {timeframe} bars", kind="empty")
        if found["s"].text() != "ok":
            found["s"].fail("is neither ok nor no_data")
        times = [time.seconds() for time in found["t"].rows()]
        columns = [[float(cell.number()) for cell in found[name].rows()] for name in ("o", "h", "l", "c", "v")]
        if any(len(column) != len(times) for column in columns):
            raise FeedError(f"finnhub {listing}: its columns are not equally long", kind="malformed")
        return [[int(time.timestamp()) * 1000, *cells] for time, *cells in zip(times, *columns, strict=True)]

    async def _ask(self, path: str, params: dict[str, str], listing: str) -> Node:
        where, key = f"finnhub {listing}", self._key()
        answer = await self._web.get(path, params, headers={"x-finnhub-token": key}, secret=key)
        if answer.status >= 400:
            raise FeedError(f"{where}: status {answer.status}: {words(answer.text, key)}", kind="refused")
        found = Node.parse(answer.text, where)
        if "error" in found:
            raise FeedError(f"{where}: {words(found['error'].text(), key)}", kind="refused")
        return found
