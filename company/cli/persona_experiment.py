"""`company persona experiment`: a candidate against the stable persona; people promote, the guardrail rolls back."""

import asyncio
import getpass
import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, opened, opened_store, require_reason
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.memory.persona import Interval, Share, Standing
    from company.store import Experiment, Pair

app = typer.Typer(
    help="A candidate on trial: start, list, show, score, promote, rollback, settle.", no_args_is_help=True
)

Id = Annotated[str, typer.Argument(metavar="ID", help="The experiment, such as E1.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the experiment and in the journal.")]

SAFETY = frozenset({"boundary", "injection", "safety", "security"})
"""Tags of eval cases that are safety assertions."""


@app.command()
def start(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Whose persona is tried.")],
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="The candidate; default: an editor.")] = None,
    candidate: Annotated[str, typer.Option(metavar="VERSION", help="An earlier version as the candidate.")] = "",
    share: Annotated[str, typer.Option(help="Share of the conversations that have the candidate.")] = "0.5",
    from_rate: Annotated[
        str, typer.Option("--from", help="Share of conversations expected to be approved now.")
    ] = "0.6",
    to_rate: Annotated[str, typer.Option("--to", help="Share that the candidate is tried for.")] = "0.7",
    reason: Reason = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Give a share of the conversations a candidate; says how many opinions it takes."""
    from company.cli.persona import personas, written
    from company.memory.persona import needed
    from company.store import WHOLE

    rates = _share(from_rate, "--from"), _share(to_rate, "--to")
    number, weight, by = needed(*rates), int(_share(share, "--share") * WHOLE), getpass.getuser()
    with personas(directory, home) as (store, _), store.transaction():
        if candidate:
            version = store.personas.find(role, candidate)
        else:
            version = store.personas.add(role, written(file, store.personas.stable(role).text), by, reason)
        found = store.experiments.start(
            version, weight=weight, from_rate=rates[0], to_rate=rates[1], needed=number, by=by, reason=reason
        )
    if as_json:
        typer.echo(json.dumps(_told(found), ensure_ascii=False))
    else:
        typer.echo(f"{found.id}: version {version.number} of {role} in {weight / WHOLE:.0%} of new conversations")
        typer.echo(f"{number} judged conversations an arm before anything is said of a winner")


@app.command("list")
def listing(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List all experiments."""
    with opened_store(directory, home) as store:
        found = store.experiments.all()
    if as_json:
        typer.echo(json.dumps([_told(each) for each in found], ensure_ascii=False))
        return
    rows = [(each.id, each.role, _state(each), f"{each.started_at:%Y-%m-%d}", each.reason) for each in found]
    typer.echo(table(("id", "role", "state", "since", "reason"), rows, empty="there was no experiment yet"))


@app.command()
def show(id: Id, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Show how an experiment stands: shares, intervals, what is missing, the guardrail."""
    from company.memory.persona import standing

    with opened_store(directory, home) as store:
        found = standing(store, id)
    typer.echo(json.dumps(_standing(found), ensure_ascii=False) if as_json else "\n".join(_lines(found)))


@app.command()
def score(
    id: Id,
    base: Annotated[Path, typer.Option(metavar="REPORT", help="What company eval --json wrote with the base.")],
    candidate: Annotated[Path, typer.Option(metavar="REPORT", help="The same with the candidate.")],
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Take up graded cases of both arms, case by case; a breach of the guardrail ends the experiment."""
    from company.cli.eval_compare import read
    from company.memory.persona import guard, standing

    pairs = _pairs(read(base), read(candidate))
    if not pairs:
        raise UsageError("the reports have no case in common", where=str(candidate), cure="grade the same cases twice")
    with opened_store(directory, home) as store:
        store.experiments.score(id, pairs)
        why = guard(store, id)
        found = standing(store, id)
    typer.echo(json.dumps(_standing(found), ensure_ascii=False) if as_json else "\n".join(_lines(found)))
    if why:
        asyncio.run(_settle(directory, home))
        raise typer.Exit(1)


@app.command()
def promote(
    id: Id, reason: Reason = "", as_json: AsJson = False, directory: Directory = None, home: Home = None
) -> None:
    """Make the candidate the role's persona everywhere, and what its arm remembers everybody's."""
    require_reason(reason, f"company persona experiment promote {id}", "approved more often")
    with opened_store(directory, home) as store:
        found = store.experiments.promote(id, getpass.getuser(), reason)
    _say(found, as_json, asyncio.run(_settle(directory, home)))


@app.command()
def rollback(
    id: Id, reason: Reason = "", as_json: AsJson = False, directory: Directory = None, home: Home = None
) -> None:
    """End an experiment: the stable persona everywhere, and what the candidate's arm remembers archived."""
    require_reason(reason, f"company persona experiment rollback {id}", "approved more often")
    with opened_store(directory, home) as store:
        found = store.experiments.roll_back(id, getpass.getuser(), reason)
    _say(found, as_json, asyncio.run(_settle(directory, home)))


@app.command()
def settle(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Merge or archive the memories of experiments that ended while runs of theirs were still under way."""
    left = asyncio.run(_settle(directory, home))
    if as_json:
        typer.echo(json.dumps({"unsettled": left}))
    else:
        typer.echo(f"still under way: {', '.join(left)}" if left else "everything is settled")


async def _settle(directory: Path | None, home: Path | None) -> list[str]:
    """Settle what ended; returns the ids of experiments with runs that are still under way."""
    from company.memory.persona import settle as settled

    with opened(directory, home) as engine:
        store = engine.company.store
        await settled(store, engine.company.memory)
        return [each.id for each in store.experiments.unsettled()]


def _pairs(base: Any, candidate: Any) -> "dict[str, Pair]":
    from company.store import Pair

    others = {result.case.id: result for result in candidate.results}
    both = [(result, others[result.case.id]) for result in base.results if result.case.id in others]
    return {
        f"{first.case.id}#{number}": Pair(one.ok, two.ok, bool(SAFETY & set(first.case.tags)))
        for first, second in both
        for number, (one, two) in enumerate(zip(first.trials, second.trials, strict=False))
    }


def _lines(found: "Standing") -> Iterator[str]:
    experiment = found.experiment
    yield f"{experiment.id}: {experiment.role}, {_state(experiment)}"
    rows = [_row("a (stable)", found.base), _row("b (candidate)", found.candidate)]
    yield table(("arm", "conversations", "judged", "approved", "share", "95 %"), rows, empty="")
    yield f"candidate minus stable: {_points(found.difference)}"
    yield _verdict(found)
    if found.paired is not None:
        yield f"{found.pairs} graded pairs: {found.worse} worse, {found.better} better, {_points(found.paired)}"
    if found.breach:
        yield f"guardrail: {found.breach}"


def _verdict(found: "Standing") -> str:
    if found.winner == "undecided":
        return f"no winner yet: arm a lacks {found.missing[0]} and arm b {found.missing[1]} judged conversations"
    if found.winner == "none":
        return f"no difference is shown by the first {found.experiment.needed} of each arm"
    return f"the {found.winner} is approved more often (first {found.experiment.needed} of each arm, p < 0.05)"


def _row(name: str, share: "Share") -> tuple[str, ...]:
    low, high = share.interval
    part = f"{share.approved / share.judged:.1%}" if share.judged else "-"
    return (name, str(share.conversations), str(share.judged), str(share.approved), part, f"{low:.1%} to {high:.1%}")


def _points(interval: "Interval") -> str:
    return f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f} points"


def _state(found: "Experiment") -> str:
    return "running" if found.state == "running" else f"{found.state.replace('_', ' ')} by {found.ended_by}"


def _say(found: "Experiment", as_json: bool, left: list[str]) -> None:
    if as_json:
        typer.echo(json.dumps(_told(found) | {"unsettled": left}, ensure_ascii=False))
        return
    typer.echo(f"{found.id} is {_state(found)}")
    if left:
        typer.echo(f"runs of {', '.join(left)} are under way: company persona experiment settle, when they have ended")


def _told(found: "Experiment") -> dict[str, Any]:
    from company.events import plain

    return {name: plain(getattr(found, name)) for name in type(found).__dataclass_fields__}


def _standing(found: "Standing") -> dict[str, Any]:
    arms = {"base": found.base, "candidate": found.candidate}
    return {
        "experiment": _told(found.experiment),
        **{
            name: {
                "conversations": share.conversations,
                "judged": share.judged,
                "approved": share.approved,
                "interval": list(share.interval),
            }
            for name, share in arms.items()
        },
        "difference": list(found.difference),
        "missing": {"base": found.missing[0], "candidate": found.missing[1]},
        "winner": found.winner,
        "pairs": {"all": found.pairs, "worse": found.worse, "better": found.better},
        "paired": None if found.paired is None else list(found.paired),
        "breach": found.breach,
    }


def _share(text: str, option: str) -> Decimal:
    try:
        share = Decimal(text)
    except InvalidOperation:
        share = Decimal("NaN")
    if not (share.is_finite() and 0 < share < 1):
        raise UsageError(f"{text!r} is not a share", where=option, cure="write a number between 0 and 1, like 0.5")
    return share
