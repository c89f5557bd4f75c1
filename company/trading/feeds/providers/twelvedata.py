"""Twelve Data: shares, currencies and coins; a key is needed.

Format: https://twelvedata.com/docs (`/quote`, `/time_series`; the key goes into `Authorization: apikey ...`).
Quota of the free plan, 8 credits a minute and 800 a day, a credit for each request made here:
https://support.twelvedata.com/en/articles/5194820-api-credits-limits.

Errors come as `{"code", "message", "status": "error"}`, whatever the status of the answer. It gives no volume for coins
and currencies; candles without volume are refused here.
"""

from collections.abc import Callable, Sequence
from typing import Never

from company.trading.feeds.faults import FeedError, Kind
from company.trading.feeds.provider import Quoted, Row, ms_of
from company.trading.feeds.web import Web, words
from company.trading.feeds.wire import Node

BASE_URL = "https://api.twelvedata.com"

_INTERVALS = {"1m": "1min", "5m": "5min", "15m": "15min", "1h": "1h", "4h": "4h", "1d": "1day"}
_MOST = 5_000
_KINDS: dict[int, Kind] = {400: "refused", 401: "key", 403: "refused", 404: "unknown", 414: "refused", 429: "busy"}


class TwelveData:
    """Asks Twelve Data.

    Args:
        web: Where it answers.
        key: Returns its key.
    """

    id = "twelvedata"
    timeframes = frozenset(_INTERVALS)

    def __init__(self, web: Web, *, key: Callable[[], str]) -> None:
        self._web, self._key = web, key

    def listing(self, symbol: str) -> str:
        """Return the symbol: `BTC/USD`, `EUR/USD` and `AAPL` are its own names too."""
        return symbol.upper()

    async def price(self, listing: str) -> Quoted:
        """Return the last price, dated by the last minute candle."""
        found = await self._ask("/quote", {"symbol": listing}, listing)
        _check_symbol(found, listing)
        dated = found["last_quote_at"] if "last_quote_at" in found else found["timestamp"]
        return Quoted(found["close"].price(), dated.seconds())

    async def rows(self, listing: str, timeframe: str, count: int) -> Sequence[Row]:
        """Return the last bars, of which the newest may still be forming."""
        params = {
            "symbol": listing,
            "interval": _INTERVALS[timeframe],
            "outputsize": str(min(count + 1, _MOST)),
            "timezone": "UTC",
            "order": "asc",
        }
        found = await self._ask("/time_series", params, listing)
        _check_symbol(found["meta"], listing)
        return [
            [
                ms_of(row["datetime"].moment()),
                *(float(row[name].number()) for name in ("open", "high", "low", "close", "volume")),
            ]
            for row in found["values"].rows()
        ]

    async def _ask(self, path: str, params: dict[str, str], listing: str) -> Node:
        where, key = f"twelvedata {listing}", self._key()
        answer = await self._web.get(path, params, headers={"authorization": f"apikey {key}"}, secret=key)
        found = Node.parse(answer.text, where)
        if "code" in found and "message" in found:
            _refuse(found, where, key)
        if answer.status >= 400:
            found.fail(f"status {answer.status} without an error", "refused")
        return found


def _check_symbol(found: Node, listing: str) -> None:
    if found["symbol"].text().upper() != listing:
        found["symbol"].fail(f"is another symbol than {listing}")


def _refuse(found: Node, where: str, key: str) -> Never:
    code, said = int(found["code"].number()), words(found["message"].text(), key)
    kind: Kind = "down" if code >= 500 else _KINDS.get(code, "refused")
    if code == 429 and "for the day" in said:
        kind = "exhausted"
    if code == 400 and "symbol" in said and "not found" in said:
        kind = "unknown"
    raise FeedError(f"{where}: error {code}: {said}", kind=kind)
