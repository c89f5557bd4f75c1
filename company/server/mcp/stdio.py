"""MCP over stdin and stdout: one client, which started this process and speaks in the name of its user."""

import os
from typing import Any, Self, cast

import anyio
from mcp.server.stdio import stdio_server

from company.engine import Engine
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.mcp.protocol import Protocol
from company.server.mcp.wire import Lines, Wire
from company.server.principal import Principal, Scope


class LocalPerson(Principal):
    """Who started the process; there is no token, so what is missing is had in another way."""

    @classmethod
    def at_home(cls, name: str, *, may_approve: bool) -> Self:
        """Return the person who may ask and look, and approve only where they allowed their client to."""
        return cls(name, frozenset({"read", "chat", "approve"} if may_approve else {"read", "chat"}), "mcp")

    def require(self, scope: Scope) -> None:
        """Pass who has `scope`.

        Raises:
            Refusal: 403.
        """
        if scope not in self.scopes:
            what = "a model must not approve its own request, so `company mcp` does not offer this"
            cure = "the person decides with `company approvals`, or starts `company mcp --allow approve`"
            raise Refusal(403, f"{what} without the scope {scope!r}; {cure}")


async def serve(engine: Engine, principal: Principal, wire: Wire) -> None:
    """Serve one client until it closes its end; runs under way are put down where they are, and stay resumable.

    Args:
        engine: Runs the company; opened in this thread.
        principal: In whose name the client speaks, and what it may do.
        wire: Where it speaks and listens.
    """
    driver = Driver(engine)
    server = Protocol(engine, driver, lambda _: principal).server()
    said = anyio.wrap_file(os.fdopen(wire.said, "w", encoding="utf-8"))
    try:
        async with stdio_server(cast("Any", Lines(wire.heard)), said) as (heard, answers):
            await server.run(heard, answers, server.create_initialization_options())
    except* (BrokenPipeError, ConnectionResetError):
        pass  # the client is gone, and with it whoever would read more
    finally:
        await driver.close()
