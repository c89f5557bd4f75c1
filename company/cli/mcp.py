"""`company mcp`: the company as an MCP server on stdin and stdout, for a client that starts it."""

import asyncio
import getpass
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from company import __version__
from company.cli.opening import Directory, Home, opened

if TYPE_CHECKING:
    from company.engine import Engine
    from company.server.mcp.wire import Wire


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("mcp")(mcp)


def mcp(
    allow: Annotated[
        Literal["approve"] | None,
        typer.Option(help="Offer decide_approval too: the client's model can then approve what it asked for."),
    ] = None,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Let an MCP client such as Claude Code, Codex or Cursor ask the company; the client starts this command."""
    from company.server.mcp.wire import take_stdio

    wire = take_stdio()
    with opened(directory, home) as engine:
        company = engine.company
        _say(f"{company.settings.company.name} {__version__}   {company.models.summary}   home {company.state}")
        _say("speaks MCP on stdin and stdout, until stdin ends")
        asyncio.run(_serve(engine, wire, may_approve=bool(allow)))
        if left := [run.id for run in company.store.runs.unfinished() if not engine.is_driven(run.id)]:
            _say(f"interrupted; go on with: company resume {left[-1]}")


async def _serve(engine: "Engine", wire: "Wire", *, may_approve: bool) -> None:
    """Serve until the client closes stdin, or a signal comes."""
    from company.server.mcp.stdio import LocalPerson, serve

    person = LocalPerson.at_home(getpass.getuser(), may_approve=may_approve)
    serving = asyncio.ensure_future(serve(engine, person, wire))
    for ends in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ends, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving


def _say(line: str) -> None:
    print(f"company mcp: {line}", file=sys.stderr)
