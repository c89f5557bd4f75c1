"""`company run` and `company resume`: autonomous cycles, and finishing what was left."""

import asyncio
import getpass
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company import __version__
from company.cli.login import page_line
from company.cli.opening import AsJson, Directory, Home, opened

if TYPE_CHECKING:
    from company.engine import Engine
    from company.store import Run, Store

DEFAULT_PAUSE = 300.0
"""Seconds between cycles of an endless run when nothing else is said."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("run")(run)
    app.command("resume")(resume)


def run(
    cycles: Annotated[
        int | None, typer.Option(min=1, help="End after this many cycles; default: until stopped.")
    ] = None,
    when_needed: Annotated[
        bool,
        typer.Option(
            "--when-needed", help="Let code decide in each cycle who works, as in an endless run; maybe nobody."
        ),
    ] = False,
    every: Annotated[str, typer.Option(help="Time from one cycle to the next: 90s, 5m, 1h.")] = "",
    budget: Annotated[str, typer.Option(help="Dollars this command may spend on models.")] = "",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the paper world, fixed at a home's first run.")
    ] = None,
    server: Annotated[bool, typer.Option(help="Open the web terminal beside an endless run.")] = True,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Run autonomous cycles: the CEO plans, roles work in parallel, the CEO answers. Without --cycles it opens the web
    terminal too.
    """
    from company.cli.amounts import dollars, seconds

    pause = seconds(every) if every else 0.0 if cycles else DEFAULT_PAUSE
    limit = dollars(budget) if budget else None
    with opened(directory, home, seed) as engine:
        if limit is not None:
            engine.limit_spending(limit)
        _greet(engine, as_json=as_json)
        endless = cycles is None and engine.company.settings.run.wake == "events"
        begun = (engine.ticks if when_needed or endless else engine.cycles)(cycles, every=pause)
        if cycles is None and server and _serves_alone(engine, as_json=as_json):
            work = _with_server(engine, begun, as_json=as_json)
        else:
            work = _cycles(engine, begun, engine.advance, as_json=as_json)
        raise typer.Exit(interruptible(work, engine.company.store))


def resume(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run, such as R3.")],
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Finish a run that was interrupted."""
    from company.cli.following import Cursor, following, printer

    with opened(directory, home) as engine:
        journal = engine.company.store.journal
        cursor = Cursor(journal, printer(as_json=as_json), after=journal.last_seq())
        engine.reopen(run_id)

        async def finish() -> int:
            finished = await following(cursor, engine.advance(run_id))
            summary(engine.company.store, finished, as_json=as_json)
            return exit_code(finished)

        raise typer.Exit(interruptible(finish(), engine.company.store))


def interruptible(work: Coroutine[Any, Any, int], store: "Store") -> int:
    """Run `work`; on Ctrl+C or SIGTERM say how to go on. The run stays resumable: every step before is durable."""
    try:
        return asyncio.run(_until_told_to_end(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        left = store.runs.unfinished()
        cure = f"company resume {left[-1].id}" if left else "company run"
        typer.echo(f"  interrupted; go on with: {cure}", err=True)
        return 1


async def _until_told_to_end(work: Coroutine[Any, Any, int]) -> int:
    """Cancel `work` on SIGTERM, as `asyncio.run` does on Ctrl+C; raising where it is could break a transaction."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def exit_code(run: "Run") -> int:
    """0 for a run that did its work (waiting for a person included), 1 for one that failed or is degraded."""
    return 0 if run.status in {"done", "waiting"} and not run.outcome.get("degraded") else 1


def summary(store: "Store", run: "Run", *, as_json: bool, elapsed: float | None = None) -> None:
    """Print how a run ended, and what waits for a person."""
    from company.cli.lines import count

    if as_json:
        return
    what = f"cycle {run.number}" if run.kind == "cycle" else run.id
    used = run.outcome
    waiting = used.get("waiting", [])
    parts = [f"{what} {run.status}", count(used.get("calls", 0), "call")]
    parts += [f"{count(len(waiting), 'approval')} waiting"] if waiting else []
    parts += [f"${float(used.get('usd', 0)):.2f}"] + ([f"{elapsed:.1f} s"] if elapsed is not None else [])
    typer.echo(f"  {' · '.join(parts)}")
    for text in used.get("degraded", []):
        typer.echo(f"  degraded: {text}")
    if error := used.get("error"):
        typer.echo(f"  {error}")
    for approval_id in waiting:
        approval = store.approvals.get(approval_id)
        typer.echo(f"  {approval_id} {approval.role} wants {approval.tool}: company approvals approve {approval_id}")


def _greet(engine: "Engine", *, as_json: bool) -> None:
    company = engine.company
    if as_json:
        return
    mind = company.models.summary
    typer.echo(
        f"\n  {company.settings.company.name} {__version__}   paper money · {mind} · paper world, seed {company.seed}"
    )
    typer.echo(f"  home  {company.state}   stop  Ctrl+C   help  company --help\n")


def _serves_alone(engine: "Engine", *, as_json: bool) -> bool:
    """Tell whether no other process serves this home; if one does, say where."""
    from company.server import find_server

    other = find_server(engine.company.state)
    if other and not as_json:
        typer.echo(f"  page  {other.public}   served by process {other.pid}; log in: company login\n")
    return other is None


async def _with_server(engine: "Engine", begun: AsyncIterator["Run | None"], *, as_json: bool) -> int:
    """Run cycles without end beside the server; when either ends, the other one does."""
    from company.server import opened_door
    from company.server.access.codes import login_address

    person = getpass.getuser()
    with opened_door(engine, person=person) as door:
        if not as_json:
            address = login_address(engine.company.store.access, door.site.public, person)
            typer.echo(f"{page_line(address)}\n")
        advance = door.server.driver.advance
        cycles = asyncio.ensure_future(_cycles(engine, begun, advance, as_json=as_json))
        cycles.add_done_callback(lambda _: door.server.end())
        serving = asyncio.ensure_future(door.server.serve(sockets=[door.listener]))
        try:
            await asyncio.shield(serving)
        finally:
            door.server.end()
            cycles.cancel()
            await asyncio.wait({cycles, serving})
        return cycles.result()


async def _cycles(
    engine: "Engine",
    begun: AsyncIterator["Run | None"],
    advance: Callable[[str], Awaitable["Run"]],
    *,
    as_json: bool,
) -> int:
    """Do the work of each cycle that begins; None is a step of time in which nobody works."""
    from company.cli.following import Cursor, following, printer

    store, worst = engine.company.store, 0
    cursor = Cursor(store.journal, printer(as_json=as_json), after=store.journal.last_seq())
    for left in await following(cursor, engine.sweep()):
        summary(store, left, as_json=as_json)
    async for run in begun:
        if run is not None:
            if not as_json:
                typer.echo(f"  cycle {run.number}   {run.as_of:%Y-%m-%d %H:%M} company time")
            began = time.monotonic()
            finished = await following(cursor, advance(run.id))
            summary(store, finished, as_json=as_json, elapsed=time.monotonic() - began)
            worst = max(worst, exit_code(finished))
        for woken in await following(cursor, engine.wake()):
            summary(store, woken, as_json=as_json)
    return 1 if _is_stopped(store) else worst


def _is_stopped(store: "Store") -> bool:
    """Tell whether a person stopped the company, and say so."""
    from company.governor import STOP_FLAG

    if reason := store.flags.get(STOP_FLAG):
        typer.echo(f"  the company was stopped by {reason}\n  → company start --reason '...'", err=True)
    return bool(reason)
