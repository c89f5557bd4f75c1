"""An HTTP server on loopback that answers as a test says, as Binance would, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

INFO = {
    "timezone": "UTC",
    "serverTime": 1_767_225_600_000,
    "rateLimits": [],
    "exchangeFilters": [],
    "symbols": [
        {
            "symbol": f"{base}USDT",
            "status": "TRADING",
            "baseAsset": base,
            "baseAssetPrecision": 8,
            "quoteAsset": "USDT",
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "permissions": ["SPOT"],
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": "0.01"},
                {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.00", "stepSize": "0.00001"},
                {"filterType": "NOTIONAL", "minNotional": "5.00", "applyMinToMarket": True},
            ],
        }
        for base in ("BTC", "ETH")
    ],
}
TICKER = {
    "symbol": "BTCUSDT",
    "priceChangePercent": "1.50",
    "lastPrice": "65000.00",
    "bidPrice": "64999.99",
    "askPrice": "65000.01",
    "openTime": 1_767_139_200_000,
    "closeTime": 1_767_225_600_000,
}
ACCOUNT = {
    "makerCommission": 10,
    "takerCommission": 10,
    "updateTime": 1_767_225_600_000,
    "balances": [
        {"asset": "USDT", "free": "100000.12345678", "locked": "0.00000000"},
        {"asset": "BTC", "free": "0.05000000", "locked": "0.00000000"},
    ],
}


def order(key: str, **changed: Any) -> dict[str, Any]:
    """A filled market order as Binance tells it."""
    return {
        "symbol": "BTCUSDT",
        "orderId": 28,
        "orderListId": -1,
        "clientOrderId": key,
        "transactTime": 1_767_225_600_000,
        "price": "0.00",
        "origQty": "0.01000",
        "executedQty": "0.01000",
        "cummulativeQuoteQty": "650.00",
        "status": "FILLED",
        "timeInForce": "GTC",
        "type": "MARKET",
        "side": "BUY",
        "fills": [],
        **changed,
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def is_signed(self) -> bool:
        return "signature=" in self.path + self.body or any(name.startswith("x-mbx") for name in self.headers)


@dataclass(frozen=True, slots=True)
class Says:
    """What is answered."""

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drops: bool = False
    ends: bool = False
    never: bool = False

    def encoded(self) -> bytes:
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        head = {"Content-Type": "application/json", "Content-Length": str(len(text.encode())), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in head.items()), "", text]
        return "\r\n".join(lines).encode()


class Scripted:
    """The server; `says` maps `METHOD /path` to an answer or to what makes one of the request."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.says: dict[str, Says | Callable[[Asked], Says]] = {
            "GET /api/v3/exchangeInfo": Says(INFO),
            "GET /api/v3/ticker/24hr": Says(TICKER),
            "GET /api/v3/account": Says(ACCOUNT),
        }
        self.port = 0
        self.writers: set[asyncio.StreamWriter] = set()
        self.left = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """Method and path of every request, without parameters."""
        return [f"{asked.method} {asked.path.partition('?')[0]}" for asked in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while (asked := await _read(reader)) is not None:
                self.asked.append(asked)
                found = self.says.get(f"{asked.method} {asked.path.partition('?')[0]}", Says("not here", 404))
                said = found(asked) if callable(found) else found
                if said.never:
                    await reader.read()
                    break
                if said.drops:
                    break
                writer.write(said.encoded())
                await writer.drain()
                if said.ends:
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.writers.discard(writer)
            if not self.writers:
                self.left.set()

    async def end(self) -> None:
        """Hang up on whoever is still connected."""
        self.left.clear()
        for writer in tuple(self.writers):
            writer.transport.abort()
        if self.writers:
            await self.left.wait()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, body.decode())


@asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    """Serve on a free port of loopback."""
    exchange = Scripted()
    server = await asyncio.start_server(exchange.serve, "127.0.0.1", 0)
    exchange.port = server.sockets[0].getsockname()[1]
    try:
        yield exchange
    finally:
        server.close()
        await exchange.end()
