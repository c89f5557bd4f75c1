"""`company serve`: the HTTP doors, on this machine unless it is safe to be reached by others."""

import getpass
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from company import __version__
from company.cli.login import page_line
from company.cli.opening import Directory, Home, opened

if TYPE_CHECKING:
    from company.engine import Engine
    from company.server import Door


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; another than loopback needs a password, and TLS or a proxy.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen at; default: 8400 or the next free one; 0: any free one."),
    ] = None,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Serve the web terminal, the HTTP API and the other doors, until Ctrl+C."""
    from company.server import serve as serve_http

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), opened(directory, home) as engine:
        serve_http(
            engine, host, port, person=getpass.getuser(), ready=lambda door, address: _greet(engine, door, address)
        )


def _greet(engine: "Engine", door: "Door", address: str) -> None:
    company = engine.company
    typer.echo(f"\n  {company.settings.company.name} {__version__}   paper money · {company.models.summary}")
    if door.moved:
        typer.echo(f"  port  the usual one is busy, so this is {door.site.port}")
    typer.echo(page_line(address))
    typer.echo(f"  api   {door.site.public}/api/v1   token  company token   stop  Ctrl+C\n")
