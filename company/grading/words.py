"""Scorers of the text, last in rank: an answer counts for little when the end state is wrong."""

from collections.abc import Iterable
from typing import Any, Literal

from company.grading.evidence import Evidence
from company.grading.figures import figures_in, longest_list, numbers_of
from company.grading.strict import Strict, Text, Texts, ToolName
from company.grading.transcript import ToolUse, tool_uses


class QuoteWanted(Strict):
    """A figure or a word that a tool gave.

    Attributes:
        tool: The tool.
        field: Where it stands in the result: `price`, or `mood.score`; a list on the way stands for each of its items.
    """

    tool: ToolName
    field: Text


def answer_contains(evidence: Evidence, wanted: Texts) -> Iterable[str]:
    """The last answer holds each of these texts, in capitals or not."""
    answer = evidence.answer.casefold()
    yield from (f"the answer does not say {text!r}" for text in wanted if text.casefold() not in answer)


def answer_quotes(evidence: Evidence, wanted: QuoteWanted) -> Iterable[str]:
    """The last answer quotes a field of a tool result of its run, rounded or not."""
    uses = [use for use in _results(evidence, evidence.last.id) if use.tool == wanted.tool]
    values = [value for use in uses for value in _at(use.value, wanted.field.split("."))]
    if not values:
        yield f"{wanted.tool} gave no {wanted.field} in {evidence.last.id}"
    elif not any(_quoted(evidence.answer, value) for value in values):
        yield f"the answer does not quote {wanted.field} of {wanted.tool}: {', '.join(map(str, values[:3]))}"


def numbers_from_tools(evidence: Evidence, wanted: Literal[True]) -> Iterable[str]:
    """Every number of every answer stands in a tool result of its run, or in the question.

    Whole numbers up to the number of things that tools returned pass as counts of them.
    """
    for run in evidence.runs:
        uses = _results(evidence, run.id)
        values = [use.value for use in uses]
        known = [*numbers_of(values), *numbers_of(run.request), *numbers_of([run.number])]
        countable = max(longest_list(values), len(uses))
        for figure in figures_in(str(run.outcome.get("answer", ""))):
            counted = not figure.places and figure.value <= countable
            if not counted and not any(figure.quotes(number) for number in known):
                yield f"{figure.text} in the answer of {run.id} comes from no tool"


def _results(evidence: Evidence, run_id: str) -> list[ToolUse]:
    return [use for use in tool_uses(evidence.events, run_id) if use.status == "ok"]


def _at(value: Any, path: list[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _at(item, path)]
    if not path:
        return [] if value is None else [value]
    return _at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


def _quoted(answer: str, value: Any) -> bool:
    numbers = [] if isinstance(value, bool) else list(numbers_of(value))
    if len(numbers) == 1:
        return any(figure.quotes(numbers[0]) for figure in figures_in(answer))
    return str(value).casefold() in answer.casefold()
