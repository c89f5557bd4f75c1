"""What the native API takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, StrictBool, StringConstraints

from company import __version__
from company.engine import Engine
from company.events import Json, plain
from company.store import Approval, Costs, Health, Records, Run

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Login(_View):
    """The token, once, for a session cookie."""

    token: str


class Message(_View):
    """What a person says, in which conversation, and who it is; the server's owner when left out."""

    text: Words
    thread: Name = "main"
    person: Name | None = None


class Decision(_View):
    """A person's answer to an approval, and what the person says about it."""

    approved: StrictBool
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""


class Started(_View):
    """The run that works on a request, and its conversation; empty for a cycle."""

    run: str
    thread: str


class RunView(_View):
    """One run.

    Attributes:
        cycle: Number of the cycle, 0 for a chat.
        as_of: Company time of its start.
        outcome: What came out, empty before: `answer`, `degraded`, `waiting` (open approvals), `usd`, `tokens`,
            `calls`, or `error`.
    """

    id: str
    kind: str
    cycle: int
    status: str
    thread: str
    person: str
    request: str
    as_of: datetime
    created_at: datetime
    finished_at: datetime | None
    outcome: Json

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


class RunList(_View):
    """Runs, newest first."""

    runs: list[RunView]


class ApprovalView(_View):
    """One call that waits for a person, or did.

    Attributes:
        arguments: The exact arguments; approving allows this call and no other.
        reason: Why it asks.
        rule: The rule that made it ask.
        sources: Untrusted text that the role had read.
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
    state: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str | None
    note: str
    result: Any

    @classmethod
    def of(cls, approval: Approval) -> Self:
        """Return the view of an approval."""
        same = {name: getattr(approval, name) for name in cls.model_fields if name not in {"run", "result"}}
        return cls(**same, run=approval.run_id, result=plain(approval.result))


class ApprovalList(_View):
    """Approvals that wait for a person, oldest first."""

    approvals: list[ApprovalView]


class Decided(_View):
    """An approval after the decision, and its run after it acted on it."""

    approval: ApprovalView
    run: RunView


class RoleLine(_View):
    """One role."""

    id: str
    title: str
    summary: str


class Counts(_View):
    """Cycles finished so far, chat turns among the last runs, open approvals, and effects so far by tool."""

    cycles: int
    chats: int
    approvals_open: int
    effects: dict[str, int]


class Status(_View):
    """How the company is.

    Attributes:
        company: Its name.
        offline: It thinks with the autopilot, without a model key.
        running: Runs this server is driving now.
        health: A run that is being driven does not count as unfinished.
    """

    company: str
    version: str
    offline: bool
    seed: int
    roles: list[RoleLine]
    counts: Counts
    running: list[str]
    last_run: RunView | None
    costs: Costs
    health: Health


def status_of(engine: Engine, running: frozenset[str]) -> Status:
    """Return how the company is.

    Args:
        engine: Runs the company.
        running: Names of the work under way; a run is driven under its id.
    """
    company = engine.company
    records: Records = company.services[Records]
    activity, last = records.activity(), company.store.runs.last()
    return Status(
        company=company.settings.company.name,
        version=__version__,
        offline=company.models.offline,
        seed=company.seed,
        roles=[RoleLine(id=role.id, title=role.title, summary=role.summary) for role in company.roles.values()],
        counts=Counts(
            cycles=activity.cycles,
            chats=activity.chats,
            approvals_open=activity.approvals_open,
            effects=activity.effects,
        ),
        running=sorted(running & {run.id for run in company.store.runs.unfinished()}),
        last_run=RunView.of(last) if last else None,
        costs=records.costs(),
        health=_health(records.health(), running),
    )


def _health(health: Health, running: frozenset[str]) -> Health:
    left = [run_id for run_id in health.unfinished_runs if run_id not in running]
    return health.model_copy(
        update={"ok": not (left or health.failed_runs or health.unknown_effects), "unfinished_runs": left}
    )
