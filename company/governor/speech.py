"""Streams one message into the journal: start, coalesced pieces, end.

The start goes with the first piece, and the last piece with the end: each commit costs as much as the words in it.
Pieces are joined until 240 characters are there or 50 ms of the speaker's time have passed, so that a fast model
costs few journal rows and a slow one still shows its words at once; the first words of an eager speaker wait for
nothing. The autopilot speaks in company time; where that is virtual only the size counts, which keeps the rows of a
seeded run the same each time.
"""

from company import events
from company.events import Draft
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
        if self._is_due():
            self._journal.append(self._piece())

    def end(self, *after: Draft) -> None:
        """Close the message, and write what comes `after` it in the same commit; one without words leaves no trace."""
        self._journal.append([*self._rest(), *after])

    def _is_due(self) -> bool:
        if self._eager and not self._open:
            return True
        return len(self._pending) >= MAX_PIECE or self._clock.monotonic() - self._since >= MAX_WAIT

    def _rest(self) -> list[Draft]:
        rest = self._piece() if self._pending else []
        if self._open:
            self._open = False
            rest.append(self._draft(events.text_end(self._id, agent=self._scope.agent)))
        return rest

    def _piece(self) -> list[Draft]:
        pending, self._pending = self._pending, ""
        piece = [self._draft(events.text_delta(self._id, pending, agent=self._scope.agent))]
        if not self._open:
            self._open = True
            piece.insert(0, self._draft(events.text_start(self._id, agent=self._scope.agent)))
        return piece

    def _draft(self, body: events.Json) -> Draft:
        return self._scope.draft(body, debug=self._debug)
