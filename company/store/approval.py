"""One approval: a call that waits, or waited, for a person, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from company.events import Json
from company.store.votes import Vote

State = Literal["open", "approved", "rejected", "expired", "done"]


@dataclass(frozen=True, slots=True)
class Approval:
    """One call that waits, or waited, for a person.

    Attributes:
        id: `A1`, `A2`, ...
        run_id: The run that waits.
        thread_id: Its conversation.
        role: The role that wants the call.
        path: Agent path of its working context.
        call_id: The model's id of the call, unique in that context.
        tool: The tool.
        arguments: What it would be called with, as JSON.
        arguments_hash: Fingerprint of `arguments`; what is performed must still have it.
        reason: Why a person is asked.
        rule: Id of the rule that asks.
        sources: Where untrusted text in the caller's context came from.
        state: Where it stands.
        asked_at: When it was asked.
        expires_at: From when on silence counts as refusal.
        decided_at: When a person decided, else None.
        decided_by: Who decided, else None.
        note: What the person said about it.
        result: What the approved call came to, as JSON.
        bundle: Id of the first question of those that are shown as one.
        needed: How many people have to say yes.
        escalated_at: When it was passed on because nobody answered, else None.
        repeats: Id of an earlier question of the bundle about the same tool with the same arguments, which was not
            refused; empty when there is none.
        votes: Who said yes, first to last, when several people have to.
    """

    id: str
    run_id: str
    thread_id: str
    role: str
    path: str
    call_id: str
    tool: str
    arguments: Json
    arguments_hash: str
    reason: str
    rule: str
    sources: list[str]
    state: State
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    note: str
    result: Any
    bundle: str
    needed: int
    escalated_at: datetime | None
    repeats: str = ""
    votes: tuple[Vote, ...] = ()

    @property
    def people(self) -> str:
        """Who decided, in words: all who said yes when several had to; empty when nobody did."""
        if self.state in {"approved", "done"} and self.votes:
            return listed([vote.person for vote in self.votes])
        return self.decided_by or ""

    @property
    def tally(self) -> str:
        """How many of the people it takes said yes, as `1 of 2 said yes`; empty when one person is enough."""
        return f"{len(self.votes)} of {self.needed} said yes" if self.needed > 1 else ""

    @property
    def number(self) -> int:
        """Its place among all approvals: 12 for `A12`."""
        return int(self.id[1:])

    @property
    def fate(self) -> str:
        """What ended it, in words that go on after its id."""
        if self.decided_at is None:
            return f"expired at {self.expires_at:%Y-%m-%d %H:%M:%S %Z}"
        verdict = "rejected" if self.state == "rejected" else "approved"
        return f"was {verdict} by {self.people} at {self.decided_at:%Y-%m-%d %H:%M:%S %Z}"


def listed(people: Sequence[str]) -> str:
    """Return names as a sentence has them: `Ada, Grace and Ann`."""
    return " and ".join(filter(None, [", ".join(people[:-1]), *people[-1:]]))
