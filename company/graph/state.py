"""What a run's checkpoints hold: plain data only, bounded in size.

The CEO's state sees typed reports, never a role's messages. A role's working context travels in its own `Send`, so no
role sees another's.
"""

import asyncio
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from company.events import Json
from company.store import Run


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the nodes of one run need to know and must not be checkpointed.

    Attributes:
        run: The run row.
        attempt: Fencing token of this attempt; part of message ids, so that a repeated step opens new messages.
        places: For the roles that work at the same time. LangGraph's own `max_concurrency` also holds up checkpoints,
            and leaves coroutines behind that nobody awaited when a run is cut off.
    """

    run: Run
    attempt: int
    places: asyncio.Semaphore


class CompanyState(TypedDict, total=False):
    """The CEO's side of a run.

    Attributes:
        brief: Request, conversation, memories and date, as the CEO plans from them.
        plan: Assignments of the current round.
        round: How many rounds were delegated.
        reports: Typed reports, in order of arrival.
        read: How many of `reports` earlier rounds had already answered.
        answer: The CEO's words.
        sources: The documents of strangers that the CEO had read when it said them.
        degraded: What went wrong, in words.
        notices: What the answer has to say about how it came about.
    """

    brief: Json
    plan: list[Json]
    round: int
    reports: Annotated[list[Json], operator.add]
    read: int
    answer: str
    sources: list[str]
    degraded: Annotated[list[str], operator.add]
    notices: Annotated[list[str], operator.add]


class Work(TypedDict):
    """One role's private working context.

    Attributes:
        path: Agent path, unique in the run.
        assignment: What the CEO asked.
        messages: The conversation with the role's model (company/graph/messages.py).
        steps: Model calls made so far.
        taint: The documents whose untrusted text entered the context.
        informed: The documents behind typed values that were handed on with the assignment.
        waiting: Approvals asked by this assignment.
        receipts: `{"tool", "key"}` of effects that happened.
        failures: Calls that did not end well, in words.
        mind: Name of the model that thought last; empty before the first. The work stays with it or with what comes
            after it in the chain.
        notices: What the answer has to say about how it came about.
        plain: It needs no judgement: the procedure does it.
    """

    path: str
    assignment: Json
    messages: list[Json]
    steps: int
    taint: list[str]
    informed: list[str]
    waiting: list[str]
    receipts: list[Json]
    failures: list[str]
    mind: str
    notices: list[str]
    plain: bool


def new_work(path: str, assignment: Json, taint: Sequence[str], *, plain: bool = False) -> dict[str, Any]:
    """Return a new working context; `taint` is what the author of its words had read."""
    handed = assignment.get("figures", {}).values()
    empty: Work = {
        "path": path,
        "assignment": assignment,
        "messages": [],
        "steps": 0,
        "taint": list(taint),
        "informed": list(dict.fromkeys(source for figure in handed for source in figure["sources"])),
        "waiting": [],
        "receipts": [],
        "failures": [],
        "mind": "",
        "notices": [],
        "plain": plain,
    }
    return dict(empty)
