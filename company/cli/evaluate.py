"""`company eval`: runs the company's eval cases; exit code 0 when every golden one passes."""

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import AsJson, Directory, calm_numpy
from company.errors import UsageError

if TYPE_CHECKING:
    from company.grading import Case, Result
    from company.home import CompanyDirectory


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("eval")(evaluate)


def evaluate(
    text: Annotated[
        str, typer.Option("--filter", metavar="TEXT", help="Only cases with this in their id, or with this tag.")
    ] = "",
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """Run the eval cases, each in a home of its own, and score what happened."""
    calm_numpy()
    from company.config import load_settings
    from company.grading import load_cases
    from company.home import find_directory, load_content

    found = find_directory(directory, Path.cwd())
    cases = load_cases(found.evals, load_content(found, load_settings(found.config_file), os.environ))
    chosen = [case for case in cases if case.about(text)]
    if not chosen:
        tags = ", ".join(sorted({tag for case in cases for tag in case.tags}))
        raise UsageError(f"no eval case is about {text!r}", where="--filter", cure=f"tags are: {tags}")
    results = asyncio.run(_graded(chosen, found, as_json=as_json))
    if as_json:
        typer.echo(json.dumps([_row(result) for result in results], ensure_ascii=False))
    else:
        typer.echo(_summary(results))
    raise typer.Exit(0 if all(result.ok for result in results if result.case.golden) else 1)


async def _graded(cases: "list[Case]", directory: "CompanyDirectory", *, as_json: bool) -> "list[Result]":
    from company.grading import grade

    results = []
    async for result in grade(cases, directory, os.environ):
        results.append(result)
        if not as_json:
            typer.echo(_line(result, width=max(len(case.id) for case in cases)))
    return results


def _line(result: "Result", *, width: int) -> str:
    faults = " · ".join(f"{fault.scorer}: {fault.what}" for fault in result.faults)
    verdict = "ok  " if result.ok else "FAIL"
    return f"  {verdict}  {result.case.id:<{width}}  {result.seconds:5.1f} s  {faults}".rstrip()


def _summary(results: "list[Result]") -> str:
    golden = [result for result in results if result.case.golden]
    passed, held = (sum(result.ok for result in group) for group in (results, golden))
    seconds = sum(result.seconds for result in results)
    return f"\n  {passed} of {len(results)} passed, {held} of {len(golden)} golden · {seconds:.1f} s"


def _row(result: "Result") -> dict[str, object]:
    return {
        "id": result.case.id,
        "ok": result.ok,
        "golden": result.case.golden,
        "tags": list(result.case.tags),
        "seed": result.case.seed,
        "seconds": round(result.seconds, 3),
        "faults": [{"scorer": fault.scorer, "what": fault.what} for fault in result.faults],
    }
