"""Drives runs in the background of the server, whoever asked for them and whether or not they still listen.

A task belongs to the server, never to a request: a client that goes away changes nothing. When the server ends, its
tasks are cancelled where they are; every step before is durable, so the next start or `company resume` goes on there.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from typing import Any, TypeVar

from company.engine import Engine
from company.errors import CompanyError
from company.server.faults import Refusal
from company.store import Approval, Run

Result = TypeVar("Result")

LOOK_EVERY = 60.0
"""Seconds between two looks at what waits for people."""

PATIENCE = 0.5
"""Seconds in which cancelled tasks put down what they hold."""

_log = logging.getLogger(__name__)


class Driver:
    """The server's background work.

    Args:
        engine: Does the work.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tasks: set[asyncio.Task[Any]] = set()
        self._tending: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[], None]] = []
        self._swept = asyncio.Event()
        self.closing = False
        """The server is ending; streams say farewell and nothing new begins."""

    @property
    def running(self) -> frozenset[str]:
        """Names of the work under way; a run that was begun here is driven under its id."""
        return frozenset(task.get_name() for task in self._tasks)

    @property
    def is_tending(self) -> bool:
        """It looks after what earlier processes left and what waits for people."""
        return self._tending is not None and not self._tending.done()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever a run begins here, and when the server ends."""
        self._listeners.append(listener)

    def drive(self, run_id: str) -> None:
        """Advance a run in the background; a run that comes too late is found by the next start."""
        if not self.closing:
            self._tell()
            self._begin(self._advance(run_id), run_id).add_done_callback(_report)

    async def advance(self, run_id: str) -> Run:
        """Advance a run as part of the background work, and return it when it finished, parked or was stopped.

        What earlier processes left goes first: the look for it would take a run that is new.
        """
        await self._swept.wait()
        self._tell()
        return await self._begin(self._engine.advance(run_id), run_id)

    async def _advance(self, run_id: str) -> Run:
        await asyncio.sleep(0)  # streams tell that the run began before its first step keeps the loop busy
        return await self._engine.advance(run_id)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def tend(self) -> None:
        """Finish what earlier processes left; then look each minute for decisions made elsewhere and for lateness."""
        self._tending = asyncio.create_task(self._tend(), name="tending")
        self._tending.add_done_callback(_report)

    async def _tend(self) -> None:
        work = self._engine.sweep
        while True:
            task = self._begin(work(), "approvals")
            task.add_done_callback(_report)
            await asyncio.wait({task})
            self._swept.set()
            await asyncio.sleep(LOOK_EVERY)
            work = self._engine.wake

    async def decide(
        self,
        approval_id: str,
        *,
        approved: bool,
        by: str,
        note: str,
        bundle: bool = False,
        shown: Collection[str] = (),
    ) -> tuple[Approval, Run]:
        """Record a person's decision, or one about a bundle up to this approval, and return when its run has acted.

        Raises:
            UsageError: The approval is decided or expired already.
            Refusal: The server ended meanwhile; the decision is recorded and acted on after the next start.
        """
        work = self._engine.decide(approval_id, approved=approved, by=by, note=note, bundle=bundle, shown=shown)
        task = self._begin(work, f"decision about {approval_id}")
        await asyncio.wait({task})
        if task.cancelled():
            raise Refusal(503, f"the server is ending; the decision about {approval_id} takes effect at its next start")
        return task.result()

    async def close(self) -> None:
        """Cancel all work; what was begun stays resumable. May be called again."""
        self.closing = True
        self._tell()
        tasks = {*self._tasks, *([self._tending] if self._tending else [])}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE)

    def _begin(self, work: Coroutine[Any, Any, Result], name: str) -> asyncio.Task[Result]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _report(task: asyncio.Task[Any]) -> None:
    """Say in the log what ended a task; people read of a failed run in the journal."""
    if task.cancelled() or not (error := task.exception()):
        return
    trace = None if isinstance(error, CompanyError) else error
    _log.error("%s was not finished: %s", task.get_name(), error, exc_info=trace)
