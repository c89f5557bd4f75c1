"""What came out of running cases, as frozen plain data: faults, trials, results, one report.

A report holds all of what any door tells (lines, JSON, JUnit, HTML, Inspect) and all that a gate compares. It can be
written as JSON and read back without the company that it is about. `Report.scores` is the part that two runs of the
same company agree in, byte for byte: no time, no path, no transcript.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from company.errors import UsageError
from company.events import Json
from company.grading.case import Case
from company.grading.instruments import Checked
from company.grading.statistics import pass_hat, wilson
from company.grading.story import RunStory

FORMAT = 1
"""Version of the JSON form of a report."""

_EXACT = ConfigDict(extra="forbid")
_DERIVING = ConfigDict(extra="ignore")
"""What follows from the rest is written for machines and not read again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a trial.

    Attributes:
        scorer: The scorer that says so; `run` when the case did not come to its end.
        what: What is wrong, in one sentence.
    """

    __pydantic_config__ = _EXACT

    scorer: str
    what: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a case, from an empty home to its verdict.

    Attributes:
        faults: What is wrong, end state first; none when it passed.
        seconds: Wall-clock time it took.
        cost_usd: What its model calls cost.
        model_calls: How many there were.
        transcript: What happened, run by run; empty when the case did not come to its end.
    """

    __pydantic_config__ = _EXACT

    faults: tuple[Fault, ...]
    seconds: float
    cost_usd: Decimal = Decimal(0)
    model_calls: int = 0
    transcript: tuple[RunStory, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report says of a case: enough to compare two reports without the case files.

    Attributes:
        id: Its name.
        golden: Every trial must pass.
        seed: Seed of its paper world.
        tags: What it is about.
        source: File name and line, without the folder.
        digest: SHA-256 over what the case does and wants, hex; not over where it stands.
    """

    __pydantic_config__ = _EXACT

    id: str
    golden: bool
    seed: int
    tags: tuple[str, ...]
    source: str
    digest: str

    @classmethod
    def of(cls, case: Case) -> "Subject":
        """Return what a report says of `case`."""
        source = case.source.replace("\\", "/").rpartition("/")[2]
        return cls(case.id, case.golden, case.seed, case.tags, source, digest(case))


@dataclass(frozen=True, slots=True)
class Result:
    """What a case came to.

    Attributes:
        case: The case.
        trials: Its trials, in the order of their numbers; at least one.
    """

    __pydantic_config__ = _DERIVING

    case: Subject
    trials: tuple[Trial, ...]

    @property
    def passed(self) -> int:
        """How many trials passed."""
        return sum(trial.ok for trial in self.trials)

    @property
    def ok(self) -> bool:
        """Every trial passed: k of k."""
        return self.passed == len(self.trials)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong, each sentence once, in the order of the trials."""
        return tuple(dict.fromkeys(fault for trial in self.trials for fault in trial.faults))

    @property
    def seconds(self) -> float:
        """Wall-clock time of all trials together."""
        return sum(trial.seconds for trial in self.trials)

    @property
    def cost_usd(self) -> Decimal:
        """What all trials together cost."""
        return sum((trial.cost_usd for trial in self.trials), Decimal(0))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the pass rate: (lower, upper)."""
        return wilson(self.passed, len(self.trials))

    def pass_hat(self, k: int) -> float:
        """Return the unbiased estimate that `k` further trials all pass.

        Raises:
            ValueError: There were fewer than `k` trials.
        """
        return pass_hat(self.passed, len(self.trials), k)


@dataclass(frozen=True, slots=True)
class Report:
    """What a whole run of the suite came to.

    Attributes:
        identity: What was run, as JSON data: model, prompts, roles, tools, commit.
        results: One for each case, in the order of the files.
        seconds: Wall-clock time of the whole run; less than the sum of its cases when they ran side by side.
        instruments: What the models came to that go wrong on purpose, one for each of them.
        format: Version of this form.
    """

    __pydantic_config__ = _DERIVING

    identity: Json
    results: tuple[Result, ...]
    seconds: float
    instruments: tuple[Checked, ...] = ()
    format: int = FORMAT

    @property
    def ok(self) -> bool:
        """Every golden case passed, and every instrument came to what it had to."""
        golden = (result.ok for result in self.results if result.case.golden)
        return all((*golden, *(each.ok for each in self.instruments)))

    @property
    def cost_usd(self) -> Decimal:
        """What all cases together cost."""
        return sum((result.cost_usd for result in self.results), Decimal(0))

    def scores(self) -> Json:
        """Return what was measured, as JSON data without time, path or words of the company.

        Two runs of the same company on the autopilot agree in it; `scores_json` makes the bytes.
        """
        instruments = [str(each) for each in self.instruments]
        return {
            "identity": self.identity,
            "cases": [_score(result) for result in self.results],
            "instruments": instruments,
        }

    def scores_json(self) -> str:
        """Return `scores` as canonical JSON text: keys sorted, one line for each value."""
        return json.dumps(self.scores(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    def data(self) -> Json:
        """Return the whole report as JSON data; `read_report` reads it back.

        What follows from the trials is there too, for machines that only want to know: `ok`, and of each result `ok`,
        `passed`, `pass_hat` (pass^1, pass^2, ... up to all its trials) and the `interval` of its pass rate.
        """
        data: Json = _REPORT.dump_python(self, mode="json")
        results = [{**row, **_derived(result)} for row, result in zip(data["results"], self.results, strict=True)]
        return {**data, "ok": self.ok, "results": results}


def _derived(result: Result) -> Json:
    return {
        "ok": result.ok,
        "passed": result.passed,
        "pass_hat": [result.pass_hat(k) for k in range(1, len(result.trials) + 1)],
        "interval": list(result.interval),
    }


def _score(result: Result) -> Json:
    return {
        "id": result.case.id,
        "golden": result.case.golden,
        "digest": result.case.digest,
        "trials": len(result.trials),
        "passed": result.passed,
        "model_calls": [trial.model_calls for trial in result.trials],
        "cost_usd": format(result.cost_usd, "f"),
        "faults": [[{"scorer": fault.scorer, "what": fault.what} for fault in t.faults] for t in result.trials],
    }


def late(case: Case) -> Fault:
    """Return the fault of a trial that was not done in time."""
    return Fault("run", f"not done after {case.timeout_seconds} s")


def read_report(text: str, *, where: str) -> Report:
    """Read a report that was written as JSON.

    Args:
        text: The JSON text.
        where: Its file, for the error.

    Raises:
        UsageError: It is not a report, or one of another version.
    """
    try:
        report = _REPORT.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"is not an eval report: {first['msg']}" + (f" at {at}" if at else ""),
            where=where,
            cure="write one with: company eval --json > FILE",
        ) from error
    if report.format != FORMAT:
        cure = "write it again with: company eval --json > FILE"
        raise UsageError(f"is a report of version {report.format}, not {FORMAT}", where=where, cure=cure)
    return report


def trial_data(trial: Trial) -> Json:
    """Return a trial as JSON data; `read_trial` reads it back."""
    data: Json = _TRIAL.dump_python(trial, mode="json")
    return data


def read_trial(data: Mapping[str, Any]) -> Trial:
    """Read a trial from the JSON data that `trial_data` made.

    Raises:
        ValueError: It is not one.
    """
    return _TRIAL.validate_python(data, strict=False)


def digest(case: Case) -> str:
    """Return the SHA-256 over what a case does and wants, hex; neither its place nor what it leaves out counts."""
    data = case.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"source", "scorers"})
    checks = [
        [check.scorer.name, check.scorer.wanted.dump_python(check.wanted, mode="json", exclude_defaults=True)]
        for check in case.scorers
    ]
    text = json.dumps({**data, "scorers": checks}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


_REPORT: TypeAdapter[Report] = TypeAdapter(Report)
_TRIAL: TypeAdapter[Trial] = TypeAdapter(Trial)
