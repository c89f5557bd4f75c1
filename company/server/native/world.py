"""What goes on outside: the news the company has read, and who attacks it."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from company.defence import Alert, Watch
from company.engine import Engine
from company.newsroom import Judged, Newsroom
from company.server.native.cached import Cached, Pulse
from company.server.native.fills import Words
from company.server.native.routing import Routes, limit
from company.server.native.views import View

ALERTS, BLOCKS = 50, 100
TELLING = frozenset({"TOOL_CALL_RESULT"})
"""Events after which there may be something new: news is read and attacks are found by tools."""


class MoodView(View):
    """How the news of two days sounds together: score from -1 to 1, confidence from 0 to 0.6."""

    score: float
    label: str
    confidence: float
    items: int


class News(View):
    """The news the company has read, newest first."""

    mood: MoodView
    items: list[Judged]


class BlockView(View):
    """An address the company's web server refuses."""

    address: str
    reason: Words
    at: datetime


class Threats(View):
    """Alerts, the last raised first, and blocks, the last made first."""

    alerts: list[Alert]
    blocks: list[BlockView]


class World:
    """Endpoints about the outside.

    Args:
        engine: Runs the company.
    """

    def __init__(self, engine: Engine) -> None:
        company = engine.company
        self._catch_up = engine.catch_up
        self._newsroom: Newsroom = company.services[Newsroom]
        self._watch: Watch = company.services[Watch]
        self._pulse, self._clock, self._cached = Pulse(company.store.journal, TELLING), company.clock, Cached()

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("world")
        routes.door("GET", "/news", self.news, "read", response_model=News)
        routes.door("GET", "/threats", self.threats, "read", response_model=Threats)
        return routes

    async def news(self, most: Annotated[int, limit(100)] = 20) -> Response:
        """Return the news the company has read in the last two days, with how far each item is borne out.

        `corroborated`: an outlet on another host tells the same of the same instrument within a day. `suspicious`:
        signs of manipulation were found in it, or its outlet is hardly ever right. `notes` say which. Nothing is
        fetched for this: what no role has read is not shown.
        """

        def made() -> News:
            bulletin = self._newsroom.bulletin(most)
            mood = MoodView(**bulletin.mood.model_dump(include=set(MoodView.model_fields)))
            return News(mood=mood, items=list(bulletin.items))

        return await self._answer(("news", most), made)

    async def threats(self) -> Response:
        """Return the latest alerts, and the addresses that are refused."""

        def made() -> Threats:
            blocks = [BlockView(**block.model_dump(exclude={"key"})) for block in self._watch.blocks(BLOCKS)]
            return Threats(alerts=self._watch.alerts(ALERTS), blocks=blocks)

        return await self._answer("threats", made)

    async def _answer(self, name: object, make: Callable[[], BaseModel]) -> Response:
        async def made() -> bytes:
            return make().model_dump_json().encode()

        self._catch_up()
        mark = self._pulse.read(), int(self._clock.now().timestamp()) // 60
        return Response(await self._cached.get(name, mark, made), media_type="application/json")
