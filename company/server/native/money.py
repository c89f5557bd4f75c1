"""What the company owns, earned, risks and ordered."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from company.server.native.dealing import Dealing
from company.server.native.fills import Trade, Words
from company.server.native.routing import Routes, limit
from company.server.native.views import View
from company.trading import CurveReport, Look, OpenOrder, PortfolioReport, RiskReport


class Order(OpenOrder):
    """An order that waits in a book."""

    venue: Words
    reason: Words


class Orders(View):
    """Orders that wait, and the newest trades, both newest first."""

    open: list[Order]
    trades: list[Trade]


class Money:
    """Endpoints about money.

    Args:
        dealing: Answers about the desk.
    """

    def __init__(self, dealing: Dealing) -> None:
        self._dealing = dealing

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("money")
        routes.door("GET", "/portfolio", self.portfolio, "read", refuses=(502,), response_model=PortfolioReport)
        routes.door("GET", "/portfolio/equity", self.equity, "read", response_model=CurveReport)
        routes.door("GET", "/risk", self.risk, "read", refuses=(502,), response_model=RiskReport)
        routes.door("GET", "/orders", self.orders, "read", response_model=Orders)
        return routes

    async def portfolio(self) -> Response:
        """Return what is owned and what was earned."""
        return await self._dealing.answer("portfolio", Look.portfolio)

    async def equity(self, points: Annotated[int, Query(ge=2, le=2_000, description="Most points.")] = 500) -> Response:
        """Return the equity curve in company time, oldest first.

        Every mark of the last three days, hourly ones for sixty days, daily ones before; spread evenly when there are
        more than asked for.
        """
        return await self._dealing.curve(points)

    async def risk(self) -> Response:
        """Return what is at stake, and where the desk stands against its limits."""
        return await self._dealing.answer("risk", Look.risk)

    async def orders(self, most: Annotated[int, limit(200)] = 50) -> Response:
        """Return the orders that wait in a book, and the newest trades.

        Orders at a venue that does not answer are those it told last.
        """

        async def made(look: Look) -> Orders:
            waiting = [Order(**order.model_dump()) for order in await look.open_orders()]
            return Orders(open=waiting, trades=self._dealing.fills.trades(most))

        return await self._dealing.answer(("orders", most), made)
