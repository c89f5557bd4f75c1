"""`company plugins`: what is installed or configured from elsewhere, and a person's word on it."""

import getpass
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, locate
from company.cli.plugin_text import of_package, of_server, visible
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.config import McpSettings, Settings
    from company.home import CompanyDirectory
    from company.toolkit.lock import Confirmed, Lock
    from company.toolkit.packages import Package

app = typer.Typer(
    help="Installed packages and MCP servers: list, confirm, remove. Nothing of them is used before it is confirmed.",
    invoke_without_command=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An installed package, or a server of company.toml.")]


@dataclass(frozen=True, slots=True)
class Place:
    """The company directory that a command works on.

    Attributes:
        found: The directory.
        settings: What its `company.toml` says.
        lock: What was confirmed.
        state: Where its state lies.
    """

    found: "CompanyDirectory"
    settings: "Settings"
    lock: "Lock"
    state: Path


@app.callback()
def default(context: typer.Context, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Installed packages and MCP servers: list, confirm, remove. Nothing of them is used before it is confirmed."""
    if context.invoked_subcommand is not None:
        return
    rows = _rows(_place(directory, home))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    shown = [[*(row[name] for name in ("name", "kind", "version", "state")), ", ".join(row["tools"])] for row in rows]
    empty = "no installed package extends the company, and company.toml names no MCP server"
    typer.echo(table(["name", "kind", "version", "state", "tools"], shown, empty=empty))
    for row in rows:
        if row["note"]:
            typer.echo(visible(row["note"]), err=True)


@app.command()
def confirm(
    name: Name,
    by: Annotated[str, typer.Option(help="Who confirms it; default: you.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: you have read what it brings.")] = False,
    trust: Annotated[
        list[str] | None, typer.Option(metavar="TOOL", help="A package's tool whose results no stranger can write.")
    ] = None,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Show everything that a package or a server brings, and let the company use it as it is now."""
    from company.toolkit.confirming import changes
    from company.toolkit.lock import write_lock

    place = _own_place(directory, home)
    package = _chosen(name, place)
    key, kind = (package.name, "packages") if package else (name, "servers")
    before = getattr(place.lock, kind).get(key)
    who = by or getpass.getuser()
    after, lines = _of_package(package, place, who, trust or ()) if package else _of_server(name, place, who, trust)
    typer.echo("\n".join(map(visible, lines)))
    if before is not None:
        differing = changes(before, after)
        if not differing:
            typer.echo(f"{key} is confirmed as it is: by {before.by}, {before.at:%Y-%m-%d %H:%M} UTC")
            return
        told = "\n".join(f"  {visible(line)}" for line in differing)
        typer.echo(f"changed since {before.by} confirmed it, {before.at:%Y-%m-%d %H:%M} UTC:\n{told}")
    _ask(key, yes=yes)
    file = write_lock(place.found.root, place.lock.model_copy(update={kind: {**getattr(place.lock, kind), key: after}}))
    typer.echo(f"{key} is confirmed by {who}; kept in {file}")


@app.command()
def remove(name: Name, directory: Directory = None, home: Home = None) -> None:
    """Use a package or a server no longer; it stays installed or configured."""
    from company.toolkit.lock import write_lock
    from company.toolkit.packages import normalised

    place = _own_place(directory, home)
    for kind, key in (("servers", name), ("packages", normalised(name))):
        if key in (known := getattr(place.lock, kind)):
            kept = {each: confirmed for each, confirmed in known.items() if each != key}
            write_lock(place.found.root, place.lock.model_copy(update={kind: kept}))
            typer.echo(f"{key} is not used any more")
            return
    confirmed = ", ".join([*place.lock.packages, *place.lock.servers]) or "nothing"
    raise UsageError(f"nobody confirmed {visible(name)!r}", where="NAME", cure=f"confirmed are: {confirmed}")


def _place(directory: Path | None, home: Path | None) -> Place:
    from company.config import load_settings
    from company.toolkit.lock import read_lock

    found, state = locate(directory, home)
    return Place(found, load_settings(found.config_file), read_lock(found.root), state)


def _own_place(directory: Path | None, home: Path | None) -> Place:
    """Return a directory that the person works in and has trusted."""
    from company.home import require_trust

    place = _place(directory, home)
    require_owned(place.found)
    require_trust(place.found, os.environ)
    return place


def require_owned(found: "CompanyDirectory") -> None:
    """Let a directory of a person's own pass: what ships with the framework holds no lock.

    Raises:
        UsageError: It is the company that shipped.
    """
    if not found.owned:
        what = "the company that ships with the framework is nobody's own, so nothing is confirmed for it"
        raise UsageError(what, where=str(found.root), cure="make one of your own: company init DIR")


def _chosen(name: str, place: Place) -> "Package | None":
    """Return the package that a name means; None when it means a server."""
    from company.config import suggest
    from company.toolkit.packages import installed_packages, package

    found, server = package(name), name in place.settings.mcp
    if found and server:
        what = f"{name!r} is both an installed package and a server of company.toml"
        raise UsageError(what, where="NAME", cure=f"rename the section [mcp.{name}]")
    if not found and not server:
        known = [*installed_packages(), *place.settings.mcp]
        cure = suggest(name, known) if known else "install a package that extends the company, or write [mcp.NAME]"
        raise UsageError(f"there is no package or server {visible(name)!r}", where="NAME", cure=cure)
    return found


def _of_package(
    package: "Package", place: Place, who: str, trusted: "list[str] | tuple[str, ...]"
) -> "tuple[Confirmed, list[str]]":
    """Describe a package, and refuse one that does not fit beside what there is."""
    from company.home import kinds_of, roles_in, tools_of
    from company.toolkit import load_prompts
    from company.toolkit.confirming import as_confirmed, usable

    after = as_confirmed(package, by=who, at=datetime.now(UTC), trusted=trusted)
    others = usable(place.lock, but=package.name)
    trial = others.model_copy(update={"packages": {**others.packages, package.name: after}})
    tools_of(place.found, trial, _sound_servers(place))
    load_prompts(place.found.bundled / "prompts", lock=trial)
    kinds_of(place.found, trial)
    roles = {role.id: role for role in roles_in(package.distribution)}
    return after, list(of_package(package.name, after, roles))


def _of_server(name: str, place: Place, who: str, trusted: list[str] | None) -> "tuple[Confirmed, list[str]]":
    """Ask a server what it offers, and refuse it when that does not fit beside what there is."""
    from company.home import open_secrets, open_store, tools_of
    from company.toolkit.confirming import usable
    from company.toolkit.lock import Confirmed
    from company.toolkit.mcp import look_at

    if trusted:
        what = "what a server's tools are trusted with stands in company.toml"
        raise UsageError(what, where="--trust", cure=f'write trust = "trusted" in [mcp.{name}.tools.{trusted[0]}]')
    section = place.settings.mcp[name]
    store = open_store(place.state)
    try:
        secrets = open_secrets(place.state, store, os.environ)
        seen = look_at(name, section, secrets, environment=os.environ, root=place.found.root)
    finally:
        store.close()
    after = Confirmed(by=who, at=datetime.now(UTC), tools=tuple(seen.tools), names=seen.names)
    others = usable(place.lock)
    trial = others.model_copy(update={"servers": {**others.servers, name: after}})
    tools_of(place.found, trial, {**_sound_servers(place), name: section})
    return after, list(of_server(name, after, " ".join(section.command) or section.url, seen))


def _sound_servers(place: Place) -> "dict[str, McpSettings]":
    """Return the servers whose listed tools were all confirmed: another one that was not is no fault of this one."""
    known, servers = place.lock.servers, place.settings.mcp.items()
    return {name: each for name, each in servers if name in known and {*each.tools} <= {*known[name].names.values()}}


def _ask(name: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        what = "standard input is no terminal, and what others wrote is let in by a person who has read what it brings"
        raise UsageError(what, where="company plugins confirm", cure=f"at a terminal, or: --yes ({name})")
    typer.confirm(f"Use {name} as it is?", abort=True)


def _rows(place: Place) -> list[dict[str, Any]]:
    from company.toolkit.packages import fault_of_package, installed_packages

    installed, packages = installed_packages(), place.lock.packages
    rows: list[dict[str, Any]] = []
    for name in sorted(installed.keys() | packages.keys()):
        found, locked = installed.get(name), packages.get(name)
        fault = fault_of_package(name, locked) if locked else ""
        state = "not confirmed" if not locked else "gone" if not found else "changed" if fault else "confirmed"
        version = found.version if found else locked.version if locked else ""
        rows.append(_row(name, "package", version, state, locked, fault))
    servers = place.lock.servers
    for name in sorted(place.settings.mcp.keys() | servers.keys()):
        known, locked = name in place.settings.mcp, servers.get(name)
        stray = sorted(set(place.settings.mcp[name].tools) - set(locked.names.values())) if known and locked else []
        fault = f"{name}: not confirmed of its tools: {', '.join(stray)}" if stray else ""
        state = "not confirmed" if not locked else "gone" if not known else "changed" if fault else "confirmed"
        rows.append(_row(name, "mcp", "", state, locked, fault))
    return rows


def _row(name: str, kind: str, version: str, state: str, locked: "Confirmed | None", note: str) -> dict[str, Any]:
    tools = [tool.name for tool in locked.tools] if locked else []
    return {"name": name, "kind": kind, "version": version, "state": state, "tools": tools, "note": note}
