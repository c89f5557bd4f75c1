"""`company live`: a person lets orders leave for an exchange with real money, or no longer.

Enabling asks for a sentence, typed at a terminal. What comes through a pipe is refused whatever it says: a script, a
scheduled job or a model with a shell could write the sentence too, and it is a person who has to.
"""

import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import AsJson, Directory, Home, locate
from company.errors import UsageError

if TYPE_CHECKING:
    from company.config import Settings
    from company.home import Company, LiveSwitch

app = typer.Typer(help="Trading with real money: enable, disable, status.", invoke_without_command=True)

Venue = Annotated[str, typer.Argument(metavar="VENUE", help="A venue of company.toml, [venues.VENUE].")]


@app.callback()
def default(context: typer.Context, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Trading with real money: enable, disable, status."""
    if context.invoked_subcommand is None:
        status(as_json, directory, home)


@app.command()
def status(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Say for each venue with real money whether orders may leave for it."""
    from company.home.live import as_json as plain

    with _switch(directory, home) as (settings, switch):
        known = [name for name, venue in settings.venues.items() if venue.is_real]
        standings = [switch.standing(name) for name in known]
        gone = [name for name in switch.enabled() if name not in known]
    if as_json:
        typer.echo(json.dumps([plain(standing) for standing in standings], ensure_ascii=False))
        return
    for standing in standings:
        typer.echo(f"{standing.venue}: {standing}")
    for name in gone:
        typer.echo(f"{name}: was enabled and is no venue any more; company live disable {name} --reason '...'")
    if not standings and not gone:
        typer.echo("no venue has real money")


@app.command()
def enable(venue: Venue, directory: Directory = None, home: Home = None) -> None:
    """Let orders leave for an exchange with real money; asks for a sentence, at a terminal."""
    from company.home.live import phrase_of

    with _switch(directory, home) as (settings, switch):
        switch.require_ready(venue)
        if not sys.stdin.isatty():
            raise UsageError(
                "standard input is no terminal; real money is risked by a person, not by a script",
                where="company live enable",
                cure=f"type it at a terminal: company live enable {venue}",
            )
        for line in _terms(venue, settings):
            typer.echo(line)
        typer.echo(f"\nTo go on, type: {phrase_of(venue)}")
        standing = switch.enable(venue, by=getpass.getuser(), phrase=_typed())
    typer.echo(f"{venue}: {standing}")
    typer.echo(f"turn it off with: company live disable {venue} --reason '...'")


@app.command()
def disable(
    venue: Venue,
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Let no order leave for an exchange any more; takes effect at once, in every process."""
    with _switch(directory, home) as (_, switch):
        was_on = switch.disable(venue, by=getpass.getuser(), reason=reason)
    if not was_on:
        typer.echo(f"{venue}: live trading was off already")
        return
    typer.echo(f"{venue}: live trading is off; orders that rest there stay open, cancel them at the exchange")


def _typed() -> str:
    try:
        return input("> ").strip()
    except EOFError:
        return ""


def _terms(venue: str, settings: "Settings") -> Iterator[str]:
    """Say what is enabled, and under which limits."""
    from company.config import VENUE_KINDS

    section, limits = settings.venues[venue], settings.limits.model_dump(mode="json")
    yield f"Live trading on {venue}: {section.exchange}, real money, {', '.join(section.symbols)}"
    if section.kind not in VENUE_KINDS:
        yield f"Orders go through code of an installed package, kind {section.kind}; it is given the account's keys."
    if venue not in settings.world.venues:
        yield "  not in use yet: [world] venues does not name it"
    yield "The limits in force, as parts of the equity there where they are parts:"
    width = max(map(len, limits))
    for name, value in limits.items():
        yield f"  {name:<{width}}  {', '.join(map(str, value)) if isinstance(value, list) else value}"
    yield "They hold for every order. When they, this venue's settings or its keys change, you are asked again."
    yield "What roles may do without asking: company mandate list"
    yield "News, web traffic and social channels are the paper world's: they are invented, and roles read them."


def checks(company: "Company") -> Iterator[tuple[str, bool, str]]:
    """Say of each venue in use what money is there and whether orders may leave, for `company doctor`."""
    from company.config import PAPER
    from company.home import live_switch, open_secrets
    from company.home.venues import keys_of, terms_of, venue_points

    settings, secrets = company.settings, open_secrets(company.state, company.store, os.environ)
    points = venue_points(company.directory, settings, os.environ)
    switch = live_switch(company.store, settings, secrets, lambda: points)
    for name in settings.world.venues:
        if name == PAPER:
            yield "venues", True, f"{', '.join(company.world.venues)}: the paper world in this process"
            continue
        section = settings.venues[name]
        terms = terms_of(name, section)
        where = terms.url if terms.mode == "paper" else f"{terms.kind}:{terms.exchange}"
        if terms.mode == "paper":
            yield name, True, f"{where}, play money"
            continue
        keys = "keys set" if keys_of(section, secrets) else f"no keys: company key set {section.secrets[0]}"
        money = f"real money, {switch.standing(name)}" if section.is_real else "play money of its sandbox"
        yield name, keys == "keys set", f"{where}, {money}; {keys}; {', '.join(section.symbols)}"


@contextmanager
def _switch(directory: Path | None, home: Path | None) -> Iterator[tuple["Settings", "LiveSwitch"]]:
    from contextlib import closing

    from company.config import load_settings
    from company.home import live_switch, open_secrets, open_store
    from company.home.venues import venue_points

    found, state = locate(directory, home)
    settings = load_settings(found.config_file)
    with closing(open_store(state)) as store:
        secrets = open_secrets(state, store, os.environ)
        yield settings, live_switch(store, settings, secrets, lambda: venue_points(found, settings, os.environ))
