"""One connection to one server: opened, held to what was confirmed, asked, closed; all within one event loop.

An MCP session has to be left by the task that entered it, so each connection has a task of its own. A call that was
sent and got no answer is never sent again by anybody here.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from company.errors import CompanyError, ProviderError, RequestTimeout, ToolError
from company.toolkit.mcp.line import KEY, Line, Unsent
from company.toolkit.mcp.offers import Offer, offers_of
from company.toolkit.mcp.ways import Way

if TYPE_CHECKING:
    from mcp.client import Client
    from mcp.client.session import IncomingMessage
    from mcp.shared.exceptions import MCPError
    from mcp_types import CallToolResult, InputRequiredResult

_NOWHERE = logging.NullHandler()
_UNDERSTOOD = (-32601, -32602)
"""Errors of JSON-RPC that say that nothing was begun: no such method, invalid arguments."""


class Connection:
    """A connection to a server.

    Args:
        server: Its name in `company.toml`.
        way: Opens the streams of messages.
        timeout: Seconds until it is connected and has told its tools.

    Attributes:
        line: What is known of the way to it.
        offers: Its tools, as it told them last.
    """

    def __init__(self, server: str, way: Way, *, timeout: float) -> None:
        self._server, self._way, self._timeout = server, way, timeout
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self.line = Line()
        self._deaf = False
        self._has_changed = False
        self.offers: tuple[Offer, ...] = ()

    async def open(self) -> None:
        """Connect and let the server tell its tools.

        Raises:
            Unsent: It cannot be reached, or does not speak the protocol.
            ToolError: It refuses us.
        """
        await asyncio.to_thread(_load)
        self._ready = ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(ready), name=f"mcp {self._server}")
        try:
            async with asyncio.timeout(self._timeout):
                await asyncio.shield(ready)
        except TimeoutError:
            await self.close()
            what = f"the server {self._server} was not there within {self._timeout:g} s"
            raise Unsent(f"{what}{self._words()}") from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Leave the session and end what was started for it."""
        self.line.ended.set()
        if self._task is None or self._ready is None:
            return
        if not self._ready.done():  # it is still waiting for the server, which may never answer
            self._ready.cancel()
            self._task.cancel()
        await asyncio.wait({self._task})

    @property
    def lives(self) -> bool:
        """It can be asked."""
        return self._client is not None and not self.line.ended.is_set()

    @property
    def is_stale(self) -> bool:
        """Its tools may have changed since; look again before a call."""
        return self._has_changed or self._deaf

    async def refresh(self) -> None:
        """Let the server tell its tools again.

        Raises:
            Unsent: It does not.
        """
        assert self._client is not None
        self._has_changed = False
        try:
            async with asyncio.timeout(self._timeout):
                self.offers = await offers_of(self._client)
        except Exception as error:
            self._has_changed = True
            raise self._unsent(error) from error

    async def call(
        self, tool: str, arguments: Mapping[str, Any], key: str, *, timeout: float
    ) -> "CallToolResult | InputRequiredResult":
        """Call a tool and return the server's answer.

        Args:
            tool: The server's own name of it.
            arguments: Its arguments.
            key: Key of the call, sent along.
            timeout: Seconds to wait for the answer.

        Raises:
            Unsent: The call certainly did not reach the server.
            ProviderError: It may have, and nobody knows what it came to.
            RequestTimeout: There was no answer in time.
            ToolError: The server refused it before it began anything.
        """
        from mcp.shared.exceptions import MCPError
        from pydantic import ValidationError

        if self._client is None or not self.lives:
            raise Unsent(f"the server {self._server} is gone: {self.line.end}")
        self.line.ask()
        self.line.sent.discard(key)
        try:
            return await _ask(self._client, tool, arguments, key, timeout)
        except MCPError as error:
            raise await self._meaning(error, key, timeout) from error
        except ValidationError as error:
            what = f"the server {self._server} answers against the protocol ({error.error_count()} faults)"
            raise ProviderError(what) from error
        finally:
            self.line.sent.discard(key)

    async def _meaning(self, error: "MCPError", key: str, timeout: float) -> CompanyError:
        """Say what an error of the session means."""
        from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT

        known = self.line.errors.pop(error.data, None) if isinstance(error.data, str) else None
        if isinstance(known, CompanyError):
            return known
        if error.code == REQUEST_TIMEOUT and error.data is None:
            return RequestTimeout(f"the server {self._server} gave no answer within {timeout:g} s")
        if error.code == CONNECTION_CLOSED:
            sent = not self.line.tells_sent or key in self.line.sent
            await asyncio.sleep(0.05)  # its last words may still be on their way
            gone = f"the server {self._server} is gone: {self.line.end}"
            return ProviderError(f"{gone}; the call was sent, its outcome is not known") if sent else Unsent(gone)
        if self.line.why:
            return ProviderError(f"the server {self._server} is cut off: {self.line.why}")
        told = f"the server {self._server} says: {error.message[:1_000]}"
        return ToolError(told) if error.code in _UNDERSTOOD else ProviderError(told)

    def _unsent(self, error: BaseException) -> CompanyError:
        """Return why the server could not be asked, before any call was sent to it."""
        from mcp.shared.exceptions import MCPError

        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
            return self._unsent(error)
        token = error.data if isinstance(error, MCPError) else None
        known = self.line.errors.pop(token, None) if isinstance(token, str) else None
        if isinstance(known or error, ToolError | Unsent):
            return known or error  # type: ignore[return-value]  # both are errors of ours
        why = self.line.why or str(known or error) or type(error).__name__
        return Unsent(f"the server {self._server} cannot be used: {why[:500]}{self._words()}")

    def _words(self) -> str:
        words = str(self.line.last_words)
        return f"; its last words: {words}" if words else ""

    async def _live(self, ready: "asyncio.Future[None]") -> None:
        """Be in the session until the line has ended."""
        try:
            async with self._session() as client:
                heard = asyncio.Event()
                listening = asyncio.create_task(self._listen(client, heard))
                try:
                    await heard.wait()  # first, so that no change is missed between looking and listening
                    self.offers = await offers_of(client)
                    self._client = client
                    ready.set_result(None)
                    await self.line.ended.wait()
                finally:
                    listening.cancel()
                    await asyncio.wait({listening})
        except Exception as error:  # noqa: BLE001 - whatever a stranger's server does to the session
            if not ready.done():
                await asyncio.sleep(0.05)  # its last words may still be on their way
                ready.set_exception(self._unsent(error))
                ready.exception()  # whoever waited may be gone
        finally:
            self._client = None
            self.line.ended.set()

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator["Client"]:
        from mcp.client import Client
        from mcp_types import Implementation

        us = Implementation(name="the-ai-company", version=sys.modules["company"].__version__)
        client = Client(
            self._way(self.line),
            client_info=us,
            cache=None,
            message_handler=self._hear,
            read_timeout_seconds=self._timeout,
        )
        async with client:
            yield client

    async def _hear(self, message: "IncomingMessage") -> None:
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self._has_changed = True

    async def _listen(self, client: "Client", heard: asyncio.Event) -> None:
        """Hear of changed tools where the protocol wants us to ask for it; older servers tell without.

        Args:
            client: The session.
            heard: Set once every change is heard of, or none will be.
        """
        from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
        from mcp.shared.exceptions import MCPError

        try:
            tools = client.server_capabilities.tools
            if tools is None or not tools.list_changed:
                return
            async with client.listen(tools_list_changed=True) as changed:
                heard.set()
                async for _ in changed:
                    self._has_changed = True
            self._deaf = True
        except ListenNotSupportedError:
            return
        except (MCPError, SubscriptionLost, TimeoutError):
            self._deaf = True
        finally:
            heard.set()


def _load() -> None:
    """Import the SDK, which takes a second, and keep what it logs of bad servers off the person's terminal."""
    import_module("mcp.client")
    for name in ("mcp", "client"):  # all that matters of it is raised as well
        logging.getLogger(name).addHandler(_NOWHERE)


async def _ask(
    client: "Client", tool: str, arguments: Mapping[str, Any], key: str, timeout: float
) -> "CallToolResult | InputRequiredResult":
    """Send one call, once: the client's own method would send it again when the server says that headers differ."""
    from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult, InputRequiredResult
    from pydantic import TypeAdapter

    answer: TypeAdapter[CallToolResult | InputRequiredResult] = TypeAdapter(CallToolResult | InputRequiredResult)
    params = CallToolRequestParams(name=tool, arguments=dict(arguments), _meta={KEY: key})
    return await client.session.send_request(
        CallToolRequest(params=params), answer, request_read_timeout_seconds=timeout
    )
