"""Drives runs in the background of the server, whoever asked for them and whether or not they still listen.

A task belongs to the server, never to a request: a client that goes away changes nothing. When the server ends, its
tasks are cancelled where they are; every step before is durable, so the next start or `company resume` goes on there.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from company.engine import Engine
from company.errors import CompanyError
from company.server.faults import Refusal
from company.store import Approval, Run

Result = TypeVar("Result")

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
        self.closing = False
        """The server is ending; streams say farewell and nothing new begins."""

    @property
    def running(self) -> frozenset[str]:
        """Ids of the runs that were started here and are being driven."""
        return frozenset(task.get_name() for task in self._tasks)

    def drive(self, run_id: str) -> None:
        """Advance a run in the background; a run that comes too late is found by the next start."""
        if not self.closing:
            self._begin(self._engine.advance(run_id), run_id).add_done_callback(_report)

    def sweep(self) -> None:
        """Finish in the background what earlier processes left."""
        self._begin(self._engine.sweep(), "sweep").add_done_callback(_report)

    async def decide(self, approval_id: str, *, approved: bool, by: str, note: str) -> tuple[Approval, Run]:
        """Record a person's decision and return when the run has acted on it.

        Raises:
            UsageError: The approval is decided or expired already.
            Refusal: The server ended meanwhile; the decision is recorded and acted on after the next start.
        """
        work = self._engine.decide(approval_id, approved=approved, by=by, note=note)
        task = self._begin(work, f"decision about {approval_id}")
        await asyncio.wait({task})
        if task.cancelled():
            raise Refusal(503, f"the server is ending; the decision about {approval_id} takes effect at its next start")
        return task.result()

    async def close(self) -> None:
        """Cancel all work; what was begun stays resumable. May be called again."""
        self.closing = True
        tasks = set(self._tasks)
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
