"""Turns a real run into a case: what led to it as steps, what came of it as scorers.

The scorers are derived from the same evidence that cases are graded by, and each is held to that evidence before it is
written: what does not hold of the run itself is told and left out. A case is text that a person reads, renames and
tightens; whatever of the run cannot be done again stands above it as a comment. Keys are taken out as everywhere.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from company.errors import UsageError
from company.events import Json
from company.grading.evidence import Evidence
from company.grading.inspection import collect
from company.grading.registry import SCORERS
from company.grading.retracing import Trace, retrace
from company.grading.strict import Names
from company.grading.transcript import delegates, model_bills, rulings, tool_uses
from company.home import Company
from company.llm import AUTOPILOT
from company.store import Approval, Effect, Run

_LONGEST = 40
"""Characters of an id that come from a person's words."""

_SECONDS = 10
"""Wall-clock time that a case may take for each of its runs, and 60 at least."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A case made of a run.

    Attributes:
        id: Its name.
        text: The case as a file of cases holds it, with what is missing as a comment above it.
        missing: What of the run the case does not hold, in sentences.
    """

    id: str
    text: str
    missing: tuple[str, ...]


async def record(company: Company, run_id: str, *, taken: Collection[str] = ()) -> Recorded:
    """Make a case of a run.

    Args:
        company: The company in whose home the run took place; it is only read.
        run_id: The run.
        taken: Ids that other cases have.

    Raises:
        UsageError: There is no such run, it is not over yet, or it cannot be begun by a case.
    """
    trace = retrace(company, run_id)
    evidence = _limited(await collect(company, trace.runs, ()), trace)
    models = _models(evidence)
    missing = [*trace.missing, *_of_models(models)]
    scorers = list(_holding(evidence, company, missing))
    case: Json = {
        "id": _id(company.redactor.text(_about(company.store.runs.get(run_id))), taken),
        "tags": ["recorded"],
        "golden": not missing,
        "seed": company.seed,
        "steps": list(trace.steps),
        "scorers": scorers,
    }
    if (seconds := _SECONDS * len(trace.runs)) > 60:
        case["timeout_seconds"] = seconds
    clean = company.redactor.data(case)
    if clean is not case:
        missing.append("a secret that somebody wrote; its place says which one")
    return Recorded(clean["id"], _text(clean, run_id, missing), tuple(missing))


def append(recorded: Recorded, file: Path) -> None:
    """Write a case at the end of a file of cases, which is made when there is none.

    Raises:
        UsageError: The file cannot be read or written, or is no list of cases that one can be added to.
    """
    before = _text_of(file)
    text = f"{before.rstrip()}\n\n{recorded.text}".lstrip()
    if len(_listed(text, file)) != len(_listed(before, file)) + 1:
        raise UsageError(
            "no case can be added at its end", where=str(file), cure="begin each case with `- id: its-name`"
        )
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(file), cure="check the path") from error


def ids_in(file: Path) -> frozenset[str]:
    """Return the ids of the cases of a file; none when there is no such file.

    Raises:
        UsageError: The file cannot be read, or is no list of cases.
    """
    cases = _listed(_text_of(file), file)
    return frozenset(str(case["id"]) for case in cases if isinstance(case, dict) and "id" in case)


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", where=str(file), cure="check the path") from error


def _listed(text: str, file: Path) -> list[Any]:
    try:
        cases = yaml.safe_load(text) or []
    except yaml.YAMLError as error:
        raise UsageError("is not valid YAML", where=str(file), cure="company eval says where") from error
    if not isinstance(cases, list):
        raise UsageError("is not a list of cases", where=str(file), cure="begin each case with `- id: its-name`")
    return cases


def _limited(evidence: Evidence, trace: Trace) -> Evidence:
    """Return the evidence as it is at the end of the case: without what came later in the home."""
    keys = {use.receipt for use in tool_uses(trace.events) if use.receipt}
    return replace(
        evidence,
        runs=tuple(_as_left(run, evidence.approvals, trace) for run in trace.runs),
        events=trace.events,
        effects=tuple(effect for effect in evidence.effects if effect.key in keys),
        trades=tuple(trade for trade in evidence.trades if trade.key in keys),
        approvals=tuple(_reopened(approval, trace) for approval in evidence.approvals),
    )


def _as_left(run: Run, approvals: tuple[Approval, ...], trace: Trace) -> Run:
    waits = any(approval.run_id == run.id and approval.id in trace.unanswered for approval in approvals)
    return replace(run, status="waiting") if waits else run


def _reopened(approval: Approval, trace: Trace) -> Approval:
    return replace(approval, state="open") if approval.id in trace.unanswered else approval


def _holding(evidence: Evidence, company: Company, missing: list[str]) -> Iterator[Json | str]:
    """Yield the scorers that the run passes, as a case file writes them; say which others there would be."""
    names = Names(company.roles, company.registry)
    for name, wanted in _derived(evidence):
        scorer = SCORERS[name]
        try:
            faults = list(scorer.judge(evidence, scorer.wanted.validate_python(wanted, context=names)))
        except ValidationError as error:
            faults = [error.errors(include_url=False)[0]["msg"]]
        if faults:
            missing.append(f"`{name}`, which does not hold of the run itself: {faults[0]}")
        else:
            yield name if wanted is True else {name: wanted}


def _derived(evidence: Evidence) -> Iterator[tuple[str, Any]]:
    """Yield what happened as scorers and what they want, end state first."""
    yield "orders", _exactly(len(evidence.trades))
    yield "effects", _effects(evidence)
    yield "approvals", _approvals(evidence)
    yield "authorised", True
    yield "journal_verifies", True
    yield "status", sorted({run.status for run in evidence.runs})
    asked = delegates(evidence.events, evidence.last.id)
    yield ("delegates_to", asked) if asked else ("no_delegation", True)
    if called := sorted({use.tool for use in tool_uses(evidence.events) if use.status == "ok"}):
        yield "tools_called", called
    if verdicts := _verdicts(evidence):
        yield "verdicts", verdicts
    calls = Counter(run_id for run_id, _ in model_bills(evidence.events))
    yield "model_calls_max", max(calls.values(), default=0)
    if _models(evidence) <= {AUTOPILOT}:
        yield "cost_max_usd", 0
    yield "numbers_from_tools", True


def _effects(evidence: Evidence) -> Json:
    """Return how often each effect happened; what cannot be taken back and did not happen must not."""
    done = Counter(effect.tool for effect in evidence.effects if _happened(effect))
    return {tool: _exactly(done[tool]) for tool in sorted({*done, *evidence.irreversible})}


def _happened(effect: Effect) -> bool:
    return effect.state != "failed"


def _exactly(count: int) -> Json:
    return {"min": count, "max": count} if count else {"max": 0}


def _approvals(evidence: Evidence) -> Json:
    waiting = [approval.tool for approval in evidence.approvals if approval.state == "open"]
    return {"open": len(waiting)} | ({"tools": sorted(set(waiting))} if waiting else {})


def _verdicts(evidence: Evidence) -> list[Json]:
    """Return the decisions that held something back, each once."""
    held = [ruling for ruling in rulings(evidence.events) if ruling.decision != "allow"]
    return [
        {"role": ruling.role, "tool": ruling.tool, "decision": ruling.decision, "rule": ruling.rule}
        for ruling in dict.fromkeys(held)
    ]


def _models(evidence: Evidence) -> frozenset[str]:
    """Return the models that answered."""
    return frozenset(str(value["model"]) for _, value in model_bills(evidence.events))


def _of_models(models: frozenset[str]) -> Iterator[str]:
    if others := sorted(models - {AUTOPILOT}):
        yield f"the answers of {', '.join(others)}: a model may answer otherwise next time, so the case is not golden"


def _about(run: Run) -> str:
    return run.request if run.kind == "chat" else f"cycle {run.number}"


def _id(words: str, taken: Collection[str]) -> str:
    """Return a name that says what the case is about and that no other has."""
    plain = "-".join(re.findall(r"[a-z0-9]+", words.casefold()))
    short = plain if len(plain) <= _LONGEST else plain[:_LONGEST].rpartition("-")[0] or plain[:_LONGEST]
    name = f"recorded-{short}" if short else "recorded"
    number = next(n for n in range(1, len(taken) + 2) if (name if n == 1 else f"{name}-{n}") not in taken)
    return name if number == 1 else f"{name}-{number}"


def _text(case: Json, run_id: str, missing: list[str]) -> str:
    head = [f"Recorded from {run_id}.", *(f"Not carried over: {what}" for what in missing)]
    comment = "".join(f"# {' '.join(line.split())}\n" for line in head)
    return comment + yaml.dump([case], Dumper=_Dumper, allow_unicode=True, width=10**6)


class _Dumper(yaml.SafeDumper):
    """Writes lists and mappings of plain values on one line, as people do in case files."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        """Write a list of plain values on one line."""
        return super().represent_sequence(tag, sequence, flow_style=_is_flat(sequence))

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        """Write a mapping to plain values on one line, its keys in the order given."""
        return super().represent_mapping(tag, mapping.items(), flow_style=_is_flat(mapping.values()))

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the lists inside a case."""
        super().increase_indent(flow, False)


def _is_flat(values: Iterable[Any]) -> bool:
    return all(not isinstance(value, dict | list) for value in values)
