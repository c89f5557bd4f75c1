"""What the native API takes and gives, as far as several of its parts do.

Names, units and absent values are those of `web/src/wire/types.ts`: money is a decimal string, times are ISO 8601.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StrictBool, StringConstraints, WithJsonSchema
from typing_extensions import TypedDict

from company.events import Json, plain
from company.store import Approval, Costs, Run
from company.store import Status as RunStatus

Money = Annotated[
    Decimal,
    PlainSerializer(lambda amount: format(amount, "f"), return_type=str),
    WithJsonSchema({"type": "string", "format": "decimal", "examples": ["12.50"]}),
]
"""An exact amount; it travels as text."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16_000)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""What a conversation is called; it stands in paths, so control characters stay out."""

ApprovalState = Literal["open", "approved", "rejected", "expired", "void"]


class View(BaseModel):
    """Base of what is taken and given: nothing beside the named fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(View):
    """What a person says, and in which conversation; the person is who the token or session belongs to."""

    text: Words
    thread: Name = "main"


class Decision(View):
    """A person's answer to an approval, and what the person says about it.

    Attributes:
        bundle: Answer all open approvals of its bundle that were asked before it as well; name the last one the person
            was shown.
        shown: Of those, only the ones the person was shown; all of them when left out.
    """

    approved: StrictBool
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""
    bundle: StrictBool = False
    shown: Annotated[list[Annotated[str, StringConstraints(max_length=20)]], Field(max_length=100)] = []


class Started(View):
    """The run that works on a request, and its conversation; empty for a cycle."""

    run: str
    thread: str

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return what is said of a run that begins."""
        return cls(run=run.id, thread=run.thread_id)


class Outcome(TypedDict, total=False):
    """What came out of a run, empty before.

    `waiting` are ids of approvals, `degraded` says what went wrong, `sources` whose untrusted text went into it.
    """

    answer: str
    degraded: list[str]
    waiting: list[str]
    sources: list[str]
    usd: Money
    tokens: int
    calls: int
    error: str


class RunView(View):
    """One run.

    Attributes:
        cycle: Number of the cycle, 0 for a chat.
        thread: The conversation; empty for a cycle.
        person: Who asked; empty for a cycle.
        as_of: Company time of its start.
        outcome: What came out, empty before.
    """

    id: str
    kind: Literal["cycle", "chat", "task"]
    cycle: int
    status: RunStatus
    thread: str
    person: str
    request: str
    as_of: datetime
    created_at: datetime
    finished_at: datetime | None
    outcome: Outcome

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return the view of a run."""
        return cls(
            id=run.id,
            kind=run.kind,
            cycle=run.number,
            status=run.status,
            thread=run.thread_id,
            person=run.person,
            request=run.request,
            as_of=run.as_of,
            created_at=run.created_at,
            finished_at=run.finished_at,
            outcome=plain(run.outcome),
        )


class VoteView(View):
    """One person's yes."""

    person: str
    at: datetime
    note: str


class ApprovalView(View):
    """One call that waits for a person, or did.

    Attributes:
        arguments: The exact arguments; approving allows this call and no other.
        reason: Why it asks.
        rule: The rule that made it ask.
        sources: Untrusted text that the role had read.
        state: Where it stands; `void` when its run ended otherwise, so that a decision would change nothing.
        bundle: Id of the first of the approvals that are shown, and may be answered, as one.
        repeats: Id of an earlier one of them about the same call with the same arguments; empty when there is none.
        needed: How many people have to say yes.
        votes: Who of several people said yes so far.
        expires_at: When it is refused if nobody answers.
        escalated_at: When it was passed on because nobody answered; null before.
        decided_by: Who decided, all of them when several people had to; null before.
        result: What the call came to, once it was approved and performed.
    """

    id: str
    run: str
    role: str
    tool: str
    arguments: Json
    reason: str
    rule: str
    sources: list[str]
    state: ApprovalState
    bundle: str
    repeats: str
    needed: int
    votes: list[VoteView]
    asked_at: datetime
    expires_at: datetime
    escalated_at: datetime | None
    decided_by: str | None
    note: str
    result: Any

    @classmethod
    def of(cls, approval: Approval, state: ApprovalState | None = None) -> Self:
        """Return the view of an approval; `state` when more is known than its row says."""
        own = {"run", "result", "state", "votes", "decided_by"}
        same = {name: getattr(approval, name) for name in cls.model_fields if name not in own}
        recorded = "approved" if approval.state == "done" else approval.state
        return cls(
            **same,
            run=approval.run_id,
            result=plain(approval.result),
            state=state or recorded,
            votes=[VoteView(person=vote.person, at=vote.at, note=vote.note) for vote in approval.votes],
            decided_by=approval.people or None,
        )


class Decided(View):
    """An approval after the decision, and its run after it acted on it.

    Attributes:
        bundle: All approvals of its bundle as they stand now, also those that the decision was not about.
    """

    approval: ApprovalView
    run: RunView
    bundle: list[ApprovalView]


class CostsView(View):
    """Dollars that count today and this month (UTC), with their limits; reserved ones count at worst case."""

    usd_today: Money
    usd_day_limit: Money
    usd_month: Money
    usd_month_limit: Money
    tokens_today: int
    calls_today: int

    @classmethod
    def of(cls, costs: Costs, **more: Any) -> Self:
        """Return the view of what was spent."""
        return cls(**costs.model_dump(), **more)
