"""A WebSocket of the exchange: texts go out in order, and a client that does not take them is let go."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from company.server.exchange.http import names_this_machine

MOST_WAITING: Final = 2_000
"""Texts that a client may be behind."""

_POLICY: Final = 1008
_WRONG_TYPE: Final = 1003


class Socket:
    """One connection.

    Args:
        scope: Of the connection.
        receive: Gives what the client says.
        send: Takes what it is told.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self._texts: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._slow = asyncio.Event()

    def tell(self, text: str) -> None:
        """Send a text as soon as those before it are gone."""
        try:
            self._texts.put_nowait(text)
        except asyncio.QueueFull:
            self._slow.set()

    async def opened(self, *, served: bool) -> bool:
        """Begin the conversation, or answer 403 and return False.

        A page may open a socket to this machine without asking, and a browser sends `Origin`: pages are refused, as are
        requests to another host name, and paths where nothing is `served`.
        """
        await self._receive()
        headers = dict(self.scope["headers"])
        good = served and b"origin" not in headers and names_this_machine(headers)
        await self._send({"type": "websocket.accept"} if good else {"type": "websocket.close", "code": _POLICY})
        return good

    async def converse(self, heard: Callable[[str], Awaitable[None]]) -> None:
        """Hand every text to `heard` until the client leaves, takes nothing, or sends something else than text."""
        tasks = [asyncio.create_task(work) for work in (self._write(), self._read(heard), self._slow.wait())]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(ClientDisconnected, RuntimeError):  # it left by itself
            await self._send({"type": "websocket.close", "code": _POLICY if self._slow.is_set() else _WRONG_TYPE})
        for task in done:
            if (error := task.exception()) and not isinstance(error, ClientDisconnected):
                raise error

    async def _write(self) -> None:
        while True:
            await self._send({"type": "websocket.send", "text": await self._texts.get()})

    async def _read(self, heard: Callable[[str], Awaitable[None]]) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect" or message.get("text") is None:
                return
            await heard(message["text"])


class Digits(str):
    """A number as it stands in a JSON text."""

    __slots__ = ()


class Twice(ValueError):
    """A name stands twice in a JSON object."""


def parsed(text: str) -> Any:
    """Return a JSON document with its numbers as they were written, which is how they were signed.

    Raises:
        Twice: A name stands twice in an object; the message is the name.
        ValueError: It is no JSON.
    """
    try:
        return json.loads(text, parse_float=Digits, parse_int=Digits, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def id_of(message: Mapping[str, Any]) -> Any:
    """Return the id of a request as it came: a number, a text, or None."""
    given = message.get("id")
    if isinstance(given, Digits):
        return int(given) if given.isdigit() and len(given) < 20 else str(given)
    return given if isinstance(given, str) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Twice(name)
        found[name] = value
    return found
