"""`company mandate`: what roles may do without asking; given, looked at and taken back by people."""

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.mandate_text import as_text, described, listed
from company.cli.opening import AsJson, Directory, Home, find_company, opened_store, require_reason
from company.errors import UsageError

if TYPE_CHECKING:
    from company.config import Settings
    from company.governor import Giving
    from company.store import Store

app = typer.Typer(help="What roles may do without asking: add, list, show, revoke, restore.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The mandate, such as trade-paper.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the journal.")]


@dataclass(frozen=True, slots=True)
class Office:
    """What a command about mandates works with: the store, the mandates, and company time."""

    store: "Store"
    giving: "Giving"
    now: datetime


@app.command()
def add(
    id: Annotated[str, typer.Argument(metavar="ID", help="What to call it, such as buy-bitcoin; never used again.")],
    tool: Annotated[list[str], typer.Option(help="A tool it covers; may be given several times.")],
    role: Annotated[list[str] | None, typer.Option(help="A role it covers; default: all that have the tool.")] = None,
    symbol: Annotated[list[str] | None, typer.Option(help="A symbol it covers; default: all.")] = None,
    recipient: Annotated[list[str] | None, typer.Option(help="A channel or address; default: all.")] = None,
    max_notional: Annotated[str, typer.Option(metavar="AMOUNT", help="Most that one call may be worth.")] = "",
    max_notional_day: Annotated[str, typer.Option(metavar="AMOUNT", help="Most of one day, together.")] = "",
    max_calls_day: Annotated[int | None, typer.Option(min=1, help="Most calls of one day.")] = None,
    expires: Annotated[
        str,
        typer.Option(metavar="TIME", help="When it ends: 2027-01-31T12:00:00Z, or after 12h or 30d of company time."),
    ] = "",
    note: Annotated[str, typer.Option(help="Why it is given.")] = "",
    unlimited: Annotated[
        bool, typer.Option("--unlimited", help="Let nothing bound a day, even of what cannot be taken back.")
    ] = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Let roles do something without asking, inside limits, from the next decision on."""
    import os

    from company.governor import require_sound, written
    from company.home import load_content

    with _office(directory, home) as office:
        mandate = written(
            id=id,
            tools=tool,
            roles=role,
            symbols=symbol,
            recipients=recipient,
            max_notional=_amount(max_notional, "--max-notional"),
            max_notional_day=_amount(max_notional_day, "--max-notional-day"),
            max_calls_day=max_calls_day,
            expires=_moment(expires, office.now),
            note=note,
        )
        found, settings = _settings(directory)
        content = load_content(found, settings, os.environ)
        require_sound(mandate, tools=content.tools, roles=content.roles, now=office.now, unlimited=unlimited)
        office.giving.add(mandate, getpass.getuser())
        typer.echo(described(office.giving.entry(id, office.now).told()))


@app.command("list")
def listing(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List all mandates, with what was used of them today."""
    with _office(directory, home) as office:
        told = [entry.told() for entry in office.giving.entries(office.now)]
    typer.echo(as_text(told) if as_json else listed(told))


@app.command()
def show(id: Id, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Print everything about one mandate."""
    with _office(directory, home) as office:
        told = office.giving.entry(id, office.now).told()
    typer.echo(as_text(told) if as_json else described(told))


@app.command()
def revoke(id: Id, reason: Reason = "", directory: Directory = None, home: Home = None) -> None:
    """Take a mandate back, also one of company.toml; the next decision does without it."""
    require_reason(reason, f"company mandate revoke {id}", "looked into it")
    with opened_store(directory, home) as store:
        _giving_of(id, store, directory).revoke(id, getpass.getuser(), reason)
    typer.echo(f"mandate {id} allows nothing any more")


@app.command()
def restore(id: Id, reason: Reason = "", directory: Directory = None, home: Home = None) -> None:
    """Let a mandate of company.toml that was revoked hold again."""
    require_reason(reason, f"company mandate restore {id}", "looked into it")
    with _office(directory, home) as office:
        office.giving.restore(id, getpass.getuser(), reason)
        typer.echo(described(office.giving.entry(id, office.now).told()))


def _giving_of(id: str, store: "Store", directory: Path | None) -> "Giving":
    """What was given by command is revoked without company.toml, which may be broken."""
    from company.governor import Giving

    row = store.mandates.find(id)
    is_command = row is not None and row.terms is not None
    return Giving(store, () if is_command else _settings(directory)[1].mandates)


@contextmanager
def _office(directory: Path | None, home: Path | None) -> Iterator[Office]:
    from company.governor import Giving

    _, settings = _settings(directory)
    with opened_store(directory, home) as store:
        yield Office(store, Giving(store, settings.mandates), _company_time(settings, store))


def _settings(directory: Path | None) -> tuple[Any, "Settings"]:
    from company.config import load_settings

    found = find_company(directory)
    return found, load_settings(found.config_file)


def _company_time(settings: "Settings", store: "Store") -> datetime:
    """The time of the newest run, or of the wall when the company lives in it."""
    from company.world import START, WallClock

    if settings.world.clock == "wall":
        return WallClock().now()
    last = store.runs.last()
    return last.as_of if last else START


def _amount(text: str, option: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"{text!r} is not an amount above zero", where=option, cure="write it like 5000 or 0.50")
    return amount


def _moment(text: str, now: datetime) -> datetime | None:
    from company.config import parse_duration

    if not text:
        return None
    try:
        moment = now + parse_duration(text) if re.fullmatch(r"[0-9]+[smhd]", text) else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        cure = "write a time with its offset, 2027-01-31T12:00:00Z, or a length of time, 30d"
        raise UsageError(f"{text!r} is not a time", where="--expires", cure=cure)
    return moment


def _is_length(text: str) -> bool:
    return text[:-1].isdigit()
