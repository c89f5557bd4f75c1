"""Decides what a message of an OpenAI client is: a front end's own question, a decision, or something for the company.

A role is asked through the CEO, for every run begins there: the message goes on as `@trading: ...`, and the answer says
so when the CEO gave it to somebody else.
"""

import asyncio
from dataclasses import dataclass

from company.engine import Engine
from company.errors import UsageError
from company.server.doors.answers import Answer, Ready, Turn
from company.server.doors.asked import Conversation
from company.server.doors.decisions import carry_out, read_command
from company.server.doors.housekeeping import housekeeping
from company.server.doors.openai_errors import OpenAiError
from company.server.driving import Driver
from company.server.principal import Principal
from company.store import Run

LOOK_BACK = 50
"""Newest runs among which the one is looked for that a repeated request began."""

LOOK_EVERY = 0.01
"""Seconds between two looks whether who stopped a run has let go of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that something must be done about.

    Attributes:
        conversation: Its messages.
        role: Whom it is for, empty for the CEO.
        thread: The conversation it goes on with.
        retried: The client sends it again because it heard no answer.
    """

    conversation: Conversation
    role: str
    thread: str
    retried: bool


def is_housekeeping(conversation: Conversation) -> str | None:
    """Return the answer to a front end's own question, None when a person speaks."""
    return housekeeping(conversation.new, conversation.system)


class Reception:
    """Takes messages.

    Args:
        engine: Runs the company.
        driver: Does the work in the background.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        self._engine, self._driver, self._store = engine, driver, engine.company.store

    async def receive(self, asked: Asked, principal: Principal) -> Answer:
        """Return the answer to a person's message, which may have only just begun.

        Raises:
            OpenAiError: The company takes no requests now.
        """
        if command := read_command(asked.conversation.new):
            return Ready(await carry_out(command, principal, self._engine, self._driver))
        words = asked.conversation.new
        request = f"@{asked.role}: {words}" if asked.role else words
        try:
            again = await self._begun(asked, request, principal) if asked.retried else None
            run, after = again or (self._begin(request, asked.thread, principal), 0)
        except UsageError as error:
            raise OpenAiError(503, str(error), final=True) from error
        return Turn(self._engine, self._driver, run, person=principal.person, role=asked.role, after=after)

    def _begin(self, request: str, thread: str, principal: Principal) -> Run:
        if self._driver.closing:
            raise OpenAiError(503, "the server is ending; ask again when it is back")
        run = self._engine.start("chat", request=request, person=principal.person, thread_id=thread)
        self._driver.drive(run.id)
        return run

    async def _begun(self, asked: Asked, request: str, principal: Principal) -> tuple[Run, int] | None:
        """Return the run that an earlier try of this request began, and after which event its answer starts.

        The earlier try's connection broke, which stopped the run; it is let go on instead of doing its work twice.
        """
        said = self._engine.company.redactor.text(request)
        sought = (asked.thread, said, principal.person)
        runs = self._store.runs.recent(LOOK_BACK)
        run = next((run for run in runs if (run.thread_id, run.request, run.person) == sought), None)
        while run and run.status == "stopped" and run.id in self._driver.running:
            await asyncio.sleep(LOOK_EVERY)
            run = self._store.runs.get(run.id)
        if run is None or run.status != "stopped":
            return None if run is None else (run, 0)
        after = self._store.journal.last_seq()
        run = self._engine.reopen(run.id)
        self._driver.drive(run.id)
        return run, after
