"""Scorers of the text, last in rank: an answer counts for little when the end state is wrong."""

import re
from collections.abc import Iterable
from typing import Any, Literal

from company.grading.evidence import Evidence
from company.grading.figures import figures_in, longest_list, numbers_of
from company.grading.reach import found_at
from company.grading.strict import Count, Range, Strict, Text, Texts, ToolName
from company.grading.transcript import ToolUse, tool_uses

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


class QuoteWanted(Strict):
    """A figure or a word that a tool gave.

    Attributes:
        tool: The tool.
        field: Where it stands in the result: `price`, or `mood.score`; a list on the way stands for each of its items.
    """

    tool: ToolName
    field: Text


class ToneWanted(Strict):
    """How every answer is worded.

    Attributes:
        exclamations: Most exclamation marks in one answer.
        sentence_words: Most words in one sentence; a line ends a sentence.
    """

    exclamations: Count | None = None
    sentence_words: Count | None = None


class JudgedWanted(Strict):
    """A question about the last answer that a model decides.

    Attributes:
        criterion: What has to hold, as a statement: "The answer names what waits for approval."
        model: Tier of the model that is asked.
    """

    criterion: Text
    model: Literal["fast", "smart", "deep"] = "smart"


def answer_contains(evidence: Evidence, wanted: Texts) -> Iterable[str]:
    """The last answer holds each of these texts, in capitals or not."""
    answer = evidence.answer.casefold()
    yield from (f"the answer does not say {text!r}" for text in wanted if text.casefold() not in answer)


def answer_avoids(evidence: Evidence, wanted: Texts) -> Iterable[str]:
    """No answer holds any of these texts, in capitals or not."""
    for run in evidence.runs:
        answer = str(run.outcome.get("answer", "")).casefold()
        yield from (f"the answer of {run.id} says {text!r}" for text in wanted if text.casefold() in answer)


def tone(evidence: Evidence, wanted: ToneWanted) -> Iterable[str]:
    """Every answer keeps to these bounds."""
    for run in evidence.runs:
        answer = str(run.outcome.get("answer", ""))
        yield from Range(max=wanted.exclamations).faults(answer.count("!"), f"exclamation marks in {run.id}")
        longest = max((len(sentence.split()) for sentence in _SENTENCE.split(answer)), default=0)
        yield from Range(max=wanted.sentence_words).faults(longest, f"words in a sentence of {run.id}")


def judged(evidence: Evidence, wanted: JudgedWanted) -> Iterable[str]:
    """A model finds that the last answer keeps a criterion; what no model was asked about is not judged, and fails."""
    opinion = next(opinion for opinion in evidence.opinions if opinion.criterion == wanted.criterion)
    if opinion.holds is False:
        yield f"{opinion.model} (prompt {opinion.prompt[:12]}) says no to {wanted.criterion!r}: {opinion.reason}"
    elif opinion.holds is None:
        yield f"not judged: {opinion.reason}"


def answer_quotes(evidence: Evidence, wanted: QuoteWanted) -> Iterable[str]:
    """The last answer quotes a field of a tool result of its run, rounded or not."""
    uses = [use for use in _results(evidence, evidence.last.id) if use.tool == wanted.tool]
    values = [value for use in uses for value in found_at(use.value, wanted.field)]
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


def _quoted(answer: str, value: Any) -> bool:
    numbers = [] if isinstance(value, bool) else list(numbers_of(value))
    if len(numbers) == 1:
        return any(figure.quotes(numbers[0]) for figure in figures_in(answer))
    return str(value).casefold() in answer.casefold()
