"""Feedback: what a person thinks of what a run came to. The journal tells of it, so every page shows the same."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from company.engine import Engine
from company.server.commands import Commands
from company.server.faults import found
from company.server.native.routing import Routes, RunId, Who
from company.server.native.views import View
from company.store.feedback import LONGEST_NOTE


class Thumb(View):
    """Thumbs up or down for the answer of a run, and why."""

    value: Literal["up", "down"]
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_NOTE)] = ""


class FeedbackView(View):
    """What one person thinks of one run."""

    run: str
    person: str
    value: Literal["up", "down"]
    note: str
    at: datetime


class FeedbackDoors:
    """Endpoints about feedback.

    Args:
        engine: Runs the company.
        commands: Carries out what is asked.
    """

    def __init__(self, engine: Engine, commands: Commands) -> None:
        self._runs, self._commands = engine.company.store.runs, commands

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("runs")
        routes.door("POST", "/runs/{run_id}/feedback", self.give, "chat", refuses=(404, 409))
        routes.door("DELETE", "/runs/{run_id}/feedback", self.take_back, "chat", status=204, refuses=(404,))
        return routes

    async def give(self, who: Who, run_id: RunId, thumb: Thumb) -> FeedbackView:
        """Say what you think of the answer of a run; what you said of it before counts no longer."""
        run = found(self._runs.get, run_id)
        kept = self._commands.judge_run(who, run, thumb.value, thumb.note)
        return FeedbackView(run=kept.run_id, person=who.person, value=kept.verdict, note=kept.note, at=kept.at)

    async def take_back(self, who: Who, run_id: RunId) -> Response:
        """Take back what you said of a run."""
        self._commands.unjudge_run(who, found(self._runs.get, run_id))
        return Response(status_code=204)
