"""What answers a message of a client of `/v1`: a run, or words that were there before."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Protocol

from company.engine import Engine
from company.errors import UsageError
from company.events import Event
from company.server.doors.following import run_events
from company.server.doors.openai_errors import OpenAiError
from company.server.doors.transcript import Piece, Transcript, Usage
from company.server.driving import Driver
from company.store import Run


class Answer(Protocol):
    """Something that is being answered."""

    @property
    def run(self) -> str:
        """The run that answers, empty when none does."""

    @property
    def usage(self) -> Usage:
        """Tokens so far; complete when the pieces are."""

    def pieces(self) -> AsyncIterator[Piece]:
        """Give the answer as it comes, once.

        Raises:
            OpenAiError: The run failed, was stopped, or the server ends.
        """

    async def abandon(self) -> None:
        """The client went away; work that only it waited for is stopped."""


class Ready:
    """An answer that was there before it was asked for; nothing works on it.

    Args:
        text: The answer.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.usage, self.run = Usage(), ""

    async def pieces(self) -> AsyncIterator[Piece]:
        """Give the answer."""
        yield Piece("answer", self._text)

    async def abandon(self) -> None:
        """Do nothing: nothing is under way."""


class Turn:
    """A run that answers a message.

    Args:
        engine: Runs the company.
        driver: Drives the run, and says when the server ends.
        run: The run.
        person: Who asked; the run is stopped in this name when the client goes away.
        role: Whom the message was for, empty for the CEO.
        after: Number of the last event that does not belong to the answer.
    """

    def __init__(
        self, engine: Engine, driver: Driver, run: Run, *, person: str, role: str = "", after: int = 0
    ) -> None:
        self._engine, self._driver, self._person, self._after = engine, driver, person, after
        self._transcript = Transcript(engine.company.store, role)
        self._ended = False
        self.run = run.id

    @property
    def usage(self) -> Usage:
        """Tokens so far; complete when the pieces are."""
        return self._transcript.usage

    async def pieces(self) -> AsyncIterator[Piece]:
        """Give the answer as it comes, once.

        Raises:
            OpenAiError: The run failed, was stopped, or the server ends.
        """
        store = self._engine.company.store
        last = None
        async for last in run_events(store, self._driver, self.run, after=self._after):
            for piece in self._transcript.read(last):
                yield piece
        self._ended = not self._driver.closing
        _require_good_end(self.run, last)

    async def abandon(self) -> None:
        """Stop the run, unless it ended; when the server ends, it goes on at the next start."""
        if not (self._ended or self._driver.closing):
            with suppress(UsageError):  # it ended in this very moment
                await self._engine.cancel(self.run, by=self._person)


def _require_good_end(run_id: str, last: Event | None) -> None:
    if last is None or last.type not in {"RUN_FINISHED", "RUN_ERROR"}:
        what = f"the server is ending; {run_id} goes on at its next start, ask for it there"
        raise OpenAiError(503, what, final=True)
    if last.type == "RUN_ERROR":
        raise OpenAiError(500, f"{run_id} failed: {last.body['message']}", code="run_failed", final=True)
    if last.body["outcome"]["type"] == "cancelled":
        reason = last.body["result"]["reason"]
        raise OpenAiError(409, f"{run_id} was stopped: {reason}", code="run_stopped", final=True)
