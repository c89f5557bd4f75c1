"""`company login`: a fresh one-time address for a browser."""

import getpass
from contextlib import closing
from typing import Annotated

import typer

from company.cli.opening import Directory, Home, locate
from company.errors import UsageError


def page_line(address: str) -> str:
    """Return the line with which a server says where its page is."""
    return f"  page  {address}   works once, for 15 minutes; another: company login"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("login")(login)


def login(
    person: Annotated[str, typer.Option(help="Who logs in; default: the login name.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Print an address that logs a browser in once, within 15 minutes; a server must be running."""
    from company.home import open_store
    from company.server.access.codes import login_address
    from company.server.access.presence import find_server

    state = locate(directory, home)[1]
    server = find_server(state)
    if server is None:
        raise UsageError("no server of this home is running", where=str(state), cure="start one: company serve")
    with closing(open_store(state)) as store:
        typer.echo(login_address(store.access, server.public, person or getpass.getuser()))
