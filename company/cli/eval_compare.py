"""`company eval compare`: two reports side by side, with what chance alone would explain."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import AsJson
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.grading.comparing import Comparison, Pair, Total
    from company.grading.result import Report, Result

_HEAD = ("case", "A", "B", "B - A", "p", "p (Holm)", "")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("compare")(compare)


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A report that company eval --json wrote.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The report it is compared with.")],
    as_json: AsJson = False,
) -> None:
    """Compare two reports, of two models, personas or branches, and say what is more than chance."""
    from company.grading.comparing import compare as side_by_side
    from company.grading.comparing import comparison_data

    comparison = side_by_side(read(first), read(second))
    if as_json:
        typer.echo(json.dumps(comparison_data(comparison), ensure_ascii=False))
    else:
        for line in _lines(comparison, first, second):
            typer.echo(line)


def read(file: Path) -> "Report":
    """Return a report from a file.

    Raises:
        UsageError: It cannot be read or is no report.
    """
    from company.grading.result import read_report

    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), cure="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=str(file), cure="write it with company eval --json") from error
    return read_report(text, where=str(file))


def _lines(comparison: "Comparison", first: Path, second: Path) -> Iterator[str]:
    yield f"A: {first}   B: {second}"
    yield from (f"graded differently: {what}" for what in comparison.identity)
    yield ""
    yield table(_HEAD, [_row(pair) for pair in comparison.pairs], empty="")
    yield ""
    yield table(("", *_TOTALS), [_total("A", comparison.first), _total("B", comparison.second)], empty="")
    yield ""
    yield comparison.verdict
    if comparison.doubt:
        yield comparison.doubt
    yield from _missing("A", comparison.only_first)
    yield from _missing("B", comparison.only_second)


_TOTALS = ("cases passed", "95 % interval (Wilson)", "trials", "model calls", "cost", "time")


def _row(pair: "Pair") -> tuple[str, ...]:
    marks = [*["differs"] * pair.stands_out, *["the case was edited"] * pair.is_edited]
    change = f"{pair.change:+.0%}" if pair.change else "same"
    counts = _counted(pair.first), _counted(pair.second)
    return (pair.id, *counts, change, f"{pair.p:.3f}", f"{pair.adjusted:.3f}", ", ".join(marks))


def _counted(result: "Result") -> str:
    return f"{result.passed}/{len(result.trials)}"


def _total(name: str, total: "Total") -> tuple[str, ...]:
    low, high = total.interval
    passed = f"{total.passed} of {total.cases}"
    spent = f"${total.cost_usd:.4f}"
    return (name, passed, f"{low:.0%} to {high:.0%}", str(total.trials), str(total.model_calls), spent, _time(total))


def _time(total: "Total") -> str:
    return f"{total.seconds:.1f} s"


def _missing(name: str, ids: tuple[str, ...]) -> Iterator[str]:
    if ids:
        yield f"only in {name}, not compared: {', '.join(ids)}"
