"""The native API, `/api/v1`: what the company is and did by GET, commands by POST.

Each part is a class of its own; this is where they are put together over one company.
"""

from fastapi import APIRouter

from company.engine import Engine
from company.server.commands import Commands
from company.server.driving import Driver
from company.server.native.agents import Agents
from company.server.native.approvals import ApprovalDoors
from company.server.native.control import Control
from company.server.native.conversations import Conversations
from company.server.native.costs import CostDoors
from company.server.native.feedback import FeedbackDoors
from company.server.native.mandates import MandateDoors
from company.server.native.memory import MemoryDoors
from company.server.native.personas import PersonaDoors
from company.server.native.runs import RunDoors
from company.server.native.why import WhyDoors
from company.store import Tally


class Api:
    """The parts of the API that concern conversations, runs, agents, memory, trails and control.

    Args:
        engine: Runs the company.
        driver: Does the work in the background.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        commands, tally = Commands(engine, driver), Tally(engine.company.store)
        self._parts = (
            Conversations(engine, commands),
            RunDoors(engine, commands),
            FeedbackDoors(engine, commands),
            ApprovalDoors(engine, commands),
            MandateDoors(engine, commands),
            Agents(engine, tally),
            PersonaDoors(engine),
            MemoryDoors(engine.company.memory, engine.company.roles, commands),
            CostDoors(engine, tally),
            WhyDoors(engine),
            Control(engine, commands),
        )

    def router(self) -> APIRouter:
        """Return the routes of all parts."""
        router = APIRouter()
        for part in self._parts:
            router.include_router(part.router())
        return router
