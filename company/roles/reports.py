"""What passes between the CEO and the roles: a plan of assignments down, typed reports up.

Reports are small on purpose. The CEO sees these, never a role's transcript.
"""

from typing import Literal

from pydantic import Field, field_validator

from company.roles.steps import Frozen

Status = Literal["ok", "degraded", "failed", "waiting"]
Completion = Literal["done", "claimed", "open"]
SUMMARY_LIMIT = 1200
CLAIMED = "claimed, no receipt"
"""How a claim that nothing proves is marked for whoever reads it."""
DELEGATE = "delegate"
"""Name of the tool by which the CEO hands in a plan."""


class Value(Frozen):
    """A figure of a report that is handed on to another role.

    Attributes:
        value: A number, date, symbol or one of a few words, as text.
        sources: The documents of strangers that whoever reported it had read.
    """

    value: str
    sources: tuple[str, ...] = ()


class Assignment(Frozen):
    """A task for one role."""

    role: str = Field(description="Id of the role that does it.")
    task: str = Field(min_length=1, description="What to do, in plain words; for a person's request, the request.")
    expects: str = Field(default="", description="What the report must hold for the task to count as done.")
    standing: bool = Field(
        default=False, description="True to have the role work through its standing procedure; false for this one task."
    )
    slots: dict[str, str] = Field(default_factory=dict, description="Values already known, by name.")
    inputs: tuple[str, ...] = Field(
        default=(), description="Figures of reports to hand on with the task, such as `research.mood`."
    )
    figures: dict[str, Value] = Field(default_factory=dict, description="The figures handed on, by name.")
    proof: tuple[str, ...] = Field(
        default=(), description="Tools with an effect that must have had it for the task to count as done."
    )
    deadline_seconds: int | None = Field(default=None, gt=0, description="Seconds after which to report what there is.")


class Plan(Frozen):
    """Who does what now. The assignments are carried out in parallel, and their reports come back to you."""

    assignments: tuple[Assignment, ...] = Field(description="At most one for each role.")
    note: str = Field(default="", description="One line on why, for the person who watches.")

    @field_validator("assignments")
    @classmethod
    def _one_for_each_role(cls, assignments: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
        roles = [assignment.role for assignment in assignments]
        if twice := sorted({role for role in roles if roles.count(role) > 1}):
            raise ValueError(f"{twice[0]!r} has two assignments; put both tasks into one")
        return assignments


class Report(Frozen):
    """What a role hands back; small, so that reports of many roles fit into one context.

    Attributes:
        role: Who reports.
        path: Agent path of the work, `ceo/trading`; a second round of the same role has its own.
        task: The task as it was given.
        status: `ok`; `degraded` when a part failed; `failed`; `waiting` when a person has to approve something first.
        completion: How far the task is, computed from receipts: `done`; `claimed` when the summary says that something
            was done which no receipt shows; `open` when something failed, waits or is still to do.
        summary: The report in words.
        figures: Named numbers as text, taken from tool results.
        receipts: What proves the effects: each tool with the first digits of its effect's key.
        unproven: What the summary claims and no receipt shows, with what is missing.
        waiting: Ids of open approvals.
        failures: What went wrong, one line each.
        tainted: Words of strangers entered the work.
        sources: The documents they came from.
        informed: The documents behind typed values that were handed on with the task.
        notices: What a reader of the answer has to know about how it came about, such as a model that stood in.
    """

    role: str
    path: str = ""
    task: str
    status: Status
    completion: Completion = "open"
    summary: str = Field(max_length=SUMMARY_LIMIT)
    figures: dict[str, str] = Field(default_factory=dict)
    receipts: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    tainted: bool = False
    sources: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
