"""`company eval`: runs the company's eval cases; exit code 0 when every golden one passes."""

import asyncio
import json
import os
import signal
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli import eval_compare, eval_record, eval_schema
from company.cli.eval_files import Files, environment_with_keys
from company.cli.eval_gate import open_gate
from company.cli.lines import harmless
from company.cli.opening import AsJson, Directory, Home, calm_numpy, locate

if TYPE_CHECKING:
    from company.grading import Grading, Report, Result

app = typer.Typer(invoke_without_command=True)


@app.callback()
def evaluate(
    context: typer.Context,
    text: Annotated[
        str, typer.Option("--filter", metavar="TEXT", help="Only cases with this in their id, or with this tag.")
    ] = "",
    repeat: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Play each case N times; default: as its file says.")
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="Let every role think with it: provider:model, a tier or autopilot.")
    ] = "",
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes side by side; default: one for each core.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Accept this run as the new baseline, and print what changes.")
    ] = False,
    as_json: AsJson = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, for CI.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one web page with every transcript.")] = None,
    inspect: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a log for `inspect view`: FILE.eval or FILE.json.")
    ] = None,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Run the eval cases, each in a home of its own, and score what happened."""
    if context.invoked_subcommand:
        return
    calm_numpy()
    from company.grading import Grading, open_suite

    files = Files(junit, html, inspect)
    files.check()
    found, state = locate(directory, home)
    gate = open_gate(found.evals, partial=bool(text), update=update_baseline)
    suite = open_suite(found, os.environ, model=model)
    chosen = suite.about(text)
    environment = environment_with_keys(suite, state, os.environ)
    grading = Grading(suite, chosen, environment, repeat=repeat, jobs=jobs, folder=state / "evals", resume=resume)
    if not _finished(grading, len(chosen), quiet=as_json):
        raise typer.Exit(1)
    report = grading.report()
    lines, passed = gate(report)
    files.write(report, lines)
    typer.echo(json.dumps(report.data(), ensure_ascii=False) if as_json else _summary(report))
    for line in lines:
        typer.echo(line, err=as_json)
    raise typer.Exit(0 if passed else 1)


def register(above: typer.Typer) -> None:
    """Add the command of this module, and those below it."""
    eval_compare.register(app)
    eval_record.register(app)
    eval_schema.register(app)
    above.add_typer(app, name="eval")


def _finished(grading: "Grading", count: int, *, quiet: bool) -> bool:
    """Run the cases and print each result; on Ctrl+C or SIGTERM say how to go on, and return False."""
    try:
        asyncio.run(_until_told_to_end(grading, count, quiet=quiet))
    except (KeyboardInterrupt, asyncio.CancelledError):
        done = len(grading.report().results)
        typer.echo(f"  cut off after {done} of {count}; go on with the same options and --resume", err=True)
        return False
    return True


async def _until_told_to_end(grading: "Grading", count: int, *, quiet: bool) -> None:
    task = asyncio.ensure_future(_tell(grading, count, quiet=quiet))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


async def _tell(grading: "Grading", count: int, *, quiet: bool) -> None:
    number = 0
    async with aclosing(grading.run()) as results:
        async for result in results:
            number += 1
            if not quiet:
                typer.echo(_line(result, f"{number:>{len(str(count))}}/{count}", grading.width))


def _line(result: "Result", place: str, width: int) -> str:
    verdict = "ok  " if result.ok else "FAIL"
    said = [_repeated(result)] if len(result.trials) > 1 else []
    said += [f"{fault.scorer}: {fault.what}" for fault in result.faults]
    cost = f"  ${result.cost_usd:.4f}" if result.cost_usd else ""
    words = harmless(" · ".join(said)).replace("\n", " ")
    return f"  {verdict}  {place}  {result.case.id:<{width}}  {result.seconds:5.1f} s{cost}  {words}".rstrip()


def _repeated(result: "Result") -> str:
    trials = len(result.trials)
    lower, upper = result.interval
    return f"{result.passed} of {trials}, pass^{trials} {result.pass_hat(trials):.2f}, rate {lower:.2f} to {upper:.2f}"


def _summary(report: "Report") -> str:
    golden = [result for result in report.results if result.case.golden]
    passed, held = (sum(result.ok for result in group) for group in (report.results, golden))
    cost = f" · ${report.cost_usd:.4f}" if report.cost_usd else ""
    checks = "".join(f"  {'ok  ' if each.ok else 'FAIL'}  {each}\n" for each in report.instruments)
    counts = f"{passed} of {len(report.results)} passed, {held} of {len(golden)} golden"
    return f"{checks}\n  {counts} · {report.seconds:.1f} s{cost}"
