"""Options every command shares, and opening the company they point to."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from company.engine import Engine
    from company.home import CompanyDirectory
    from company.store import Store

Directory = Annotated[
    Path | None, typer.Option("--dir", help="Company directory; default: this one, else the bundled company.")
]
Home = Annotated[Path | None, typer.Option("--home", help="State directory; default: COMPANY_HOME, else .company.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def locate(directory: Path | None, home: Path | None) -> tuple["CompanyDirectory", Path]:
    """Return the company directory and the state directory that the options and the environment point to."""
    from company.home import find_directory, state_directory

    found = find_directory(directory, Path.cwd())
    return found, state_directory(found, home, os.environ)


@contextmanager
def opened_store(directory: Path | None, home: Path | None) -> Iterator["Store"]:
    """Open the store alone, which also opens when roles, tools or settings are broken; close it afterwards."""
    from company.home import open_store

    with closing(open_store(locate(directory, home)[1])) as store:
        yield store


def calm_numpy() -> None:
    """Keep linear algebra to one thread, before numpy loads: the matrices are small, more threads would only spin."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@contextmanager
def opened(directory: Path | None, home: Path | None, seed: int | None = None) -> Iterator["Engine"]:
    """Open the company and its engine; close both afterwards."""
    calm_numpy()
    from company.engine import Engine
    from company.governor import tracing
    from company.home import open_company

    found, state = locate(directory, home)
    company = open_company(found, state, seed=seed, environment=os.environ)
    try:
        if endpoint := company.settings.telemetry.otlp:
            tracing.start_tracing(endpoint)
        engine = Engine(company)
        try:
            yield engine
        finally:
            engine.close()
    finally:
        tracing.stop_tracing()
        company.close()
