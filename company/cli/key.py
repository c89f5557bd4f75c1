"""`company key`: keys of providers and exchanges, kept encrypted; never shown, in no journal, never an argument."""

import getpass
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.declared import MCP, PLUGIN, TOOL, of_others, require_declared
from company.cli.opening import AsJson, Directory, Home, locate
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.config import Settings
    from company.home import CompanyDirectory
    from company.store import SecretStore

app = typer.Typer(
    help="Keys of model providers and exchanges, and secrets of webhooks: set, list, remove.", no_args_is_help=True
)

Provider = Annotated[
    str,
    typer.Argument(
        metavar="PROVIDER",
        help="A provider, such as openai; a part of an exchange's key: venue:kraken:key, venue:kraken:secret, "
        "venue:okx:passphrase; of market data: data:finnhub; a webhook's secret: webhook:ops; of a tool: tool:NAME; "
        "of a package's tool: plugin:PACKAGE:NAME; of an MCP server: mcp:NAME:KEY.",
    ),
]
Refused = Annotated[list[str] | None, typer.Argument(hidden=True)]

_WEBHOOK, _VENUE, _DATA, _NOTIFIER = "webhook:", "venue:", "data:", "notifier:"
"""What names of other secrets than providers' keys begin with; they are stored under these names."""
_DECLARED = (TOOL, PLUGIN, MCP)
"""What names of secrets begin with that tools and servers declare; they too are stored under these names."""

_LONGEST = 100_000
"""Characters that are read from standard input; no key is nearly as long."""


@app.command("set")
def set_key(provider: Provider, refused: Refused = None, directory: Directory = None, home: Home = None) -> None:
    """Keep the key of a provider, asked for without showing it, or read from standard input."""
    from company.store import clean_key

    if refused:
        raise UsageError(
            "a key is never an argument: the shell's history and the list of processes would show it",
            where="company key set",
            cure="make a new key at the provider if that was one; then: company key set PROVIDER, which asks for it",
        )
    found, settings, secrets, state = _opened(directory, home)
    _require_known(provider, settings, found)
    clean = _clean_signing if provider.startswith(_VENUE) else clean_key
    secrets.set(_stored_as(provider), clean(_asked(provider), where=f"key of {provider}"))
    typer.echo(f"key of {provider} kept in {state}, encrypted; its master key is in {secrets.master_place()}")
    if os.environ.get(variable := _variable(provider, settings)):
        typer.echo(f"{variable} is set in the environment and comes first")
    typer.echo("A key never turns on live trading.")


@app.command("list")
def list_keys(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List the providers and where their keys come from."""
    found, settings, secrets, _ = _opened(directory, home)
    rows = _rows(settings, secrets, of_others(found, settings))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    shown = [[row["id"], row["origin"] or "not set", row["since"] or "", row["variable"] or ""] for row in rows]
    typer.echo(table(["provider", "key", "since", "variable"], shown, empty="no provider is known"))


@app.command("remove")
def remove_key(provider: Provider, directory: Directory = None, home: Home = None) -> None:
    """Forget the key of a provider."""
    found, settings, secrets, state = _opened(directory, home)
    if secrets.remove(_stored_as(provider)):
        typer.echo(f"key of {provider} removed from {state}; at the provider it is still valid")
        return
    _require_known(provider, settings, found)
    variable = _variable(provider, settings)
    given = f"; it comes from the environment: unset {variable}" if os.environ.get(variable) else ""
    typer.echo(f"no key of {provider} is in the secret store{given}", err=True)
    raise typer.Exit(1)


def _opened(directory: Path | None, home: Path | None) -> tuple["CompanyDirectory", "Settings", "SecretStore", Path]:
    """Directory, settings, secret store and state directory; roles and tools are not looked at."""
    from company.config import load_settings
    from company.home import open_store
    from company.store import SecretStore

    found, state = locate(directory, home)
    settings = load_settings(found.config_file)
    store = open_store(state)
    store.close()
    return found, settings, SecretStore(state, home_id=store.home_id, environment=os.environ, now=_now), state


def _now() -> datetime:
    return datetime.now(UTC)


def _stored_as(provider: str) -> str:
    """Return the name in the secret store."""
    from company.store import secret_name

    return provider if provider.startswith((_WEBHOOK, _VENUE, _DATA, _NOTIFIER, *_DECLARED)) else secret_name(provider)


def _variable(provider: str, settings: "Settings") -> str:
    """Return the variable of the environment that comes first; only providers have one."""
    from company.config import DATA_KEYS

    if provider in DATA_KEYS:
        return DATA_KEYS[provider]
    others = (_WEBHOOK, _VENUE, _NOTIFIER, *_DECLARED)
    return "" if provider.startswith(others) else settings.providers[provider].key_env


def _require_known(provider: str, settings: "Settings", found: "CompanyDirectory") -> None:
    from company.config import DATA_KEYS, suggest

    if provider.startswith(_DECLARED):
        require_declared(provider, found, settings)
        return
    venues = [name for venue in settings.venues.values() for name in venue.secrets]
    hooks = [_WEBHOOK + hook.secret for hook in settings.webhooks]
    notifiers = [each for name, notifier in settings.notifiers.items() for each in notifier.stored(name)]
    known = [*settings.providers, *hooks, *venues, *notifiers, *DATA_KEYS]
    if provider not in known:
        raise UsageError(
            f"no provider is called {_shown(provider)}",
            where="PROVIDER",
            cure=suggest(provider, known),
        )


def _clean_signing(text: str, *, where: str) -> str:
    """A part of an exchange's key; some exchanges sign with a private key of several lines, which keeps its lines."""
    from company.store import clean_key

    lines = text.strip().splitlines()
    if lines and lines[0].startswith("-----BEGIN ") and lines[-1].startswith("-----END "):
        return "\n".join(line.strip() for line in lines)
    return clean_key(text, where=where)


def _shown(provider: str) -> str:
    """The name as it was typed, unless somebody typed the key instead."""
    return repr(provider) if len(provider) < 20 else "that (it is not repeated here, for it may be a key)"


def _asked(provider: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"key of {provider} (not shown): ")
    return sys.stdin.buffer.read(_LONGEST).decode("utf-8-sig", "replace")


def _rows(settings: "Settings", secrets: "SecretStore", declared: list[str]) -> list[dict[str, object]]:
    """Every provider; what packages and servers declare; what else is stored, so that it can be seen and removed."""
    from company.store import ProviderKeys

    keys = ProviderKeys(os.environ, settings.providers, secrets)
    since = {name.removeprefix("provider:"): at.isoformat(timespec="seconds") for name, at in secrets.names()}
    rows = []
    known = [*sorted(settings.providers), *declared]
    for name in [*known, *(name for name in since if name not in known)]:
        provider = settings.providers.get(name)
        origin = keys.origin(name) if provider else "secret store" if name in since else None
        at = since[name] if origin == "secret store" else None
        variable = provider.key_env if provider else None
        rows.append({"id": name, "set": origin is not None, "origin": origin, "since": at, "variable": variable})
    return rows
