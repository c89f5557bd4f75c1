"""Options every command shares, and opening the company they point to.

Which company that is, and where its state lies, is said on standard error, once by each command: a person who forgot
where they stand reads it, and standard output stays what a program reads.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.errors import UsageError

if TYPE_CHECKING:
    from company.engine import Engine
    from company.home import CompanyDirectory
    from company.store import Store

Directory = Annotated[
    Path | None, typer.Option("--dir", help="Company directory; default: this one, one above it, else the bundled.")
]
Home = Annotated[Path | None, typer.Option("--home", help="State directory; default: COMPANY_HOME, else .company.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


_said: set[str] = set()


def begin() -> None:
    """Begin a command: it has not said yet which company it works with."""
    _said.clear()


def locate(directory: Path | None, home: Path | None) -> tuple["CompanyDirectory", Path]:
    """Return the company directory and the state directory that the options and the environment point to, and say so.

    Raises:
        UsageError: As `find_company`, or there is no place for the state.
    """
    from company.home import state_directory

    found = find_company(directory)
    state = state_directory(found, home, os.environ)
    tell(found, state)
    return found, state


def find_company(directory: Path | None) -> "CompanyDirectory":
    """Return the company directory that the options and the working directory point to.

    Raises:
        UsageError: There is no company, or one that was found above the working directory is not trusted.
    """
    from company.home import find_directory, require_trust

    person = os.environ.get("HOME")
    found = find_directory(directory, Path.cwd(), home=Path(person) if person else None)
    if found.above:
        require_trust(found, os.environ)
    return found


def tell(found: "CompanyDirectory", state: Path | None = None) -> None:
    """Say which company a command works with, and where its state lies when it uses that; a second time says nothing.

    Args:
        found: The company.
        state: Its state directory; None for a command that reads the company's files only.
    """
    if _said:
        return
    _said.add(str(found.root))
    which = _short(found.root) if found.owned else "bundled with the-ai-company"
    print(f"company {which}" + (f" (state {_short(state)})" if state else ""), file=sys.stderr, flush=True)


def _short(path: Path) -> str:
    """Return a path as a person writes it: below the working directory, below their home, else in full."""
    here, person = Path.cwd(), Path(os.environ.get("HOME") or os.sep)
    if here in path.parents:
        return str(path.relative_to(here))
    return f"~{os.sep}{path.relative_to(person)}" if person in path.parents and person != Path(os.sep) else str(path)


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


def require_reason(reason: str, command: str, example: str) -> None:
    """Refuse a command that is given without a reason.

    Args:
        reason: What the person gave.
        command: The command as they would type it.
        example: A reason it could have.

    Raises:
        UsageError: There is none.
    """
    if not reason.strip():
        raise UsageError("a reason is needed", where="--reason", cure=f"{command} --reason '{example}'")
