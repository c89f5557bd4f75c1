"""Runs: what the company works on and did, and the commands that begin and end one."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query

from company.engine import Engine
from company.events import Json
from company.server.commands import Commands
from company.server.faults import Refusal, found
from company.server.native.routing import Key, Routes, RunId, Who, limit
from company.server.native.views import RunView, Started, View
from company.store import Lane, Lanes, Run


class ReportView(View):
    """What a role handed in.

    Attributes:
        at: Wall-clock time.
        task: The task as it was given.
        status: `ok`, `degraded`, `failed` or `waiting`.
        completion: `done` when receipts bear out what is claimed, `claimed` when they do not, else `open`.
        figures: Named numbers, taken from tool results.
        receipts: What proves the effects: tools with the first digits of their effects' keys.
        unproven: What is claimed and no receipt shows, with what is missing.
        waiting: Ids of approvals that were open then.
        tainted: Words of strangers entered the work.
        notices: What stood in for what.
    """

    role: str
    run: str
    at: datetime
    task: str
    status: str
    completion: str
    summary: str
    figures: Json
    receipts: list[Any]
    unproven: list[str]
    waiting: list[str]
    failures: list[str]
    tainted: bool
    notices: list[str]

    @classmethod
    def of(cls, lane: Lane) -> Self | None:
        """Return the report of an assignment, None before it is handed in."""
        if lane.report is None or lane.finished_at is None:
            return None
        told = {name: value for name, value in lane.report.items() if name in cls.model_fields}
        earlier = {"receipts": [], "unproven": [], "waiting": [], "notices": [], "completion": "open"}
        return cls(**{**earlier, **told}, run=lane.run_id, at=lane.finished_at)


class CycleReport(View):
    """A cycle: the CEO's summing-up and what the roles handed in."""

    run: RunView
    answer: str
    reports: list[ReportView]


class RunDoors:
    """Endpoints about runs.

    Args:
        engine: Runs the company.
        commands: Begins and ends them.
    """

    def __init__(self, engine: Engine, commands: Commands) -> None:
        self._store, self._commands = engine.company.store, commands
        self._lanes = Lanes(self._store)

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("runs")
        routes.door("GET", "/runs", self.runs, "read", refuses=(404,))
        routes.door("GET", "/runs/{run_id}", self.run, "read", refuses=(404,))
        routes.door("POST", "/runs/{run_id}/cancel", self.cancel, "chat", refuses=(404, 409))
        routes.door("POST", "/cycles", self.cycle, "chat", status=202, refuses=(409,))
        routes.door("GET", "/report", self.report, "read", refuses=(404,))
        return routes

    async def runs(
        self,
        most: Annotated[int, limit(100)] = 20,
        before: Annotated[str | None, Query(max_length=40, description="RunId of a run; only older ones.")] = None,
    ) -> list[RunView]:
        """List the newest runs, newest first."""
        older = self._run(before).id if before else ""
        return [RunView.of(run) for run in self._store.runs.recent(most, before=older)]

    async def run(self, run_id: RunId) -> RunView:
        """Return one run."""
        return RunView.of(self._run(run_id))

    async def cancel(self, who: Who, run_id: RunId, key: Key = None) -> RunView:
        """Stop one run, wherever it is driven.

        What it asked a person for is rejected. A run under way ends at its next model or tool call, so it is returned
        as it is then. The run of another person needs the scope `admin` too.
        """
        run = self._run(run_id)
        if run.person not in {"", who.person}:
            who.require("admin")
        return RunView.of(await self._commands.cancel(who, run, key))

    async def cycle(self, who: Who, key: Key = None) -> Started:
        """Begin one autonomous cycle."""
        return Started.of(self._commands.cycle(who, key))

    async def report(self) -> CycleReport:
        """Return what the last cycle came to.

        It has ended, well or not, or has only calls left that wait for a person.
        """
        run = self._store.runs.last_answered("cycle")
        if run is None:
            raise Refusal(404, "no cycle has come to anything yet; POST /api/v1/cycles begins one")
        return self.report_of(run.id)

    def report_of(self, run_id: str) -> CycleReport:
        """Return what a run came to, also one that was no cycle.

        Raises:
            Refusal: 404, there is no such run.
        """
        run = self._run(run_id)
        reports = [report for lane in self._lanes.of_run(run.id) if (report := ReportView.of(lane))]
        return CycleReport(run=RunView.of(run), answer=run.outcome.get("answer", ""), reports=reports)

    def _run(self, run_id: str) -> Run:
        return found(self._store.runs.get, run_id)
