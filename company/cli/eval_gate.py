"""What `company eval` says of the baseline: whether a change may land, or what a new baseline accepts."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from company.errors import UsageError

if TYPE_CHECKING:
    from company.grading import Report
    from company.grading.baseline import Baseline

Judge = Callable[["Report"], tuple[list[str], bool]]
"""Says what stands against a report, one line each, and whether it passes."""


def open_gate(folder: Path, *, partial: bool, update: bool) -> Judge:
    """Return what will judge the report; called before anything is run, so that a wrong file costs no time.

    Args:
        folder: Where the cases are, and the baseline.
        partial: Only some of the cases are run.
        update: The report shall become the baseline.

    Raises:
        UsageError: The baseline is broken, or only some of the cases shall become it.
    """
    from company.grading.baseline import read_baseline

    if update and partial:
        cure = "run it without --filter"
        raise UsageError("the baseline is about all cases", where="--update-baseline", cure=cure)
    baseline = read_baseline(folder)
    return (lambda report: _updated(folder, report)) if update else (lambda report: _held(report, baseline, partial))


def _held(report: "Report", baseline: "Baseline | None", partial: bool) -> tuple[list[str], bool]:
    from company.grading.baseline import hold

    gate = hold(report, baseline, partial=partial)
    good = ["nothing is worse than the baseline"] if gate.ok and baseline else []
    return [f"  {line}" for line in (*gate.notes, *(f"gate: {what}" for what in (*gate.failures, *good)))], gate.ok


def _updated(folder: Path, report: "Report") -> tuple[list[str], bool]:
    from company.grading.baseline import hold, update_baseline

    if not (gate := hold(report, None)).ok:
        refused = "the baseline stays as it is: it never accepts a golden case that fails"
        return [f"  gate: {what}" for what in (*gate.failures, refused)], False
    changed = update_baseline(folder, report)
    return [f"  baseline: {what}" for what in changed or ["nothing changed"]], True
