"""What passes between the CEO and the roles: a plan of assignments down, typed reports up.

Reports are small on purpose. The CEO sees these, never a role's transcript.
"""

from typing import Literal

from pydantic import Field, field_validator

from company.roles.steps import Frozen

Status = Literal["ok", "degraded", "failed", "waiting"]
SUMMARY_LIMIT = 1200
DELEGATE = "delegate"
"""Name of the tool by which the CEO hands in a plan."""


class Assignment(Frozen):
    """A task for one role."""

    role: str = Field(description="Id of the role that does it.")
    task: str = Field(min_length=1, description="What to do, in plain words; for a person's request, the request.")
    expects: str = Field(default="", description="What the report must hold for the task to count as done.")
    standing: bool = Field(
        default=False, description="True to have the role work through its standing procedure; false for this one task."
    )
    slots: dict[str, str] = Field(default_factory=dict, description="Values already known, by name.")
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
        summary: The report in words.
        figures: Named numbers as text, taken from tool results.
        receipts: What proves the effects: order ids, message keys.
        waiting: Ids of open approvals.
        failures: What went wrong, one line each.
        tainted: Words of strangers entered the work.
        notices: What a reader of the answer has to know about how it came about, such as a model that stood in.
    """

    role: str
    path: str = ""
    task: str
    status: Status
    summary: str = Field(max_length=SUMMARY_LIMIT)
    figures: dict[str, str] = Field(default_factory=dict)
    receipts: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    tainted: bool = False
    notices: tuple[str, ...] = ()
