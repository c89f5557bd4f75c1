"""The gate: what a report is held to, so that a change that makes the company worse does not land.

`evals/baseline.json` is committed beside the cases and says how each case went when somebody last accepted it. It is
sorted, holds one line a case and no time, so that its difference in a review reads like a sentence. Nothing but
`company eval --update-baseline` writes it.

A golden case fails at one miss, with a baseline or without one, and so does an instrument. Another case fails when it
passes less often than in the baseline: less at all when no chance is involved, because the autopilot does the same
thing every time; else when the 95 % interval of the difference lies below zero. A case that is in the baseline and not
in the folder fails, however it went away: removed, renamed, or made no longer golden. What was graded may differ; that
is told and fails nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from company.errors import UsageError
from company.events import Json
from company.grading.identity import PARTS, differences, is_deterministic
from company.grading.result import Report, Result
from company.grading.significance import difference

FILE = "baseline.json"
"""Its name, in the folder of the cases."""

_CURE = "write it with: company eval --update-baseline"


@with_config(ConfigDict(extra="forbid", strict=True))
@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stood when the baseline was written.

    Attributes:
        golden: It had to pass.
        passes: Trials that passed.
        trials: Trials in all.
    """

    golden: bool
    passes: Annotated[int, Field(ge=0)]
    trials: Annotated[int, Field(ge=1)]

    def __str__(self) -> str:
        return f"{self.passes} of {self.trials}" + (", golden" if self.golden else "")

    @property
    def rate(self) -> float:
        """Share of the trials that passed."""
        return self.passes / self.trials


@with_config(ConfigDict(extra="forbid", strict=True))
@dataclass(frozen=True, slots=True)
class Baseline:
    """What was accepted.

    Attributes:
        identity: What was graded; see `identify`, without the commit.
        cases: How each case stood, by id.
    """

    identity: Json
    cases: dict[str, Standing]

    @classmethod
    def of(cls, report: Report) -> "Baseline":
        """Return the baseline that a report would make."""
        identity = {name: report.identity[name] for name in PARTS}
        return cls(identity, {result.case.id: _standing(result) for result in report.results})

    def text(self) -> str:
        """Return it as the file holds it."""
        identity = _lines({name: self.identity[name] for name in PARTS})
        cases = _lines({name: _STANDING.dump_python(self.cases[name]) for name in sorted(self.cases)})
        return f'{{\n "identity": {identity},\n "cases": {cases}\n}}\n'


@dataclass(frozen=True, slots=True)
class Gate:
    """What came of holding a report against the baseline.

    Attributes:
        failures: Why the change must not land, a sentence each; nothing when it may.
        notes: What a person should know besides.
    """

    failures: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """The change may land."""
        return not self.failures


_STANDING = TypeAdapter(Standing)
_BASELINE = TypeAdapter(Baseline)


def read_baseline(folder: Path) -> Baseline | None:
    """Read the baseline of a folder of cases; None when it has none.

    Raises:
        UsageError: The file is not a baseline.
    """
    file = folder / FILE
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return None
    try:
        baseline = _BASELINE.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(map(str, first["loc"]))
        where = f"{file}: {at}" if at else str(file)
        raise UsageError(f"is not a baseline: {first['msg']}", where=where, cure=_CURE) from error
    _check(baseline, file)
    return baseline


def hold(report: Report, baseline: Baseline | None, *, partial: bool = False) -> Gate:
    """Hold a report against the baseline.

    Args:
        report: What the cases came to.
        baseline: What was accepted; None when the company has no baseline yet.
        partial: Only some of the cases were run; nothing is said about the others.
    """
    blind = tuple(str(each) for each in report.instruments if not each.ok)
    if baseline is None:
        missed = (fault for result in report.results if (fault := _missed(result)))
        note = "no baseline yet: judged by golden cases alone; company eval --update-baseline"
        return Gate((*missed, *blind), (note,))
    told = tuple(f"differs from the baseline: {what}" for what in differences(baseline.identity, report.identity))
    chance = not (is_deterministic(report.identity) and is_deterministic(baseline.identity))
    faults = (_fault(result, baseline.cases.get(result.case.id), chance=chance) for result in report.results)
    gone = () if partial else _removed(report, baseline)
    return Gate((*filter(None, faults), *gone, *blind), (*told, *_news(report, baseline)))


def update_baseline(folder: Path, report: Report, *, partial: bool = False) -> list[str]:
    """Make a report the baseline of its cases and return what changed, a sentence each.

    Raises:
        UsageError: Only some of the cases were run, a golden one or an instrument failed, or the file cannot be
            written.
    """
    where = "--update-baseline"
    if partial:
        cure = "run it without --filter"
        raise UsageError("the baseline is about all cases, and only some were run", where=where, cure=cure)
    if refused := hold(report, None).failures:
        cure = "mend what was found; a baseline never accepts a golden case that fails"
        raise UsageError(f"the baseline stays as it is: {'; '.join(refused)}", where=where, cure=cure)
    before, after = read_baseline(folder), Baseline.of(report)
    changed = list(_changes(before, after))
    if changed:
        _write(folder / FILE, after.text())
    return changed


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        cure = "check the path and its permissions"
        raise UsageError(f"cannot be written: {error.strerror}", where=str(file), cure=cure) from error


def _standing(result: Result) -> Standing:
    return Standing(result.case.golden, result.passed, len(result.trials))


def _lines(data: Json) -> str:
    """Write an object with one line for each of its keys."""
    rows = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in data.items())
    return f"{{\n{rows}\n }}" if rows else "{}"


def _check(baseline: Baseline, file: Path) -> None:
    if unknown := set(baseline.identity) ^ set(PARTS):
        what = f"is not a baseline: {', '.join(sorted(unknown))} is missing or not known"
        raise UsageError(what, where=f"{file}: identity", cure=_CURE)
    for name, standing in baseline.cases.items():
        if standing.passes > standing.trials:
            what = f"is not a baseline: {standing.passes!r} passes of {standing.trials!r} trials"
            raise UsageError(what, where=f"{file}: cases.{name}", cure=_CURE)


def _missed(result: Result) -> str:
    """Say that a golden case failed, whatever the baseline says."""
    return f"{result.case.id} is golden and passed {_counted(result)}" if result.case.golden and not result.ok else ""


def _fault(result: Result, before: Standing | None, *, chance: bool) -> str:
    if missed := _missed(result):
        return missed
    if before is None:
        return "" if result.ok else f"{result.case.id} is new and passed {_counted(result)}"
    if before.golden and not result.case.golden:
        return f"{result.case.id} was golden and is not any more, which counts as removed"
    if _is_worse(_standing(result), before, chance=chance):
        return f"{result.case.id} passed {_counted(result)}, {before} in the baseline"
    return ""


def _is_worse(now: Standing, before: Standing, *, chance: bool) -> bool:
    if not chance:
        return now.rate < before.rate
    _, upper = difference(now.passes, now.trials, before.passes, before.trials)
    return upper < 0


def _removed(report: Report, baseline: Baseline) -> Iterator[str]:
    there = {result.case.id for result in report.results}
    return (f"{name} is in the baseline and was removed or renamed" for name in baseline.cases if name not in there)


def _news(report: Report, baseline: Baseline) -> Iterator[str]:
    """Yield what changed among the cases and fails nothing by itself."""
    for result in report.results:
        before, now = baseline.cases.get(result.case.id), _standing(result)
        if before is None:
            yield f"{result.case.id} is new: {now}"
        elif now.golden and not before.golden:
            yield f"{result.case.id} is golden now"
        elif now.rate > before.rate:
            yield f"{result.case.id} is better: {now}, {before} in the baseline"


def _changes(before: Baseline | None, after: Baseline) -> Iterator[str]:
    old = before.cases if before else {}
    yield from (f"removed {name}: {old[name]}" for name in sorted(old.keys() - after.cases.keys()))
    for name in sorted(after.cases):
        if change := _change(old.get(name), after.cases[name]):
            yield change.format(name)
    yield from differences(before.identity, after.identity) if before else ()


def _change(before: Standing | None, now: Standing) -> str:
    if before is None:
        return f"added {{}}: {now}"
    if before == now:
        return ""
    word = "better" if now.rate > before.rate else "worse" if now.rate < before.rate else "changed"
    return f"{word} {{}}: {before} -> {now}"


def _counted(result: Result) -> str:
    return f"{result.passed} of {len(result.trials)}"
