"""Streams one message into the journal: start, coalesced pieces, end.

Pieces are joined until 240 characters are there or 50 ms of company time have passed, so that a fast model costs few
journal rows and a slow one still shows its words at once. In virtual time only the size counts, which keeps the rows
of a seeded run the same each time.
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
        clock: Company time.
        message_id: Id of the message.
        debug: True for a role's working words, which only a curious person wants to see.
    """

    def __init__(self, *, journal: Journal, scope: Scope, clock: Clock, message_id: str, debug: bool = False) -> None:
        self._journal, self._scope, self._clock = journal, scope, clock
        self._id, self._debug = message_id, debug
        self._pending, self._since, self._open = "", 0.0, False

    def feed(self, text: str) -> None:
        """Take the next piece of the message."""
        if not text:
            return
        if not self._open:
            self._open = True
            self._write(events.text_start(self._id, agent=self._scope.agent))
        if not self._pending:
            self._since = self._clock.monotonic()
        self._pending += text
        if len(self._pending) >= MAX_PIECE or self._clock.monotonic() - self._since >= MAX_WAIT:
            self._flush()

    def end(self) -> None:
        """Close the message; a message without words leaves no trace."""
        self._flush()
        if self._open:
            self._write(events.text_end(self._id, agent=self._scope.agent))
            self._open = False

    def _flush(self) -> None:
        if self._pending:
            self._write(events.text_delta(self._id, self._pending, agent=self._scope.agent))
            self._pending = ""

    def _write(self, body: events.Json) -> None:
        self._journal.append([self._scope.draft(body, debug=self._debug)])
