"""Prints the journal while a run writes it: a cursor over the log, the same that every other reader uses."""

import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from company.cli.lines import Lines
from company.events import Event
from company.store import Journal

Result = TypeVar("Result")
POLL = 0.05


def printer(*, as_json: bool) -> Callable[[Event], None]:
    """Return what prints one event: a JSON line, or lines for a person."""
    if as_json:
        return lambda event: typer.echo(json.dumps(event.line(), ensure_ascii=False, separators=(",", ":")))
    width = min(shutil.get_terminal_size((110, 24)).columns, 160)
    return Lines(width=width, colour=sys.stdout.isatty()).show


async def following(cursor: "Cursor", work: Awaitable[Result]) -> Result:
    """Show what is written to the journal while `work` goes on, and the rest of it when it has ended."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=POLL)
            cursor.drain()
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=1.5)
        cursor.drain()


class Cursor:
    """A place in the journal and what to do with everything after it.

    Args:
        journal: The journal.
        show: Takes each event once, in order.
        after: Sequence number before the first event to show.
    """

    def __init__(
        self, journal: Journal, show: Callable[[Event], None], *, after: int, run_id: str | None = None
    ) -> None:
        self._journal, self._show, self._after, self._run = journal, show, after, run_id

    def drain(self) -> None:
        """Show every event written since the last time."""
        while events := self._journal.read(after=self._after, run_id=self._run, limit=500):
            for event in events:
                self._show(event)
            self._after = events[-1].seq
