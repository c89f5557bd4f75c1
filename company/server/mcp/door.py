"""MCP over HTTP: one path behind the gate, which has checked host, origin, token, rate and size before.

The library's own checks of host and origin are off, for the gate's are stricter, and it knows no sessions here: every
request stands for itself and shows its token, in the protocol of 2026-07-28 as in the earlier ones. So a revoked token
ends everything, and a restart of the server is not noticed. A stream that a client opens by GET would stay silent,
since nothing is said unasked; the protocol lets a server answer 405 instead.
"""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from company.engine import Engine
from company.server.driving import Driver
from company.server.faults import SAFETY_HEADERS, Refusal
from company.server.principal import principal_of

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"

REFUSED = -32600
"""JSON-RPC's code for a request that is refused before its method is looked at."""

_USEFUL = ("read", "chat", "approve")


class McpDoor:
    """The endpoint, as plain ASGI.

    Args:
        engine: Runs the company.
        driver: Does the work in the background.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        self._engine, self._driver = engine, driver
        self._ready: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._hosting: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            manager = await self._admitted(scope)
        except Refusal as refusal:
            await mcp_refusal(refusal)(scope, receive, send)
            return
        await manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        """End what the library keeps running."""
        if self._hosting is not None:
            self._hosting.cancel()
            await asyncio.wait({self._hosting})

    async def _admitted(self, scope: Scope) -> "StreamableHTTPSessionManager":
        principal = principal_of(HTTPConnection(scope))
        if scope["method"] != "POST":
            raise Refusal(405, "MCP is spoken here by POST alone; there is no stream to open and no session to end")
        if not principal.scopes.intersection(_USEFUL):
            principal.require("read")
        if self._driver.closing:
            raise Refusal(503, "the server is ending; ask again when it is back")
        return await self._manager()

    async def _manager(self) -> "StreamableHTTPSessionManager":
        """Return what speaks the protocol; the first request starts it."""
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._hosting = asyncio.create_task(self._host(self._ready), name="mcp")
        return await asyncio.shield(self._ready)

    async def _host(self, ready: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        """Keep the library's task group open; it must end in the task that began it."""
        try:
            # it takes a third of a second
            protocol: Any = await asyncio.to_thread(import_module, "company.server.mcp.protocol")
            manager = protocol.http_manager(self._engine, self._driver)
            async with manager.run():
                ready.set_result(manager)
                await asyncio.Event().wait()
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)
        finally:
            ready.cancel()


def mcp_refusal(refusal: Refusal) -> Response:
    """Return a refusal of the gate, or of this door, as JSON-RPC; its status and headers stay."""
    error = {"code": REFUSED, "message": refusal.message, "data": {"status": refusal.status}}
    allow = {"allow": "POST"} if refusal.status == 405 else {}
    headers = {**SAFETY_HEADERS, **refusal.headers, **allow}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, refusal.status, headers=headers)
