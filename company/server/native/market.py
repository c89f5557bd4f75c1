"""The market as the company sees it: every symbol at a glance, candles, how the venues answer."""

from difflib import get_close_matches
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from company.errors import ProviderError, ToolError
from company.server.faults import Refusal
from company.server.native.dealing import Dealing
from company.server.native.fills import Fill
from company.server.native.routing import Routes, limit
from company.server.native.views import View
from company.trading import Candle, Look, MarketReport

Timeframe = Literal["1m", "5m", "15m", "1h", "4h", "1d"]


class Candles(View):
    """Closed candles of one symbol, oldest first, and the company's own fills since the first of them."""

    symbol: str
    timeframe: Timeframe
    candles: list[Candle]
    fills: list[Fill]


class Market:
    """Endpoints about the market.

    Args:
        dealing: Answers about the desk.
    """

    def __init__(self, dealing: Dealing) -> None:
        self._dealing = dealing

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("market")
        routes.door("GET", "/market", self.market, "read", response_model=MarketReport)
        routes.door("GET", "/market/candles", self.candles, "read", refuses=(404, 502), response_model=Candles)
        return routes

    async def market(self) -> Response:
        """Return every symbol at a glance, and how the venues answer.

        A venue that does not answer in time is `stale` when it told something before, else `down`; the others are
        shown all the same.
        """
        return await self._dealing.answer("market", Look.market)

    async def candles(
        self,
        symbol: Annotated[str, Query(min_length=1, max_length=40, description="Such as BTC/USDT or btc.")],
        timeframe: Timeframe = "1h",
        most: Annotated[int, limit(300)] = 200,
    ) -> Response:
        """Return closed candles of a symbol with the company's own fills."""
        found = await _resolved(await self._dealing.look(), symbol)

        async def made(look: Look) -> Candles:
            try:
                candles = await look.candles(found, timeframe, most)
            except ToolError as error:
                raise ProviderError(str(error), retryable=True) from error
            fills = self._dealing.fills.of(found, candles[0].at)
            return Candles(symbol=found, timeframe=timeframe, candles=candles, fills=fills)

        return await self._dealing.answer(("candles", found, timeframe, most), made)


async def _resolved(look: Look, text: str) -> str:
    try:
        return await look.resolve(text)
    except ToolError:
        symbols = await look.symbols()
        if not symbols:
            raise ProviderError("no venue has answered yet; they are asked again soon", retryable=True) from None
        near = get_close_matches(text.upper(), symbols, cutoff=0.3) or symbols[:5]
        raise Refusal(404, f"no venue lists the symbol {text!r}; near it: {', '.join(near)}") from None
