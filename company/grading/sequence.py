"""Scorers of the course of things: in which order and how often roles and tools worked, as the journal tells it.

The journal numbers events in the order they happened, so what overlapped is seen without a clock: two roles worked at
the same time when each began before the other had handed in its report.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import Annotated

from pydantic import Field

from company.grading.evidence import Evidence
from company.grading.reach import found_at
from company.grading.strict import Range, RoleName, Strict, Text, ToolName
from company.grading.transcript import calls_of, spans, tool_uses


class OrderWanted(Strict):
    """What follows what in the last run.

    Attributes:
        tools: Tools whose results came in this order; others may come in between.
        roles: Roles that worked one after the other: each had reported before the next one began.
    """

    tools: Annotated[tuple[ToolName, ...], Field(strict=False, min_length=2)] | None = None
    roles: Annotated[tuple[RoleName, ...], Field(strict=False, min_length=2)] | None = None


class HandedOver(Strict):
    """A value that a call took from an earlier result of the last run.

    Attributes:
        tool: The tool that was called.
        argument: The argument that holds it.
        given_by: The tool whose result has it.
        field: Where it stands there: `quantity`, or `items.id`; a list on the way stands for each of its items.
    """

    tool: ToolName
    argument: Text
    given_by: ToolName
    field: Text


def in_parallel(
    evidence: Evidence, wanted: Annotated[tuple[RoleName, ...], Field(strict=False, min_length=2)]
) -> Iterable[str]:
    """In the last run these roles worked at the same time: each began before any of the others had reported."""
    worked = spans(evidence.events, evidence.last.id)
    for role in wanted:
        if role not in worked:
            yield f"{role} did not work in {evidence.last.id}"
    for one, other in combinations([role for role in wanted if role in worked], 2):
        first, second = sorted((one, other), key=lambda role: worked[role][0])
        if worked[second][0] > worked[first][1]:
            yield f"{second} began after {first} had reported"


def in_order(evidence: Evidence, wanted: OrderWanted) -> Iterable[str]:
    """In the last run tools gave their results, and roles worked, in this order."""
    came = [use.tool for use in tool_uses(evidence.events, evidence.last.id) if use.status == "ok"]
    rest = iter(came)
    if wanted.tools and (missed := next((tool for tool in wanted.tools if tool not in rest), None)):
        yield f"{missed} gave no result in its turn; the results came from: {', '.join(came) or 'nobody'}"
    worked = spans(evidence.events, evidence.last.id)
    for role in wanted.roles or ():
        if role not in worked:
            yield f"{role} did not work in {evidence.last.id}"
    turns = [role for role in wanted.roles or () if role in worked]
    for before, after in pairwise(turns):
        if worked[after][0] < worked[before][1]:
            yield f"{after} began before {before} had reported"


def attempts(evidence: Evidence, wanted: dict[ToolName, Range]) -> Iterable[str]:
    """No agent called the tool more or less often than so in a run with the same arguments, whatever came of it."""
    for tool, allowed in wanted.items():
        calls = [call for call in calls_of(evidence.events) if call.tool == tool]
        counts = Counter((f"by {call.agent} in {call.run_id}", call.arguments) for call in calls)
        if not calls:
            yield from allowed.faults(0, f"calls of {tool}")
        for (where, arguments), count in counts.items():
            yield from allowed.faults(count, f"calls of {tool} with {arguments} {where}")


def hands_over(evidence: Evidence, wanted: HandedOver) -> Iterable[str]:
    """In the last run a call took an argument, as it is, from a result that came before it."""
    run = evidence.last.id
    results = [use for use in tool_uses(evidence.events, run) if use.tool == wanted.given_by and use.status == "ok"]
    calls = [call for call in calls_of(evidence.events, run) if call.tool == wanted.tool]
    if not calls:
        yield f"{wanted.tool} was not called in {run}"
    for call in calls:
        given = [str(value) for use in results if use.seq < call.seq for value in found_at(use.value, wanted.field)]
        said = call.values.get(wanted.argument)
        if str(said) not in given:
            came = ", ".join(given) or "nothing"
            yield f"{wanted.tool} took {wanted.argument} {said!r}; {wanted.given_by} had given {came}"
