"""`/approve A1 [note]` and `/reject A1 [note]`, said in a chat.

A chat client cannot show buttons, so a person decides in words. Only the last user message of a request is ever looked
at: the rest of a conversation is resent by the client each time, and whoever can put words into it must not decide.
That message must be one line: clients put the text of files and pages into it, before or behind the person's words.
"""

import re
from dataclasses import dataclass

from company.engine import Engine
from company.errors import UsageError
from company.server.doors.transcript import Piece, Transcript
from company.server.driving import Driver
from company.server.principal import Principal
from company.store import Approval, Store

_COMMAND = re.compile(r"/(approve|reject)(?!\w)\s*(a\d+)?(?!\w)\s*(.*)", re.I)


@dataclass(frozen=True, slots=True)
class Command:
    """A decision in words.

    Attributes:
        approved: Yes or no.
        approval: Which one, such as `A1`; empty when it is not said, or when there are more lines.
        note: What the person says about it.
    """

    approved: bool
    approval: str
    note: str


def read_command(message: str) -> Command | None:
    """Return the decision a message begins with, None when it is an ordinary message."""
    first, _, more = message.strip().partition("\n")
    found = _COMMAND.fullmatch(first.strip())
    if found is None:
        return None
    approval = "" if more else (found[2] or "").upper()
    return Command(found[1].lower() == "approve", approval, found[3].strip()[:2_000])


async def carry_out(command: Command, principal: Principal, engine: Engine, driver: Driver) -> str:
    """Decide, wait until the run has acted on it, and return what came of it, or why nothing did."""
    store = engine.company.store
    if "approve" not in principal.scopes:
        return (
            "Nothing was decided: this token may not approve or reject. "
            "One that may is made with `company token --scope approve`."
        )
    if not command.approval:
        return _usage(store)
    after = store.journal.last_seq()
    try:
        approval, _ = await driver.decide(
            command.approval,
            approved=command.approved,
            by=principal.person,
            note=command.note,
        )
    except UsageError as error:
        return f"Nothing was decided: {error}"
    transcript = Transcript(store)
    events = store.journal.read(after=after, run_id=approval.run_id)
    text = _joined([piece for event in events for piece in transcript.read(event)])
    return text or f"{approval.id} {approval.tool}: {_stands(approval)}"


def _stands(approval: Approval) -> str:
    if approval.state == "open":
        return f"{approval.tally}; it is done when another person says yes"
    return f"{approval.state} by {approval.people}"


def _usage(store: Store) -> str:
    waiting = ", ".join(approval.id for approval in store.approvals.open()) or "nothing"
    how = "say which one, in one line and nothing else, for example `/approve A1 go ahead`"
    return f"Nothing was decided: {how}. Waiting now: {waiting}."


def _joined(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind == "answer").strip()
