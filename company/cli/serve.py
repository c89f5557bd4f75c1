"""`company serve`: the HTTP API and a plain page, on this machine."""

import getpass
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from company import __version__
from company.cli.opening import Directory, Home, opened

if TYPE_CHECKING:
    from company.engine import Engine


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Loopback address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = 8400,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Serve the HTTP API and a plain page on this machine, until Ctrl+C."""
    from company.server import serve as serve_http

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), opened(directory, home) as engine:
        serve_http(engine, host, port, person=getpass.getuser(), ready=lambda address: _greet(engine, address))


def _greet(engine: "Engine", address: str) -> None:
    company = engine.company
    mind = company.models.summary
    typer.echo(f"\n  {company.settings.company.name} {__version__}   paper money · {mind}")
    typer.echo(f"  page  {address}")
    typer.echo(f"  api   {address.partition('#')[0]}api/v1   token  {company.state / 'server.token'}   stop  Ctrl+C\n")
