"""`company risk`: how the desk stands against its limits, and what only a person decides about it.

Looking writes nothing. Re-arming, resuming and pausing everything need the store only, so they also work while the
company runs and when its venues do not answer; a symbol that is to be paused is looked up there. Each is an event of
the journal, written with what it changes.
"""

import asyncio
import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, calm_numpy, locate
from company.errors import UsageError

if TYPE_CHECKING:
    from company.config import Settings
    from company.events import Json
    from company.store import Store
    from company.trading import Desk

app = typer.Typer(help="Risk of the desk: show, rearm, pause, resume.", invoke_without_command=True)

Reason = Annotated[str, typer.Option(help="Why; kept in the journal.")]
Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="The symbol, such as BTC or BTC/USDT.")]
All = Annotated[bool, typer.Option("--all", help="All symbols.")]


@dataclass(frozen=True, slots=True)
class Office:
    """What a command about risk works with: the store, the settings, and company time."""

    store: "Store"
    settings: "Settings"
    now: datetime


@app.callback()
def default(context: typer.Context, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Risk of the desk: show, rearm, pause, resume."""
    if context.invoked_subcommand is None:
        show(as_json, directory, home)


@app.command()
def show(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Print the limits, where the desk stands against them, what is paused and what is restricted."""
    calm_numpy()
    from company.cli.risk_text import as_lines
    from company.home import open_desk

    found, state = locate(directory, home)
    with _office(directory, home) as office:
        desk = open_desk(found, office.store, state, os.environ)
        told = {**_remembered(office), **(asyncio.run(_stand(desk)) if desk else {})}
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else as_lines(told))


@app.command()
def rearm(reason: Reason = "", directory: Directory = None, home: Home = None) -> None:
    """Let a desk open positions again that a drawdown had stopped; its equity of now is the new peak."""
    from company.trading import risk

    with acting(directory, home, "re-arm the desk", reason) as office:
        standing = risk.Standing(office.store.books("trading"), risk.RiskLimits.of(office.settings.limits))
        done = standing.rearm(by=getpass.getuser(), reason=reason, now=office.now)
        told = {"drawdown": f"{done.latch.drawdown:f}", "peak": f"{done.latch.peak:f}", "equity": f"{done.equity:f}"}
        _note(office, "risk.rearmed", {**told, "by": done.by, "reason": done.reason})
    typer.echo(f"the desk is armed again; drawdown counts from an equity of {done.equity:.2f}")


@app.command()
def pause(
    symbol: Symbol = "", everything: All = False, reason: Reason = "", directory: Directory = None, home: Home = None
) -> None:
    """Buy nothing of a symbol, or of any, until a person resumes; exits go on."""
    from company.trading import risk

    with acting(directory, home, "pause a symbol", reason) as office:
        name = _named(symbol, everything, office.settings)
        name = name if everything else _traded(symbol, name, office, directory, home)
        risk.pause(office.store.books("trading"), name, by=getpass.getuser(), reason=reason, now=office.now)
        _note(office, "risk.paused", {"symbol": name, "by": getpass.getuser(), "reason": reason})
    typer.echo(f"{_words(name)} is bought until: company risk resume {_option(name)} --reason '...'")


@app.command()
def resume(
    symbol: Symbol = "", everything: All = False, reason: Reason = "", directory: Directory = None, home: Home = None
) -> None:
    """End a pause, also one that an unusual market move made."""
    from company.trading import risk

    with acting(directory, home, "resume a symbol", reason) as office:
        name = _named(symbol, everything, office.settings)
        ended = risk.resume(office.store.books("trading"), name, office.now)
        _note(
            office, "risk.resumed", {"symbol": name, "rule": ended.why.rule, "by": getpass.getuser(), "reason": reason}
        )
    typer.echo(f"{'everything' if name == risk.EVERYTHING else name} is not paused any more")


async def _stand(desk: "Desk") -> "Json":
    """What the desk says of itself, in JSON."""
    from company.errors import ToolError

    shown = desk.shown(desk.markets.venues)
    try:
        limits, exposure = await shown.limits(), await shown.exposure()
        try:
            tail = (await shown.value_at_risk()).model_dump(mode="json")
        except ToolError:  # what is held has too little history
            tail = None
    finally:
        await _close(desk)
    return {
        "stand": limits.model_dump(mode="json", exclude={"limits"}),
        "exposure": exposure.model_dump(mode="json"),
        "value_at_risk": tail,
    }


def _remembered(office: Office) -> "Json":
    """Limits, latch and pauses, which need no venue, in JSON."""
    from company.trading import risk
    from company.trading.scratch import ScratchBooks

    limits = risk.RiskLimits.of(office.settings.limits)
    standing = risk.Standing(ScratchBooks(office.store.books("trading")), limits)
    return {
        "limits": limits.model_dump(mode="json"),
        "ladder": standing.ladder(office.now).model_dump(mode="json"),
        "pauses": [pause.model_dump(mode="json") for pause in standing.pauses(office.now)],
    }


@contextmanager
def _office(directory: Path | None, home: Path | None) -> Iterator[Office]:
    from company.config import load_settings
    from company.home import open_store

    found, state = locate(directory, home)
    settings = load_settings(found.config_file)
    store = open_store(state)
    try:
        yield Office(store, settings, _company_time(settings, store))
    finally:
        store.close()


@contextmanager
def acting(directory: Path | None, home: Path | None, what: str, reason: str) -> Iterator[Office]:
    """Open an office in which a person does something for a reason, in one transaction.

    Raises:
        UsageError: It is no person, or there is no reason.
    """
    from company.store import require_person, require_reason

    require_person(getpass.getuser(), what)
    require_reason(reason)
    with _office(directory, home) as office, office.store.transaction():
        yield office


def _note(office: Office, name: str, value: dict[str, Any]) -> None:
    from company import events
    from company.events import Draft

    office.store.journal.append([Draft("", "", "person", "user", events.custom(name, value))])


def _company_time(settings: "Settings", store: "Store") -> datetime:
    """The time of the newest run, or of the wall when the company lives in it."""
    from company.world import START, WallClock

    if settings.world.clock == "wall":
        return WallClock().now()
    last = store.runs.last()
    return last.as_of if last else START


def _named(symbol: str, everything: bool, settings: "Settings") -> str:
    from company.trading.risk import EVERYTHING

    if everything == bool(symbol):
        raise UsageError("one symbol is needed, or --all", where="SYMBOL", cure="company risk pause BTC --reason '...'")
    name = symbol.strip().upper().replace("-", "/").replace("_", "/")
    return EVERYTHING if everything else name if "/" in name else f"{name}/{settings.company.quote}"


def _traded(symbol: str, name: str, office: Office, directory: Path | None, home: Path | None) -> str:
    """Return the symbol as the desk knows it: a slip of the pen would pause nothing, and look as if it had."""
    from company.errors import ToolError
    from company.home import open_desk

    found, state = locate(directory, home)
    desk = open_desk(found, office.store, state, os.environ)
    if desk is None:
        return name
    try:
        return asyncio.run(_resolved(desk, symbol))
    except ToolError as error:
        raise UsageError(str(error), where="SYMBOL", cure="name one of those, or pause --all") from None


async def _resolved(desk: "Desk", text: str) -> str:
    try:
        return await desk.markets.resolve(text, exiting=True)  # a pause waits for no venue that is silent
    finally:
        await _close(desk)


async def _close(desk: "Desk") -> None:
    for venue in desk.markets.venues.values():
        await venue.close()


def _words(name: str) -> str:
    return "nothing" if name == "*" else f"nothing of {name}"


def _option(name: str) -> str:
    return "--all" if name == "*" else name
