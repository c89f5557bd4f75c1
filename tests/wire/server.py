"""The server: routes a request to its wire format, asks the script, and answers or misbehaves as it says."""

import asyncio
import json
import threading
from hashlib import blake2b
from typing import Any, Self

from tests.wire import tokens
from tests.wire.anthropic_messages import AnthropicMessages
from tests.wire.connection import Connection, Request
from tests.wire.delivery import forever, refuse, stream, whole
from tests.wire.format import JSON, Format, dumps
from tests.wire.listings import listing
from tests.wire.ollama_chat import OllamaChat
from tests.wire.openai_chat import OpenAIChat
from tests.wire.openai_responses import OpenAIResponses
from tests.wire.script import Asked, Fault, Reply, Script

FORMATS: dict[str, Format] = {
    "/v1/chat/completions": OpenAIChat(),
    "/v1/responses": OpenAIResponses(),
    "/v1/messages": AnthropicMessages(),
    "/api/chat": OllamaChat(),
}
BEFORE = frozenset({"rate", "quota", "busy", "overloaded", "overflow", "auth", "unknown_model", "rejected"})
"""Faults that are an error instead of an answer."""


class WireServer:
    """A server on 127.0.0.1 and a free port, in a thread of this process with a loop of its own.

    A context manager. Leaving it ends every open request, and raises what a script raised.

    Args:
        script: Decides every answer; called in the server's thread, one request at a time.
        delay: Seconds before the first byte of every answer, above the reply's own.
        port: Port to listen on; 0 takes a free one.

    Attributes:
        url: Address without a path, once started.
        asked: Requests for an answer, in order of arrival.
        in_flight_peak: Most requests that were open at the same time.
        aborted: Requests whose client hung up before the end.
    """

    def __init__(self, script: Script, *, delay: float = 0.0, port: int = 0) -> None:
        self._script, self._delay, self._port = script, delay, port
        self.url = ""
        self.asked: list[Asked] = []
        self.in_flight_peak = self.aborted = 0
        self._in_flight, self._closing = 0, False
        self._failure: Exception | None = None
        self._connections: set[Connection] = set()
        self._open: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, name="wire", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure:
            raise self._failure

    def _live(self) -> None:
        try:
            asyncio.run(self._run())
        except OSError as error:  # the port is taken
            self._failure = error
        finally:
            self._ready.set()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(
            lambda: Connection(self._serve, self._connections), "127.0.0.1", self._port
        )
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        self._closing = True
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        for connection in tuple(self._connections):
            connection.drop()
        await asyncio.sleep(0)

    async def _serve(self, connection: Connection, request: Request) -> None:
        found = FORMATS.get(request.path) if request.method == "POST" else None
        if found is None:
            status, body = self._counts(request) or listing(request)
            connection.whole(status, dumps(body).encode(), JSON)
            return
        try:
            asked = found.read(request.path, request.headers, json.loads(request.body))
        except (KeyError, TypeError, ValueError) as error:
            self._failure = self._failure or error
            connection.whole(400, dumps({"error": {"message": f"not understood: {error!r}"}}).encode(), JSON)
            return
        mark = blake2b(request.body, key=str(len(self.asked)).encode(), digest_size=12).hexdigest()
        self._begin(asked)
        try:
            await self._answer(connection, found, asked, mark)
        except asyncio.CancelledError:
            asked.aborted = not self._closing
            self.aborted += asked.aborted
            raise
        finally:
            self._in_flight -= 1
            self._open.discard(_own())

    def _begin(self, asked: Asked) -> None:
        self._open.add(_own())
        self.asked.append(asked)
        self._in_flight += 1
        self.in_flight_peak = max(self.in_flight_peak, self._in_flight)

    async def _answer(self, connection: Connection, format: Format, asked: Asked, mark: str) -> None:
        if objection := format.objection(asked):
            refuse(connection, objection)
            return
        said = self._decide(asked)
        fault = said if isinstance(said, Fault) else None
        reply = said if isinstance(said, Reply) else Reply() if said.kind == "empty" else said.begun
        if wait := self._delay + reply.delay:
            await asyncio.sleep(wait)
        if fault and fault.kind in BEFORE:
            refuse(connection, format.problem(asked, fault))
        elif fault and fault.kind == "silent":
            await forever()
        else:
            broken = None if fault and fault.kind == "empty" else fault
            await (stream if asked.stream else whole)(connection, format, asked, reply, broken, mark)

    def _decide(self, asked: Asked) -> Reply | Fault:
        try:
            return self._script(asked)
        except Exception as error:  # noqa: BLE001  a script's own failure, raised again when the server is left
            self._failure = self._failure or error
            return Fault("rejected")

    def _counts(self, request: Request) -> tuple[int, Any] | None:
        """Answer `GET /asked`, what a server in another process is asked for, and `DELETE /asked`, which forgets."""
        if request.path != "/asked":
            return None
        if request.method == "DELETE":
            self.asked.clear()
            self.in_flight_peak = self.aborted = 0
        return 200, {
            "calls": len(self.asked),
            "prompt_tokens": sum(map(tokens.estimate, self.asked)),
            "in_flight_peak": self.in_flight_peak,
            "aborted": self.aborted,
        }


def _own() -> "asyncio.Task[None]":
    task = asyncio.current_task()
    assert task
    return task
