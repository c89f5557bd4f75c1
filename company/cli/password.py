"""`company password`: the way in for people on other machines."""

import getpass
import sys
from contextlib import closing

import typer

from company.cli.opening import Directory, Home, locate
from company.errors import UsageError

app = typer.Typer(help="The password of the web terminal: set.", no_args_is_help=True)

_LONGEST = 1_000
"""Characters that are read from standard input."""


@app.callback()
def options() -> None:
    """The password of the web terminal: set."""


@app.command("set")
def set_password(directory: Directory = None, home: Home = None) -> None:
    """Set the password, asked for without showing it, or read from standard input; every browser is logged out."""
    from company.home import open_store

    state = locate(directory, home)[1]
    password = _asked()
    with closing(open_store(state)) as store, store.transaction():
        store.password.set(password)
        ended = store.access.revoke_all("session")
    typer.echo(f"password of {state} set; {ended} browser sessions ended")


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read(_LONGEST).rstrip("\r\n")
    password = getpass.getpass("new password (not shown): ")
    if getpass.getpass("the same again: ") != password:
        raise UsageError("the two are not the same", where="company password set", cure="type it once more")
    return password
