"""`company stop` and `company start`: a person holds the company, and lets it go again."""

import asyncio
import getpass
import os
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import Directory, Home, calm_numpy, locate, opened_store
from company.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from company.engine import Report, Workers
    from company.home import CompanyDirectory
    from company.store import Store
    from company.trading import Desk


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("stop")(stop)
    app.command("start")(start)


def stop(
    now: Annotated[
        bool, typer.Option("--now", help="Stop in the middle of a run, cancel open orders, end what still works.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """End the running cycles after the present one; with --now at once, until `company start`."""
    calm_numpy()
    from company.engine import RunLocks, Workers, halt, pause, said
    from company.home import open_store
    from company.server import find_server

    found, state = locate(directory, home)
    person = _login() or f"user {os.getuid()}"
    with closing(open_store(state)) as store:
        if not now:
            pause(store, said(person, reason))
            typer.echo("the running cycles end after the present one")
            return
        server = find_server(state)
        workers = Workers(RunLocks(state / "locks"), servers=(server.pid,) if server else ())
        workers.look()
        halt(store, said(person, reason))
        typer.echo("stopped; go on with: company start --reason '...'")
        desk = partial(_desk, found, store, state)
        report = asyncio.run(_enforce(store, workers, desk, person, reason.strip()))
    _tell(report)
    raise typer.Exit(1 if report.failures else 0)


def start(
    reason: Annotated[str, typer.Option(help="Why it may go on; kept in the journal.")] = "",
    person: Annotated[str, typer.Option(help="Who says so; default: the login name.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Let a stopped company work again: a person says so, and why."""
    from company.engine import release, said

    if not reason.strip():
        raise UsageError("a reason is needed", where="--reason", cure="company start --reason 'looked into it'")
    words = said(person or _login(), reason)
    with opened_store(directory, home) as store:
        release(store, words)
        left = [run.id for run in store.runs.recent(_SHOWN) if run.status == "stopped"]
    typer.echo("the company may work again")
    for run_id in reversed(left):
        typer.echo(f"{run_id} was stopped; finish it with: company resume {run_id}")


_SHOWN = 20
"""Newest runs among which `company start` looks for those that were stopped."""


def _login() -> str:
    """Return the login name; empty for a user without one, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


async def _enforce(
    store: "Store", workers: "Workers", desk: "Callable[[], Desk | None]", person: str, reason: str
) -> "Report":
    from company.engine import enforce

    return await enforce(store, workers, desk, by=person, reason=reason)


def _desk(found: "CompanyDirectory", store: "Store", state: Path) -> "Desk | None":
    from company.home import open_desk

    return open_desk(found, store, state, os.environ)


def _tell(report: "Report") -> None:
    """Print what a stop came to."""
    typer.echo(f"  {report.at:%Y-%m-%d %H:%M:%S} UTC by {report.by}: {report.reason or 'no reason given'}")
    for what, ended in (
        ("runs stopped", report.runs),
        ("orders cancelled", report.orders),
        ("processes ended", report.processes),
    ):
        typer.echo(f"  {what:<17} {len(ended)}" + (f": {', '.join(map(str, ended))}" if ended else ""))
    for failure in report.failures:
        typer.echo(f"  not done          {failure}", err=True)
    typer.echo(f"  took {report.seconds:.1f} s; signed in the journal: company journal verify")
