"""`company replay` and `company fork`: play runs again, and try out what would have come of another decision."""

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, calm_numpy, locate
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.engine.replay import Difference, Forked, Replayed
    from company.home import Company

SHOWN = 5
"""Differences that are printed; all are counted, and `--json` has them all."""

_CUT = 160
"""Characters of a value that are printed."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("replay")(replay)
    app.command("fork")(fork)


def replay(
    run_ids: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Runs, such as R3.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Play every run that has a recording.")] = False,
    steps: Annotated[
        bool, typer.Option("--steps", help="List the decisions of a run by number; play nothing.")
    ] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Play recorded runs again, with no model, tool or network, and compare every event with the journal."""
    with _opened(directory, home) as company:
        chosen = _chosen(company, run_ids or [], every=every)
        if steps:
            _list_steps(company, chosen, as_json=as_json)
            return
        raise typer.Exit(asyncio.run(_replay(company, chosen, as_json=as_json)))


def fork(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run, such as R3.")],
    at: Annotated[int, typer.Option(min=1, help="Step that is decided anew; company replay RUN --steps lists them.")],
    role: Annotated[str, typer.Option(help="Role that is asked of another model.")] = "",
    model: Annotated[str, typer.Option(help="Its model, PROVIDER:MODEL or autopilot.")] = "",
    message: Annotated[str, typer.Option(help="What the person says besides.")] = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Share a recorded run up to a step, go on for real in a throw-away copy of the home, and print what differs."""
    from company.engine.replay import Change
    from company.engine.replay import fork as part
    from company.home import open_company

    if bool(role) != bool(model):
        raise UsageError("a role and its model belong together", where="--role", cure="give both, or none")
    with _opened(directory, home) as company:
        found = company.directory
        forked = asyncio.run(
            part(
                company,
                run_id,
                Change(at, role, model, message),
                reopen=lambda state: open_company(found, state, environment=os.environ),
            )
        )
    for line in [_fork_as_json(forked)] if as_json else _fork_lines(forked):
        typer.echo(line)


@contextmanager
def _opened(directory: Directory, home: Home) -> "Iterator[Company]":
    """Open a company for looking back: nothing of it is begun, and nothing is told to a collector."""
    calm_numpy()
    from company.home import open_company

    company = open_company(*locate(directory, home), environment=os.environ)
    try:
        yield company
    finally:
        company.close()


def _chosen(company: "Company", run_ids: Sequence[str], *, every: bool) -> list[str]:
    if every:
        return company.store.recordings.runs()
    if not run_ids:
        newest = ", ".join(run.id for run in company.store.runs.recent(5)) or "none yet"
        raise UsageError("which run?", where="run", cure=f"newest runs: {newest}; or --all")
    return list(run_ids)


def _list_steps(company: "Company", run_ids: Sequence[str], *, as_json: bool) -> None:
    from dataclasses import asdict

    from company.engine.replay import Reel, steps

    for run_id in run_ids:
        found = steps(Reel.load(company.store, run_id))
        if as_json:
            typer.echo(json.dumps({"run": run_id, "steps": [asdict(step) for step in found]}, ensure_ascii=False))
        else:
            rows = [(step.number, step.agent, step.kind, step.what) for step in found]
            typer.echo(table(("step", "agent", "kind", "what"), rows, empty=f"{run_id} decided nothing", widest=100))


async def _replay(company: "Company", run_ids: Sequence[str], *, as_json: bool) -> int:
    from company.engine.replay import replay as play

    worst = 0
    async for played in play(company, run_ids):
        worst = max(worst, bool(played.differences))
        for line in [_as_json(played)] if as_json else _lines(played):
            typer.echo(line)
    return worst


def _lines(played: "Replayed") -> Iterator[str]:
    from company.cli.lines import count

    if played.changed:
        yield f"{played.run_id}: roles, prompts, tools or settings are not those it ran with: differences are expected"
    yield (
        f"{played.run_id}: {played.same} of {count(played.events, 'event')}, {count(played.decisions, 'decision')}, "
        f"{count(len(played.differences), 'difference')}, {played.seconds:.2f} s (took {played.took:.1f} s)"
    )
    for difference in played.differences[:SHOWN]:
        yield from _described(difference)
    if len(played.differences) > SHOWN:
        yield f"  and {len(played.differences) - SHOWN} more; all of them: --json"


def _described(difference: "Difference") -> Iterator[str]:
    from company.cli.lines import harmless

    if difference.note:
        yield harmless(f"  {difference.note}")
        return
    told = difference.expected or difference.got
    assert told is not None
    name = told["event"].get("name", told["event"]["type"])
    what = "there is one more now" if difference.expected is None else f"event {difference.seq}"
    if difference.got is None:
        what += " is missing now"
    yield f"  {what}: {told['agent']} {name}"
    for path, then, now in difference.fields:
        yield harmless(f"    {path}: expected {_cut(then)}, got {_cut(now)}")


def _cut(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _CUT else f"{text[: _CUT - 1]}…"


def _as_json(played: "Replayed") -> str:
    from dataclasses import asdict

    return json.dumps(asdict(played), ensure_ascii=False, separators=(",", ":"))


def _fork_lines(forked: "Forked") -> Iterator[str]:
    from company.cli.lines import harmless

    yield (
        f"fork of {forked.run_id} at step {forked.step}: {forked.shared} of {forked.steps} steps shared, "
        f"{forked.status}, ${forked.usd:.2f}"
    )
    rows = [(row.agent, harmless(row.then), harmless(row.now)) for row in forked.changed]
    yield table(("agent", "original", "fork"), rows, empty="it decided the same")
    yield "calls that the original did not make saw the company as it is now; nothing of it was changed"


def _fork_as_json(forked: "Forked") -> str:
    from dataclasses import asdict

    from company.events import plain

    return json.dumps(plain(asdict(forked)), ensure_ascii=False, separators=(",", ":"))
