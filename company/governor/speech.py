"""Streams one message into the journal: start, coalesced pieces, end.

Pieces are joined until 240 characters are there or 50 ms of the speaker's time have passed, so that a fast model
costs few journal rows and a slow one still shows its words at once; the first words of an eager speaker wait for
nothing. The autopilot speaks in company time; where that is virtual only the size counts, which keeps the rows of a
seeded run the same each time.
"""

from company import events
from company.governor.scope import Scope
from company.ports import Clock
from company.store import Journal

MAX_PIECE = 240
MAX_WAIT = 0.05


class Speech:
    """One message on its way into the journal.

    Args:
        journal: Where the pieces go.
        scope: Who speaks.
        clock: The speaker's time.
        message_id: Id of the message.
        debug: True for a role's working words, which only a curious person wants to see.
        eager: The first words are written as they come.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        scope: Scope,
        clock: Clock,
        message_id: str,
        debug: bool = False,
        eager: bool = False,
    ) -> None:
        self._journal, self._scope, self._clock = journal, scope, clock
        self._id, self._debug, self._eager = message_id, debug, eager
        self._pending, self._since, self._open = "", 0.0, False

    def feed(self, text: str) -> None:
        """Take the next piece of the message."""
        if not text:
            return
        if not self._pending:
            self._since = self._clock.monotonic()
        self._pending += text
        if not self._open:
            self._open = True
            first = self._piece() if self._eager else []
            self._write(events.text_start(self._id, agent=self._scope.agent), *first)
        if len(self._pending) >= MAX_PIECE or self._clock.monotonic() - self._since >= MAX_WAIT:
            self._write(*self._piece())

    def end(self) -> None:
        """Close the message; a message without words leaves no trace."""
        if self._open:
            self._write(*self._piece(), events.text_end(self._id, agent=self._scope.agent))
            self._open = False

    def _piece(self) -> list[events.Json]:
        pending, self._pending = self._pending, ""
        return [events.text_delta(self._id, pending, agent=self._scope.agent)] if pending else []

    def _write(self, *bodies: events.Json) -> None:
        self._journal.append([self._scope.draft(body, debug=self._debug) for body in bodies])
