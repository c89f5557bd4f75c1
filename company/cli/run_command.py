"""`company run` and `company resume`: autonomous cycles, and finishing what was left."""

import asyncio
import signal
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company import __version__
from company.cli.opening import AsJson, Directory, Home, opened

if TYPE_CHECKING:
    from company.engine import Engine
    from company.store import Run

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
    every: Annotated[str, typer.Option(help="Time from one cycle to the next: 90s, 5m, 1h.")] = "",
    budget: Annotated[str, typer.Option(help="Dollars this command may spend on models.")] = "",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the paper world, fixed at a home's first run.")
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Run autonomous cycles: the CEO plans, roles work in parallel, the CEO answers."""
    from company.cli.amounts import dollars, seconds

    pause = seconds(every) if every else 0.0 if cycles else DEFAULT_PAUSE
    limit = dollars(budget) if budget else None
    with opened(directory, home, seed) as engine:
        if limit is not None:
            engine.limit_spending(limit)
        _greet(engine, as_json=as_json)
        raise typer.Exit(interruptible(_cycles(engine, cycles, pause, as_json=as_json), engine))


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
            summary(engine, finished, as_json=as_json)
            return exit_code(finished)

        raise typer.Exit(interruptible(finish(), engine))


def interruptible(work: Coroutine[Any, Any, int], engine: "Engine") -> int:
    """Run `work`; on Ctrl+C or SIGTERM say how to go on. The run stays resumable: every step before is durable."""
    try:
        return asyncio.run(_until_told_to_end(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        left = engine.company.store.runs.unfinished()
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


def summary(engine: "Engine", run: "Run", *, as_json: bool, elapsed: float | None = None) -> None:
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
        approval = engine.company.store.approvals.get(approval_id)
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


async def _cycles(engine: "Engine", count: int | None, pause: float, *, as_json: bool) -> int:
    from company.cli.following import Cursor, following, printer

    journal, worst = engine.company.store.journal, 0
    cursor = Cursor(journal, printer(as_json=as_json), after=journal.last_seq())
    for left in await following(cursor, engine.sweep()):
        summary(engine, left, as_json=as_json)
    async for run in engine.cycles(count, every=pause):
        if not as_json:
            typer.echo(f"  cycle {run.number}   {run.as_of:%Y-%m-%d %H:%M} company time")
        began = time.monotonic()
        finished = await following(cursor, engine.advance(run.id))
        summary(engine, finished, as_json=as_json, elapsed=time.monotonic() - began)
        worst = max(worst, exit_code(finished))
        for woken in await following(cursor, engine.wake()):
            summary(engine, woken, as_json=as_json)
    return worst
