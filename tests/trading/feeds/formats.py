"""What each provider answers, in its own wire format: a price of 60,000.5, dated 20 s ago, and hours or days of bars.

Bars are rows of opening time, open, high, low, close and volume; the last one is still forming.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.trading.feeds.conftest import NOW

PRICE = "60000.5"
DATED = NOW - timedelta(seconds=20)
SECONDS = int(DATED.timestamp())
Rows = list[list[Any]]


def rows_until(opens: datetime, size: timedelta, count: int) -> Rows:
    """Bars of which the last opens at `opens`."""
    times = [opens - size * back for back in range(count - 1, -1, -1)]
    return [[int(at.timestamp()), 100 + n, 103 + n, 99 + n, 101.5 + n, 10 + n] for n, at in enumerate(times)]


HOURS = rows_until(datetime(2026, 11, 20, 12, tzinfo=UTC), timedelta(hours=1), 6)
DAYS = rows_until(datetime(2026, 11, 20, tzinfo=UTC), timedelta(days=1), 6)


def columns(rows: Rows) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def coingecko_price(price: Any = 60000.5) -> Any:
    return {"bitcoin": {"usd": price, "last_updated_at": SECONDS}}


def yahoo(rows: Sequence[Any] = (), *, symbol: str = "BTC-USD", price: Any = 60000.5, offset: int = 0) -> Any:
    meta = {"symbol": symbol, "regularMarketPrice": price, "regularMarketTime": SECONDS, "gmtoffset": offset}
    result: dict[str, Any] = {"meta": meta, "indicators": {"quote": [{}]}}
    if rows:
        times, *cells = columns(list(rows))
        names = ("open", "high", "low", "close", "volume")
        result |= {"timestamp": times, "indicators": {"quote": [dict(zip(names, cells, strict=True))]}}
    return {"chart": {"result": [result], "error": None}}


def yahoo_error(code: str, description: str) -> Any:
    return {"chart": {"result": None, "error": {"code": code, "description": description}}}


def twelve_price(price: Any = PRICE) -> Any:
    return {"symbol": "BTC/USD", "close": price, "timestamp": SECONDS - 3600, "last_quote_at": SECONDS}


def twelve_bars(rows: Rows, *, day: bool = False) -> Any:
    form = "%Y-%m-%d" if day else "%Y-%m-%d %H:%M:%S"
    names = ("open", "high", "low", "close", "volume")
    values = [
        {"datetime": datetime.fromtimestamp(row[0], tz=UTC).strftime(form)}
        | {name: str(cell) for name, cell in zip(names, row[1:], strict=True)}
        for row in rows
    ]
    return {"meta": {"symbol": "BTC/USD", "interval": "1h"}, "values": values, "status": "ok"}


def twelve_error(code: int, message: str) -> Any:
    return {"code": code, "message": message, "status": "error"}


def alpha_pair(price: Any = PRICE, *, base: str = "BTC", zone: str = "UTC") -> Any:
    return {
        "Realtime Currency Exchange Rate": {
            "1. From_Currency Code": base,
            "3. To_Currency Code": "USD",
            "5. Exchange Rate": price,
            "6. Last Refreshed": DATED.strftime("%Y-%m-%d %H:%M:%S"),
            "7. Time Zone": zone,
        }
    }


def alpha_share(price: Any = "189.50") -> Any:
    return {"Global Quote": {"01. symbol": "IBM", "05. price": price, "07. latest trading day": "2026-11-20"}}


def alpha_days(rows: Rows, series: str = "Time Series (Digital Currency Daily)") -> Any:
    names = ("1. open", "2. high", "3. low", "4. close", "5. volume")
    days = {
        datetime.fromtimestamp(row[0], tz=UTC).strftime("%Y-%m-%d"): {
            name: str(cell) for name, cell in zip(names, row[1:], strict=True)
        }
        for row in reversed(rows)
    }
    return {"Meta Data": {"1. Information": "Daily Prices"}, series: days}


def finnhub_price(price: Any = 60000.5) -> Any:
    return {"c": price, "d": 1.5, "h": 61000, "l": 59000, "o": 59500, "pc": 59000, "t": SECONDS}


def finnhub_bars(rows: Rows) -> Any:
    return {"s": "ok", **dict(zip(("t", "o", "h", "l", "c", "v"), columns(rows), strict=True))}
