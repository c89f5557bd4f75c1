"""The MCP servers of a company: connected at the first call, kept, connected again after a failure.

At each connection, and whenever a server says that its tools changed, they are held against `company.lock`. A tool that
is another one than a person confirmed is not called. What a server offers besides tools is not used: no prompts, no
resources, no instructions; a server that wants to ask our model or a person something is refused.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from company.config import McpSettings
from company.errors import ToolError
from company.ports import Secrets
from company.toolkit.context import Context
from company.toolkit.foreign import Description
from company.toolkit.lock import Confirmed, Lock
from company.toolkit.mcp.background import Background
from company.toolkit.mcp.connection import Connection
from company.toolkit.mcp.line import Unsent
from company.toolkit.mcp.mapping import changes, is_structured
from company.toolkit.mcp.results import value_of
from company.toolkit.mcp.ways import Surroundings, way_to

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
"""Seconds after a failure to connect in which it is not tried again; doubled by each further failure."""
PATIENCE = 0.8
"""Part of a tool's time-out that connecting may take; after it the call is certainly not sent."""

Tell = Callable[[str, Mapping[str, Any]], None]
"""Puts an event on record."""


class McpServers:
    """The configured servers, as tools reach them; usable from any event loop, one after another.

    Args:
        settings: `[mcp]` of `company.toml`.
        secrets: Where a person keeps secrets.
        lock: What a person confirmed.
        environment: Environment of the company, of which little is passed on.
        root: The company directory.
        state: The company's state, in which started servers have a home each.
        tell: Puts an event on record.
    """

    def __init__(
        self,
        settings: Mapping[str, McpSettings],
        secrets: Secrets,
        lock: Lock,
        *,
        environment: Mapping[str, str],
        root: Path,
        state: Path,
        tell: Tell = lambda name, value: None,
    ) -> None:
        around = Surroundings(secrets, environment, root, state / "mcp")
        self._servers = {
            name: _Server(name, server, lock.servers[name], around)
            for name, server in settings.items()
            if name in lock.servers
        }
        self._tell = tell
        self._background = Background("mcp")

    async def call(self, server: str, description: Description, arguments: Mapping[str, Any], context: Context) -> Any:
        """Call a server's tool and return its result.

        Args:
            server: Its name in `company.toml`.
            description: The tool, as confirmed.
            arguments: Its arguments.
            context: Of the call; its key is sent along.

        Raises:
            ToolError: The server refused or failed, the tool is not as it was confirmed, or a secret is missing.
            ProviderError: The server is not there; `retryable` when the call was certainly not sent.
            RequestTimeout: There was no answer in time.
        """
        found = self._servers[server]
        try:
            return await self._background.run(found.call(description, arguments, context.key))
        finally:
            while found.untold:
                self._tell("tool.changed", found.untold.popleft())

    def close(self) -> None:
        """Leave every session and end every process that was started."""
        if self._background.runs:
            self._background.wait(self._close())
            self._background.close()

    async def _close(self) -> None:
        await asyncio.gather(*(server.close() for server in self._servers.values()))


class _Server:
    """One server; everything but `untold` belongs to the background's event loop."""

    def __init__(self, name: str, settings: McpSettings, locked: Confirmed, around: Surroundings) -> None:
        self._name, self._settings, self._locked, self._around = name, settings, locked, around
        self._connection: Connection | None = None
        self._changed: dict[str, str] = {}
        self._failures, self._not_before = 0, 0.0
        self._turn = asyncio.Lock()
        self._connecting: set[asyncio.Task[tuple[Connection, bool]]] = set()
        self._closed = False
        self.untold: deque[Mapping[str, Any]] = deque()

    async def call(self, description: Description, arguments: Mapping[str, Any], key: str) -> Any:
        """Call a tool; a call that certainly did not reach a server that was there before is sent once more."""
        while True:
            connection, fresh = await self._soon_connected(description.timeout)
            self._refuse_if_changed(description.name)
            theirs = self._locked.names[description.name]
            try:
                answer = await connection.call(theirs, arguments, key, timeout=description.timeout)
            except Unsent:
                if fresh:
                    raise
                await connection.close()
                continue
            return value_of(self._name, answer, structured=is_structured(description))

    async def close(self) -> None:
        """End the connection for good."""
        self._closed = True
        connecting = list(self._connecting)
        for task in connecting:
            task.cancel()
        await asyncio.gather(*connecting, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    def _refuse_if_changed(self, tool: str) -> None:
        if what := self._changed.get(tool):
            cure = f"look at it again: company plugins confirm {self._name}"
            raise ToolError(f"{tool} is not the tool that was confirmed, so it was not called: {what}; {cure}")

    async def _soon_connected(self, timeout: float) -> tuple[Connection, bool]:
        """Wait for a connection; connecting goes on when nobody waits any more, for the next call."""
        connecting = asyncio.create_task(self._connected())
        self._connecting.add(connecting)
        connecting.add_done_callback(self._forget)
        await asyncio.wait({connecting}, timeout=PATIENCE * timeout)
        if not connecting.done():
            raise Unsent(f"the server {self._name} was not there in time")
        return connecting.result()

    def _forget(self, connecting: "asyncio.Task[tuple[Connection, bool]]") -> None:
        self._connecting.discard(connecting)
        if not connecting.cancelled():
            connecting.exception()  # whoever waited may be gone

    async def _connected(self) -> tuple[Connection, bool]:
        """Return a connection whose tools were held against the lock, and whether it was opened just now."""
        async with self._turn:
            if self._connection is not None and self._connection.lives:
                if not self._connection.is_stale:
                    return self._connection, False
                try:
                    await self._connection.refresh()
                except Unsent:
                    pass  # connect anew
                else:
                    self._compare(self._connection)
                    return self._connection, False
            if self._connection is not None:
                await self._connection.close()
            self._connection = await self._opened()
            self._compare(self._connection)
            return self._connection, True

    async def _opened(self) -> Connection:
        """Connect, unless it failed a moment ago."""
        if self._closed:
            raise ToolError(f"the server {self._name} is not used any more: the company is closed")
        pause = self._not_before - asyncio.get_running_loop().time()
        if pause > 1:
            raise Unsent(f"the server {self._name} could not be reached; it is tried again in {pause:.0f} s")
        await asyncio.sleep(max(0.0, pause))
        way = way_to(self._name, self._settings, self._around)
        connection = Connection(self._name, way, timeout=self._settings.timeout.total_seconds())
        try:
            await connection.open()
        except Unsent:
            wait = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._failures)
            self._failures += 1
            self._not_before = asyncio.get_running_loop().time() + wait
            raise
        self._failures = 0
        return connection

    def _compare(self, connection: Connection) -> None:
        """Hold what the server offers against what was confirmed, and note what is new."""
        changed = changes(self._name, connection.offers, self._settings, self._locked)
        for tool, what in changed.items():
            if self._changed.get(tool) != what:
                self.untold.append({"server": self._name, "tool": tool, "change": what})
        self._changed = changed
