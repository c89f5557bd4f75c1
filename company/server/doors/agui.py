"""AG-UI: `POST /agui` starts a run and answers with its events, as front ends built for that protocol read them.

The journal speaks AG-UI already; `agui_events.py` says what is different for one client. A client that goes away
changes nothing: the run goes on, and the same `threadId` and `runId` of the same person give its events again, never a
second run.
An approval is an interrupt of the protocol: `resume` decides it, for a token with the scope `approve`. One that takes
several people stays one until the last of them said yes.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from company.engine import Engine
from company.errors import UsageError
from company.events import Event
from company.server.doors.agui_events import Translation, run_error
from company.server.doors.asked import LONGEST
from company.server.doors.delivery import FrameStream, frame
from company.server.doors.following import ENDINGS, run_events
from company.server.doors.threads import is_name
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.principal import Principal, principal_of
from company.store import Approval

if TYPE_CHECKING:
    from ag_ui.core import ResumeEntry, RunAgentInput

PATH = "/agui"

_KIND = "agui"


class _Verdict(BaseModel):
    """What `resume[].payload` says; the schema that travels with each interrupt."""

    model_config = ConfigDict(extra="forbid")

    approved: StrictBool
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Span:
    """The part of a run's events that answers one request.

    Attributes:
        run: The run.
        after: Number of the last event before it.
        passed: Number of the last event whose ending is not the request's: the run parked again in between.
    """

    run: str
    after: int
    passed: int


class AgUi:
    """The endpoint.

    Args:
        engine: Runs the company.
        driver: Does the work in the background.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        self._engine, self._driver, self._store = engine, driver, engine.company.store
        self._books = self._store.books("server")

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(PATH, self.run, methods=["POST"], response_class=Response)
        return router

    async def run(self, request: Request) -> Response:
        """Start or resume a run, and stream its events."""
        principal = principal_of(request)
        principal.require("chat")
        given = _parsed(await request.body())
        mark = hashlib.sha256(json.dumps([principal.person, given.thread_id, given.run_id]).encode()).hexdigest()
        span = self._known(mark)
        if span is None:
            span = await self._resumed(given, principal) if given.resume else self._begun(given, principal)
            self._books.put(_KIND, mark, {"run": span.run, "after": span.after, "passed": span.passed})
        return FrameStream(self._frames(span, given))

    def _known(self, mark: str) -> _Span | None:
        known = self._books.get(_KIND, mark)
        return None if known is None else _Span(known["run"], known["after"], known["passed"])

    def _begun(self, given: "RunAgentInput", principal: Principal) -> _Span:
        text = _new_words(given)
        try:
            run = self._engine.start("chat", request=text, person=principal.person, thread_id=given.thread_id)
        except UsageError as error:
            raise Refusal(409, str(error)) from error
        self._driver.drive(run.id)
        return _Span(run.id, 0, 0)

    async def _resumed(self, given: "RunAgentInput", principal: Principal) -> _Span:
        principal.require("approve")
        decisions = [
            (self._approval(given.thread_id, entry.interrupt_id), _verdict(entry)) for entry in given.resume or ()
        ]
        run_id = decisions[0][0].run_id
        if {approval.run_id for approval, _ in decisions} != {run_id}:
            raise Refusal(422, "resume: these interrupts belong to more than one run; answer one run at a time")
        before = passed = self._store.journal.last_seq()
        for approval, verdict in decisions:
            passed = self._store.journal.last_seq()
            try:
                await self._driver.decide(
                    approval.id,
                    approved=verdict.approved,
                    by=principal.person,
                    note=verdict.note,
                )
            except UsageError as error:
                raise Refusal(409, str(error)) from error
        return _Span(run_id, before, passed)

    def _approval(self, thread_id: str, interrupt_id: str) -> Approval:
        with suppress(UsageError):
            approval = self._store.approvals.get(interrupt_id)
            if approval.thread_id == thread_id:
                return approval
        raise Refusal(404, f"resume: the thread {thread_id!r} has no interrupt {interrupt_id!r}")

    async def _frames(self, span: _Span, given: "RunAgentInput") -> AsyncIterator[bytes]:
        translation = Translation(self._store, span.run, thread_id=given.thread_id, run_id=given.run_id)
        yield frame(translation.started())
        ended = False
        async for event in self._events(span):
            for body in translation.read(event):
                yield frame(body)
            ended = event.type in ENDINGS
        if not ended and (parked := self._still_parked(span.run)) is not None:
            for body in translation.read(parked):
                yield frame(body)
        elif not ended:
            yield frame(run_error("the server is ending; send the same runId again later to see the rest", "ending"))

    def _still_parked(self, run_id: str) -> Event | None:
        """Return how a run parked that nothing moved on: one of several people said yes."""
        if self._driver.closing or self._store.runs.get(run_id).status != "waiting":
            return None
        return self._store.journal.read(run_id=run_id, types={"RUN_FINISHED"})[-1]

    async def _events(self, span: _Span) -> AsyncIterator[Event]:
        after, goes_on = span.after, True
        while goes_on:
            goes_on = False
            async for event in run_events(self._store, self._driver, span.run, after=after):
                after = event.seq
                goes_on = event.type in ENDINGS and after <= span.passed
                if not goes_on:
                    yield event


def _parsed(body: bytes) -> "RunAgentInput":
    from ag_ui.core import RunAgentInput  # 0.1 s, and most servers never need it

    try:
        given = RunAgentInput.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise Refusal(422, f"{place or 'body'}: {problem['msg']}") from error
    if not is_name(given.thread_id):
        raise Refusal(422, f"threadId {given.thread_id[:100]!r}: must have 1 to 100 characters on one line")
    return given


def _new_words(given: "RunAgentInput") -> str:
    """Return the last message, which must be a person's and in words; the rest is known here already."""
    last: Any = given.messages[-1] if given.messages else None
    if last is None or last.role != "user":
        raise Refusal(422, "messages: the last one must be the user's; nothing else is new here")
    content: list[Any] = last.content if isinstance(last.content, list) else [last.content]
    parts = [part if isinstance(part, str) else getattr(part, "text", None) for part in content]
    if not all(isinstance(part, str) for part in parts):
        raise Refusal(422, "messages: the company reads text only; put what matters into words")
    text = "\n".join(map(str, parts)).strip()
    if not 0 < len(text) <= LONGEST:
        raise Refusal(422, f"messages: the last one has {len(text)} characters, 1 to {LONGEST} are allowed")
    return text


def _verdict(entry: "ResumeEntry") -> _Verdict:
    if entry.status == "cancelled":
        return _Verdict(approved=False, note="cancelled")
    try:
        return _Verdict.model_validate(entry.payload)
    except ValidationError as error:
        raise Refusal(
            422, f"resume: the payload of {entry.interrupt_id!r} must be {{approved: boolean, note?: string}}"
        ) from error
