"""Scorers of what the company holds itself to: budgets, bills, refusals, its own record and its own identity."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator

from company.config import suggest
from company.events import CUSTOM_NAMES
from company.grading.evidence import Evidence
from company.grading.strict import Count, Range, Strict, Text, Texts, wrong
from company.grading.transcript import model_bills, notes


class TripWanted(Strict):
    """A budget that ran out.

    Attributes:
        rule: Id of the rule, such as `budget.calls`; any when left out.
        calls_max: Most calls of models and tools that the run made all the same: the cap, and at most one more.
    """

    rule: Text | None = None
    calls_max: Count | None = None


def _known_event(name: str) -> str:
    if name not in CUSTOM_NAMES:
        raise wrong(f"there is no event {name!r}", cure=suggest(name, CUSTOM_NAMES))
    return name


EventName = Annotated[str, AfterValidator(_known_event)]


def events(evidence: Evidence, wanted: dict[EventName, Range]) -> Iterable[str]:
    """The journal holds so many of these events of the company's own, such as `breaker.tripped`."""
    there = Counter(event.type for event in evidence.events)
    for name, allowed in wanted.items():
        yield from allowed.faults(there[name], f"events {name}")


def trips(evidence: Evidence, wanted: TripWanted) -> Iterable[str]:
    """A budget ran out, which ended the work at once: the run made no more calls than the cap and one."""
    tripped = [(run, value["rule"]) for run, value in notes(evidence.events, "budget.tripped")]
    meant = [run for run, rule in tripped if wanted.rule in {None, rule}]
    if not meant:
        rules = ", ".join(dict.fromkeys(rule for _, rule in tripped)) or "none"
        yield f"no budget ran out by {wanted.rule or 'any rule'}; there were: {rules}"
    for run in dict.fromkeys(meant):
        yield from Range(max=wanted.calls_max).faults(_calls_made(evidence, run), f"calls of models and tools in {run}")


def bill_adds_up(evidence: Evidence, wanted: Literal[True]) -> Iterable[str]:
    """What a run says it used is the sum of what its calls were charged."""
    for run in evidence.runs:
        if "usd" in run.outcome:
            costs = [value for run_id, value in notes(evidence.events, "cost") if run_id == run.id]
            usd = sum((Decimal(value["usd"]) for value in costs), Decimal(0))
            tokens = sum(value["inputTokens"] + value["outputTokens"] for value in costs)
            if (Decimal(run.outcome["usd"]), run.outcome["tokens"]) != (usd, tokens):
                told = f"${run.outcome['usd']} and {run.outcome['tokens']} tokens"
                yield f"{run.id} says it used {told}; its calls were charged ${usd} and {tokens}"


def refused(evidence: Evidence, wanted: Texts) -> Iterable[str]:
    """These refusals, and no others, met a person or the files of the company; each holds its text, in order.

    With it a case goes on after what a person is refused, and a company that cannot be opened is no failure.
    """
    if len(evidence.refusals) != len(wanted):
        yield f"refused: {'; '.join(evidence.refusals) or 'nothing'}; {len(wanted)} refusals wanted"
    for text, refusal in zip(wanted, evidence.refusals, strict=False):
        if text.casefold() not in refusal.casefold():
            yield f"{text!r} is not what was refused: {refusal}"


def replays(evidence: Evidence, wanted: Literal[True]) -> Iterable[str]:
    """Every run of a conversation and every cycle, played again from its recording, writes the same events."""
    if not evidence.replayed:
        yield "no run was played again"
    for run_id, difference in evidence.replayed.items():
        if difference:
            yield f"{run_id} played again differs: {difference}"


def same_identity(evidence: Evidence, wanted: Literal[True]) -> Iterable[str]:
    """Every run was begun with the same roles, prompts, tools and settings: nobody changed persona on the way."""
    first = evidence.runs[0]
    yield from (
        f"{run.id} was begun with other roles, prompts, tools or settings than {first.id}"
        for run in evidence.runs
        if run.identity != first.identity
    )


def _calls_made(evidence: Evidence, run_id: str) -> int:
    allowed = [
        value for run, value in notes(evidence.events, "verdict") if value["decision"] == "allow" and run == run_id
    ]
    return len(allowed) + sum(run == run_id for run, _ in model_bills(evidence.events))
