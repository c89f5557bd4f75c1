"""`company exchange`: the paper exchange's HTTP door, and who may trade there."""

import json
import os
import signal
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company import __version__
from company.cli.opening import AsJson, Directory, Home, calm_numpy, locate
from company.cli.tables import table

if TYPE_CHECKING:
    from company.server.exchange.accounts import Accounts
    from company.server.exchange.serving import ExchangeDoor
    from company.store import SecretStore

app = typer.Typer(help="The paper exchange for other programs: serve it, and say who may trade.", no_args_is_help=True)
accounts = typer.Typer(help="Accounts of the exchange: add, list, remove.", no_args_is_help=True)
app.add_typer(accounts, name="account")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account: a-z, 0-9 and -.")]


@app.command("serve")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen at; it must be a loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0: any free one.")] = 8500,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Serve the paper world's venues to clients of Binance, until Ctrl+C."""
    calm_numpy()
    from company.server.exchange.serving import opened_exchange

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found, state = locate(directory, home)
    with (
        suppress(KeyboardInterrupt),
        opened_exchange(found, state, secrets=lambda home_id: _secrets(state, home_id), host=host, port=port) as door,
    ):
        _greet(door)
        door.server.run(sockets=[door.listener])


@accounts.command("add")
def add_account(name: Name, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Make an account and print its key and secret, which are shown only now."""
    account = _accounts(directory, home).add(name)
    if as_json:
        typer.echo(json.dumps({"account": account.name, "key": account.key, "secret": account.secret}))
        return
    typer.echo(f"account  {account.name}\nkey      {account.key}\nsecret   {account.secret}")


@accounts.command("list")
def list_accounts(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List the accounts and their keys; secrets are shown to nobody."""
    rows = [
        {"account": account.name, "key": account.key, "since": made.isoformat(timespec="seconds") if made else None}
        for account, made in _accounts(directory, home).all()
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    head = ["account", "key", "since"]
    shown = [[row["account"], row["key"], row["since"] or "always"] for row in rows]
    typer.echo(table(head, shown, empty="there is no account", widest=64))


@accounts.command("remove")
def remove_account(name: Name, directory: Directory = None, home: Home = None) -> None:
    """Make the key of an account open nothing; its orders and balances stay."""
    _accounts(directory, home).remove(name)
    typer.echo(f"the key of account {name} opens nothing; its orders and balances stay")


def _accounts(directory: Path | None, home: Path | None) -> "Accounts":
    from company.home import open_store
    from company.server.exchange.accounts import Accounts

    state = locate(directory, home)[1]
    with closing(open_store(state)) as store:
        return Accounts(_secrets(state, store.home_id))


def _secrets(state: Path, home_id: str) -> "SecretStore":
    from company.store import SecretStore

    return SecretStore(state, home_id=home_id, environment=os.environ, now=lambda: datetime.now(UTC))


def _greet(door: "ExchangeDoor") -> None:
    typer.echo(f"\n  paper exchange {__version__}   play money, this machine only")
    for letter in "abc":
        typer.echo(f"  paper-{letter}  {door.address}/venues/{letter}/api/v3")
    typer.echo("  key      paper-key   secret  paper-secret   more: company exchange account add NAME")
    typer.echo("  stop     Ctrl+C\n")
