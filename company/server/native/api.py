"""The native API, `/api/v1`: commands by POST, state by GET, everything that happens by `GET /events`."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from company.engine import Engine
from company.errors import UsageError
from company.server.access.gate import cookie_name
from company.server.access.keys import LIFETIME, Sessions
from company.server.commands import Commands
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.native.views import (
    ApprovalList,
    ApprovalView,
    Decided,
    Decision,
    Login,
    Message,
    RunList,
    RunView,
    Started,
    Status,
    status_of,
)
from company.server.streams.sse import EventStream
from company.store import Approval, Run

PREFIX = "/api/v1"
SESSION_PATH = f"{PREFIX}/session"

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
Id = Annotated[str, Path(max_length=40)]
Seq = Annotated[int, Query(ge=0, description="Number of the last event already known.")]
LastSeq = Annotated[int | None, Header(alias="Last-Event-ID", ge=0)]


class Api:
    """Endpoints over one company.

    Args:
        engine: Runs the company.
        driver: Does the work in the background.
        sessions: Opens browser sessions.
        port: The port this server is reached at.
        person: Who decides about approvals, and who speaks when a message does not say.
    """

    def __init__(self, engine: Engine, driver: Driver, sessions: Sessions, *, port: int, person: str) -> None:
        self._engine, self._driver, self._sessions, self._person = engine, driver, sessions, person
        self._store = engine.company.store
        self._commands = Commands(engine, driver, person=person)
        self._cookie = cookie_name(port)

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix=PREFIX)
        router.add_api_route("/session", self.log_in, methods=["POST"], status_code=204, response_class=Response)
        router.add_api_route("/messages", self.say, methods=["POST"], status_code=202)
        router.add_api_route("/cycles", self.cycle, methods=["POST"], status_code=202)
        router.add_api_route("/runs", self.runs, methods=["GET"])
        router.add_api_route("/runs/{run_id}", self.run, methods=["GET"])
        router.add_api_route("/approvals", self.approvals, methods=["GET"])
        router.add_api_route("/approvals/{approval_id}", self.approval, methods=["GET"])
        router.add_api_route("/approvals/{approval_id}", self.decide, methods=["POST"])
        router.add_api_route("/status", self.status, methods=["GET"])
        router.add_api_route("/events", self.events, methods=["GET"], response_class=Response)
        return router

    async def log_in(self, login: Login) -> Response:
        """Exchange the token for a session cookie."""
        if not self._sessions.is_token(login.token):
            raise Refusal(401, "this is not the server's token; open the address that `company serve` printed")
        answer = Response(status_code=204)
        seconds = int(LIFETIME.total_seconds())
        answer.set_cookie(self._cookie, self._sessions.open(), max_age=seconds, httponly=True, samesite="strict")
        return answer

    async def say(self, message: Message, key: Key = None) -> Started:
        """Say something to the CEO; the answer comes through `GET /events`."""
        return _started(self._commands.say(message, key))

    async def cycle(self, key: Key = None) -> Started:
        """Run one autonomous cycle."""
        return _started(self._commands.cycle(key))

    async def runs(self, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> RunList:
        """Return the newest runs, newest first."""
        return RunList(runs=[RunView.of(run) for run in self._store.runs.recent(limit)])

    async def run(self, run_id: Id) -> RunView:
        """Return one run."""
        return RunView.of(self._run(run_id))

    async def approvals(self) -> ApprovalList:
        """Return what waits for a person, oldest first."""
        return ApprovalList(approvals=[ApprovalView.of(approval) for approval in self._store.approvals.open()])

    async def approval(self, approval_id: Id) -> ApprovalView:
        """Return one approval, open or decided."""
        return ApprovalView.of(self._approval(approval_id))

    async def decide(self, approval_id: Id, decision: Decision) -> Decided:
        """Approve or reject exactly one call; the first decision counts."""
        self._approval(approval_id)
        try:
            approval, run = await self._driver.decide(
                approval_id, approved=decision.approved, by=self._person, note=decision.note
            )
        except UsageError as error:
            raise Refusal(409, str(error)) from error
        return Decided(approval=ApprovalView.of(approval), run=RunView.of(run))

    async def status(self) -> Status:
        """Return how the company is."""
        return status_of(self._engine, self._driver.running)

    async def events(self, run: str | None = None, after: Seq = 0, last_event_id: LastSeq = None) -> Response:
        """Stream the journal from the event after the one last seen; the header, sent by a reconnect, goes first."""
        if run is not None:
            self._run(run)
        known = after if last_event_id is None else last_event_id
        return EventStream(self._store.journal, self._driver, after=known, run_id=run)

    def _run(self, run_id: str) -> Run:
        try:
            return self._store.runs.get(run_id)
        except UsageError as error:
            raise Refusal(404, str(error)) from error

    def _approval(self, approval_id: str) -> Approval:
        try:
            return self._store.approvals.get(approval_id)
        except UsageError as error:
            raise Refusal(404, str(error)) from error


async def health(_request: Request) -> Response:
    """Answer that the server lives; says nothing about the company, so it needs no token."""
    return Response('{"status":"ok"}', media_type="application/json")


def _started(run: Run) -> Started:
    return Started(run=run.id, thread=run.thread_id)
