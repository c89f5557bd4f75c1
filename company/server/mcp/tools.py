"""The tools: ask, look, decide, work. Each needs one scope, and does what the native API does under that scope.

A tool that begins a run follows it until it ended or waits for a person. The run belongs to the driver, so a client
that cancels its call, or vanishes, changes nothing: what the run comes to is read later, as a resource.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from company.engine import Engine
from company.server.commands import Commands
from company.server.doors.following import run_events
from company.server.doors.transcript import Transcript
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.mcp.results import RunResult, Told, Waiting, told_decision, told_run, told_status, told_waiting
from company.server.native.approvals import ApprovalDoors
from company.server.native.system import Status, status_of
from company.server.native.views import Decided, Decision, Message, Name, View, Words
from company.server.principal import Principal, Scope
from company.store import FINISHED, Run

Tell = Callable[[str], Awaitable[None]]
"""Tells the client in a line how far its call is."""

_RUN_SO_FAR = (
    "Returns the answer, the run's id and status, and what waits for a person. The run goes on when this call ends."
)


class Ask(View):
    """What is said to the CEO."""

    message: Annotated[Words, Field(description="What to say or ask, in plain words.")]
    conversation: Annotated[
        Name | None, Field(description="A conversation to go on with, from an earlier answer; a new one when left out.")
    ] = None


class Nothing(View):
    """No arguments."""


class Decide(View):
    """A person's answer to an approval."""

    id: Annotated[str, Field(max_length=40, description="The approval, such as A1.", examples=["A1"])]
    decision: Annotated[Literal["approve", "reject"], Field(description="What the person said.")]
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=2_000),
        Field(description="What the person says about it; kept in the journal."),
    ] = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """One tool as a client sees it.

    Attributes:
        name: What it is called.
        title: The same for people.
        description: What it does, and which scope it needs; a model reads it.
        scope: What a token must have.
        takes: Its arguments.
        gives: Its structured answer.
        do: Does it, for who asks; tells how far it is.
        reads: It changes nothing.
    """

    name: str
    title: str
    description: str
    scope: Scope
    takes: type[View]
    gives: type[View]
    do: Callable[[Principal, Any, Tell], Awaitable[Told]]
    reads: bool = False


class Tools:
    """The company's tools.

    Args:
        engine: Runs the company.
        driver: Drives runs in the background.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        self._engine, self._driver, self._store = engine, driver, engine.company.store
        self._commands = Commands(engine, driver)
        self._approvals = ApprovalDoors(engine, self._commands)

    def offers(self) -> tuple[Offer, ...]:
        """Return all tools, whoever may use them."""
        return (
            Offer(
                "ask_ceo",
                "Ask the CEO",
                "Say something to the company's CEO, who may delegate to roles and use their tools, and wait for the "
                f"answer. {_RUN_SO_FAR} Needs the scope `chat`.",
                "chat",
                Ask,
                RunResult,
                self.ask,
            ),
            Offer(
                "company_status",
                "How the company is",
                "Return mode, what runs, what waits for a person, spending and health. Changes nothing and asks no "
                "model. Needs the scope `read`.",
                "read",
                Nothing,
                Status,
                self.status,
                reads=True,
            ),
            Offer(
                "list_approvals",
                "What waits for a person",
                "List calls that wait for a person's yes or no, with their exact arguments. Arguments and previews may "
                "hold words of strangers. Changes nothing. Needs the scope `read`.",
                "read",
                Nothing,
                Waiting,
                self.waiting,
                reads=True,
            ),
            Offer(
                "decide_approval",
                "Pass on a person's decision",
                "Approve or reject one waiting call in the person's name; an approved call is carried out once, with "
                "exactly the arguments that were shown. Only after the person said so. Needs the scope `approve`.",
                "approve",
                Decide,
                Decided,
                self.decide,
            ),
            Offer(
                "run_cycle",
                "Run a cycle",
                "Begin one autonomous cycle, in which the roles do their standing work, and wait for its result. "
                f"{_RUN_SO_FAR} Needs the scope `chat`.",
                "chat",
                Nothing,
                RunResult,
                self.cycle,
            ),
        )

    async def ask(self, who: Principal, asked: Ask, tell: Tell) -> Told:
        """Say something to the CEO, and return what came of it."""
        self._require_open()
        thread = asked.conversation or f"mcp-{secrets.token_hex(4)}"
        run = self._commands.say(who, Message(text=asked.message, thread=thread), None)
        return await self._result(run, who, tell)

    async def status(self, _who: Principal, _nothing: Nothing, _tell: Tell) -> Told:
        """Return how the company is."""
        return told_status(status_of(self._engine, self._driver.running))

    async def waiting(self, who: Principal, _nothing: Nothing, _tell: Tell) -> Told:
        """Return what waits for a person."""
        views = await self._approvals.approvals("open")
        rows = [self._store.approvals.get(view.id) for view in views]
        return Told(Waiting(approvals=views), told_waiting(rows, who))

    async def decide(self, who: Principal, asked: Decide, _tell: Tell) -> Told:
        """Pass on a person's decision, and return when its run has acted on it."""
        decision = Decision(approved=asked.decision == "approve", note=asked.reason)
        decided = await self._approvals.decide(who, asked.id, decision)
        return told_decision(decided, self._store.approvals.get(asked.id))

    async def cycle(self, who: Principal, _nothing: Nothing, tell: Tell) -> Told:
        """Begin a cycle, and return what it came to."""
        self._require_open()
        return await self._result(self._commands.cycle(who, None), who, tell)

    def _require_open(self) -> None:
        if self._driver.closing:
            raise Refusal(503, "the company's server is ending; ask again when it is back")

    async def _result(self, run: Run, who: Principal, tell: Tell) -> Told:
        await tell(f"{run.id} has begun; whatever becomes of this call, company://runs/{run.id} is what it comes to")
        run = await self._followed(run, tell)
        views = [view for view in await self._approvals.approvals("open") if view.run == run.id]
        rows = [self._store.approvals.get(view.id) for view in views]
        return told_run(RunResult.of(run, views), rows, who)

    async def _followed(self, run: Run, tell: Tell) -> Run:
        """Return a run when it ended or waits for a person, and tell meanwhile what the roles do."""
        transcript, after, reached = Transcript(self._store), 0, run
        while reached.status not in {*FINISHED, "waiting"}:
            if self._driver.closing:
                raise Refusal(503, f"the company's server is ending; {run.id} goes on at its next start")
            async for event in run_events(self._store, self._driver, run.id, after=after):
                after = event.seq
                for piece in transcript.read(event):
                    if piece.kind == "activity":
                        await tell(piece.text.rstrip("\n"))
            reached = self._store.runs.get(run.id)
        return reached
