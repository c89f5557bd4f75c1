"""`company stop` and `company start`: a person holds the company, and lets it go again."""

import asyncio
import getpass
from typing import Annotated

import typer

from company.cli.opening import Directory, Home, locate, opened
from company.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("stop")(stop)
    app.command("start")(start)


def stop(
    now: Annotated[bool, typer.Option("--now", help="Stop in the middle of a run and cancel open orders.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """End the running cycles after the present one; with --now at once, until `company start`."""
    from company.engine import cancel_orders, halt, pause
    from company.home import open_store

    store = open_store(locate(directory, home)[1])
    try:
        (halt if now else pause)(store, f"{getpass.getuser()}: {reason or 'no reason given'}")
    finally:
        store.close()
    if not now:
        typer.echo("the running cycles end after the present one")
        return
    typer.echo("stopped; go on with: company start --reason '...'")
    with opened(directory, home) as engine:
        cancelled = asyncio.run(cancel_orders(engine.company))
    typer.echo(f"{cancelled} open orders cancelled")


def start(
    reason: Annotated[str, typer.Option(help="Why it may go on; kept in the journal.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Let a stopped company work again."""
    from company.engine import release
    from company.home import open_store

    if not reason.strip():
        raise UsageError("a reason is needed", where="--reason", cure="company start --reason 'looked into it'")
    store = open_store(locate(directory, home)[1])
    try:
        release(store, f"{getpass.getuser()}: {reason}")
    finally:
        store.close()
    typer.echo("the company may work again")
