"""Yahoo Finance: shares, currencies and coins, by the address its own charts use.

There is no documentation and no promise. The format is as observed, and as yfinance reads it
(https://github.com/ranaroussi/yfinance, `scrapers/history.py`): `/v8/finance/chart/SYMBOL`, an object `chart` with
`result` or `error`. Limits are not published; who asks too much gets a 429 in plain text
(https://github.com/ranaroussi/yfinance/issues/2658). We ask at most 30 times a minute.

Its habits, treated here: a bar that does not exist is a row of nulls (it is left out, and is a hole); the last row is
often the live quote at an odd time (it is left out); a day of a share is dated by its opening (here by the day at the
exchange, at midnight UTC).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from urllib.parse import quote

from company.trading.features import TIMEFRAMES
from company.trading.feeds.faults import FeedError
from company.trading.feeds.provider import FIAT, Quoted, Row, halves
from company.trading.feeds.web import Web
from company.trading.feeds.wire import Node

BASE_URL = "https://query1.finance.yahoo.com"

_INTERVALS = {"1m": "1m", "5m": "5m", "15m": "15m", "1h": "60m", "1d": "1d"}
_LONGEST = {"1m": 7, "5m": 59, "15m": 59, "1h": 729, "1d": 36_500}
"""Days back that Yahoo gives of each timeframe (yfinance issue 2902: "within the last 60 days")."""

_CLOSED = 6  # a market that opens 6.5 hours on 5 days has a bar in a fifth of all hours
_DAY = 86_400
_COLUMNS = ("open", "high", "low", "close", "volume")


class Yahoo:
    """Asks Yahoo.

    Args:
        web: Where it answers.
        now: The time, to know which bars are the last.
    """

    id = "yahoo"
    timeframes = frozenset(_INTERVALS)

    def __init__(self, web: Web, *, now: Callable[[], datetime]) -> None:
        self._web, self._now = web, now

    def listing(self, symbol: str) -> str:
        """Return `BTC-USD` for `BTC/USD`, `EURUSD=X` for `EUR/USD`; a symbol without a quote, as AAPL, is its own."""
        base, currency = halves(symbol)
        if not currency:
            return base
        return f"{base}{currency}=X" if base in FIAT and currency in FIAT else f"{base}-{currency}"

    async def price(self, listing: str) -> Quoted:
        """Return the last price of regular trading."""
        meta = (await self._chart(listing, {"interval": "1d", "range": "1d"}))["meta"]
        return Quoted(meta["regularMarketPrice"].price(), meta["regularMarketTime"].seconds())

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Return the last bars."""
        now, size = int(self._now().timestamp()), TIMEFRAMES[timeframe]
        since = max(now - (count + 2) * size * _CLOSED, now - _LONGEST[timeframe] * _DAY)
        params = {"interval": _INTERVALS[timeframe], "period1": str(since), "period2": str(now)}
        chart = await self._chart(listing, params)
        if "timestamp" not in chart:
            raise FeedError(f"yahoo {listing}: it has no {timeframe} bars", kind="empty")
        offset = int(chart["meta"]["gmtoffset"].number()) if timeframe == "1d" else None
        return _without_live_quote(_table(chart, offset), size * 1000)

    async def _chart(self, listing: str, params: dict[str, str]) -> Node:
        where = f"yahoo {listing}"
        answer = await self._web.get(f"/v8/finance/chart/{quote(listing, safe='')}", params)
        chart = Node.parse(answer.text, where)["chart"]
        if chart["error"].value is not None:
            code, said = chart["error"]["code"].text(), chart["error"]["description"].text()
            raise FeedError(f"{where}: {code}: {said}", kind="unknown" if code == "Not Found" else "refused")
        results = chart["result"].rows()
        if len(results) != 1:
            chart["result"].fail("is not one result")
        told = results[0]["meta"]["symbol"]
        if told.text().upper() != listing.upper():
            told.fail(f"is another symbol than {listing}")
        return results[0]


def _table(chart: Node, offset: int | None) -> list[list[float]]:
    times = [time.seconds().timestamp() for time in chart["timestamp"].rows()]
    quotes = chart["indicators"]["quote"].rows()[:1]
    columns = [quotes[0][name].rows() for name in _COLUMNS] if quotes else []
    if not columns or any(len(column) != len(times) for column in columns):
        chart["indicators"].fail(f"has not as many values as there are times, {len(times)}")
    rows = []
    for time, cells in zip(times, zip(*columns, strict=True), strict=True):
        if any(cell.value is not None for cell in cells):
            opens = time if offset is None else (time + offset) // _DAY * _DAY
            rows.append([opens * 1000, *(float(cell.number()) for cell in cells)])
    return rows


def _without_live_quote(rows: list[list[float]], size: int) -> list[list[float]]:
    steps = [later[0] - earlier[0] for earlier, later in pairwise(rows)]
    return rows[:-1] if steps and steps[-1] % size else rows
