"""Speaks to the exchange at the corner in ccxt's unified shapes, as `company.ports.Venue` wants them."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from company.errors import UsageError, VenueError
from company.ports import Json
from company.trading.venues import Keys, Terms
from company_outside.exchange import FEE, LEAST, MIDDLES, Exchange, candle, quote

UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Corner:
    """The venue.

    Args:
        name: What the company calls it.
        file: Where the exchange is.
        keys: What opens the account.
    """

    finds_by_client_order_id = True

    def __init__(self, name: str, file: Path, keys: Keys | None) -> None:
        self.id, self._file, self._keys = name, file, keys

    async def load_markets(self, reload: bool = False) -> Mapping[str, Json]:
        return {
            symbol: {
                "symbol": symbol,
                "base": symbol.partition("/")[0],
                "quote": "USDT",
                "spot": True,
                "active": True,
                "taker": FEE,
                "maker": FEE,
                "precision": {"amount": "0.0001", "price": "0.01"},
                "limits": {"amount": {"min": "0.0001"}, "cost": {"min": LEAST}},
            }
            for symbol in MIDDLES
        }

    async def fetch_ticker(self, symbol: str) -> Json:
        bid, ask = quote(symbol)
        return {"symbol": symbol, "bid": bid, "ask": ask, "last": MIDDLES[symbol], "timestamp": _now(), "percentage": 0}

    async def fetch_order_book(self, symbol: str, limit: int | None = None) -> Json:
        bid, ask = quote(symbol)
        return {"symbol": symbol, "bids": [[bid, 100]], "asks": [[ask, 100]], "timestamp": _now()}

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str = "1m", since: int | None = None, limit: int | None = None
    ) -> list[list[Any]]:
        quote(symbol)
        length, count = int(timeframe[:-1]) * UNITS[timeframe[-1]], limit or 300
        last = _now() // length * length
        first = last - (count - 1) * length if since is None else -(-since // length) * length
        return [candle(symbol, began, length) for began in range(first, last + 1, length)][:count]

    async def fetch_balance(self) -> Json:
        return dict(self._account().balance())

    async def create_order(
        self,
        symbol: str,
        type: str,
        side: str,
        amount: Any,
        price: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Json:
        key = str((params or {})["clientOrderId"])
        wish = {"symbol": symbol, "type": type, "side": side, "amount": amount, "price": price, "clientOrderId": key}
        return self._account().place(wish, _now())

    async def cancel_order(self, id: str, symbol: str | None = None) -> Json:
        account = self._account()
        return account.cancel(account.find(id=id))

    async def fetch_order(
        self, id: str | None, symbol: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Json:
        if id is not None:
            return self._account().find(id=id)
        return self._account().find(clientOrderId=str((params or {})["clientOrderId"]))

    async def fetch_open_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        return [order for order in self._account().open() if symbol in (None, order["symbol"])]

    async def fetch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        found = [trade for trade in self._account().trades if symbol in (None, trade["symbol"])]
        return [trade for trade in found if trade["timestamp"] >= (since or 0)][:limit]

    async def close(self) -> None:
        return None

    def _account(self) -> Exchange:
        if self._keys is None or self._keys.secret != f"secret of {self._keys.key}":
            raise VenueError("the corner does not know this key")
        return Exchange(self._file)


def make(terms: Terms, keys: Keys | None) -> Corner:
    """Return the venue that a section `[venues.NAME]` describes."""
    file = terms.options.get("file")
    if not isinstance(file, str):
        where = f"venues.{terms.name}.options"
        raise UsageError("no file is named", where=where, cure='write options = {file = "corner.json"}')
    return Corner(terms.name, Path(file), keys)


def _now() -> int:
    return int(time.time() * 1000)
