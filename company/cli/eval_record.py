"""`company eval record`: makes a case of a run that took place."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import Directory, Home, calm_numpy, locate

if TYPE_CHECKING:
    from company.grading.recording import Recorded
    from company.home import CompanyDirectory


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("record")(record)


def record(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run, such as R3.")],
    into: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File of cases it is added to; default: it is printed.")
    ] = None,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Make an eval case of a run: what led to it, and what came of it as scorers."""
    calm_numpy()
    from company.grading.recording import append

    found, state = locate(directory, home)
    recorded = _recorded(found, state, run_id, into)
    if into is None:
        typer.echo(recorded.text, nl=False)
    else:
        append(recorded, into)
        typer.echo(f"added {recorded.id} to {into}", err=True)
    for what in recorded.missing:
        typer.echo(f"not carried over: {what}", err=True)


def _recorded(found: "CompanyDirectory", state: Path, run_id: str, into: Path | None) -> "Recorded":
    from company.grading.recording import record as make
    from company.home import open_company

    company = open_company(found, state, environment=os.environ)
    try:
        return asyncio.run(make(company, run_id, taken=_taken(found, into)))
    finally:
        company.close()


def _taken(found: "CompanyDirectory", into: Path | None) -> set[str]:
    """Return the ids of the cases that it will stand beside."""
    from company.grading.recording import ids_in

    files = {*found.evals.glob("*.yaml"), *filter(None, [into])}
    return {name for file in files for name in ids_in(file)}
