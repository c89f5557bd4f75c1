"""Compares two reports: two models, two personas, two branches, on the cases that both have.

Two tests answer two questions. Whether one case went differently is Fisher's exact test on its trials, adjusted by Holm
for the number of cases looked at. Whether one subject is better on the whole is McNemar's exact test on the cases that
only one of them passes; it works on pairs, because both were given the same cases. A case counts as passed when all its
trials passed. Where there are too few trials or differing cases for a test to find anything, that is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain

from company.errors import UsageError
from company.events import Json
from company.grading.identity import differences
from company.grading.result import Report, Result
from company.grading.significance import LEVEL, fewest_discordant, fewest_trials, fisher, holm, mcnemar
from company.grading.statistics import wilson


@dataclass(frozen=True, slots=True)
class Pair:
    """One case in both reports.

    Attributes:
        first: What it came to in the first report.
        second: What it came to in the second.
        p: P-value of Fisher's exact test that both pass equally often.
        adjusted: The same, adjusted for the number of cases that are compared.
    """

    first: Result
    second: Result
    p: float
    adjusted: float

    @property
    def id(self) -> str:
        """The case."""
        return self.first.case.id

    @property
    def change(self) -> float:
        """Difference of the pass rates, the second less the first."""
        return _rate(self.second) - _rate(self.first)

    @property
    def is_edited(self) -> bool:
        """The reports mean different cases by this id, so a difference says little about the subjects."""
        return self.first.case.digest != self.second.case.digest

    @property
    def stands_out(self) -> bool:
        """The difference is more than chance."""
        return self.adjusted <= LEVEL


@dataclass(frozen=True, slots=True)
class Total:
    """What a subject came to on the cases that both have.

    Attributes:
        passed: Cases whose every trial passed.
        cases: Cases in all.
        trials: Trials in all.
        model_calls: Calls of models.
        cost_usd: What they cost.
        seconds: Wall-clock time of all trials together.
    """

    passed: int
    cases: int
    trials: int
    model_calls: int
    cost_usd: Decimal
    seconds: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the share of cases that pass."""
        return wilson(self.passed, self.cases)


@dataclass(frozen=True)
class Comparison:
    """Two reports side by side.

    Attributes:
        pairs: The cases that both have, by id.
        only_first: Ids of cases that only the first report has.
        only_second: Ids of cases that only the second has.
        identity: What was graded differently, in words.
    """

    pairs: tuple[Pair, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    identity: tuple[str, ...]

    @cached_property
    def first(self) -> Total:
        """What the first came to."""
        return _total([pair.first for pair in self.pairs])

    @cached_property
    def second(self) -> Total:
        """What the second came to."""
        return _total([pair.second for pair in self.pairs])

    @property
    def lost(self) -> int:
        """Cases that only the first passes."""
        return sum(pair.first.ok and not pair.second.ok for pair in self.pairs)

    @property
    def won(self) -> int:
        """Cases that only the second passes."""
        return sum(pair.second.ok and not pair.first.ok for pair in self.pairs)

    @property
    def p(self) -> float:
        """P-value of McNemar's exact test that neither passes more cases."""
        return mcnemar(self.lost, self.won)

    @property
    def verdict(self) -> str:
        """Whether one is better on the whole, in a sentence."""
        split, needed = self.lost + self.won, fewest_discordant()
        counts = f"only A passes {self.lost}, only B {self.won}"
        if not split:
            return f"no difference seen: A and B pass the same {self.first.passed} of {self.first.cases} cases"
        if split < needed:
            return f"too few to tell: {counts}; with fewer than {needed} differing cases no test can tell"
        test = f"McNemar's exact test, p = {self.p:.3g}"
        if self.p > LEVEL:
            return f"no difference that chance would not make: {counts} ({test})"
        return f"{'B' if self.won > self.lost else 'A'} is better: {counts} ({test})"

    @property
    def doubt(self) -> str:
        """Why no single case can be told apart, however it went; empty when it can."""
        needed = fewest_trials(len(self.pairs))
        most = max(min(len(pair.first.trials), len(pair.second.trials)) for pair in self.pairs)
        if most >= needed:
            return ""
        alone = fewest_trials()
        return (
            f"no single case can be told apart with {most} trials: Fisher's exact test needs {alone} on each side for "
            f"one case, and {needed} among {len(self.pairs)} cases (company eval --repeat {needed})"
        )


def compare(first: Report, second: Report) -> Comparison:
    """Compare two reports on the cases that both have.

    Raises:
        UsageError: They have none in common.
    """
    by_id = {result.case.id: result for result in first.results}
    others = {result.case.id: result for result in second.results}
    both = sorted(by_id.keys() & others.keys())
    if not both:
        cure = "write both with company eval --json over the same cases"
        raise UsageError("the two reports have no case in common", cure=cure)
    p_values = {name: _p(by_id[name], others[name]) for name in both}
    adjusted = holm(p_values)
    return Comparison(
        pairs=tuple(Pair(by_id[name], others[name], p_values[name], adjusted[name]) for name in both),
        only_first=tuple(sorted(by_id.keys() - others.keys())),
        only_second=tuple(sorted(others.keys() - by_id.keys())),
        identity=tuple(differences(first.identity, second.identity)),
    )


def comparison_data(comparison: Comparison) -> Json:
    """Return a comparison as JSON data."""
    return {
        "cases": [_pair_data(pair) for pair in comparison.pairs],
        "only_a": list(comparison.only_first),
        "only_b": list(comparison.only_second),
        "identity": list(comparison.identity),
        "a": _total_data(comparison.first),
        "b": _total_data(comparison.second),
        "test": {"name": "mcnemar-exact", "only_a": comparison.lost, "only_b": comparison.won, "p": comparison.p},
        "verdict": comparison.verdict,
        "doubt": comparison.doubt,
    }


def _pair_data(pair: Pair) -> Json:
    sides: Mapping[str, Result] = {"a": pair.first, "b": pair.second}
    counts = {name: {"passed": side.passed, "trials": len(side.trials)} for name, side in sides.items()}
    test = {"name": "fisher-exact", "p": pair.p, "p_holm": pair.adjusted}
    return {"id": pair.id, **counts, "change": pair.change, "edited": pair.is_edited, "test": test}


def _total_data(total: Total) -> Json:
    return {
        "passed": total.passed,
        "cases": total.cases,
        "interval": list(total.interval),
        "trials": total.trials,
        "model_calls": total.model_calls,
        "cost_usd": format(total.cost_usd, "f"),
        "seconds": round(total.seconds, 3),
    }


def _p(first: Result, second: Result) -> float:
    return fisher(first.passed, len(first.trials), second.passed, len(second.trials))


def _rate(result: Result) -> float:
    return result.passed / len(result.trials)


def _total(results: list[Result]) -> Total:
    trials = list(chain.from_iterable(result.trials for result in results))
    return Total(
        passed=sum(result.ok for result in results),
        cases=len(results),
        trials=len(trials),
        model_calls=sum(trial.model_calls for trial in trials),
        cost_usd=sum((trial.cost_usd for trial in trials), Decimal(0)),
        seconds=sum(trial.seconds for trial in trials),
    )
