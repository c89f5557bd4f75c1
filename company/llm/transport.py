"""The HTTP client of the model providers: connections per event loop, streams that cost little, an end to each call.

A provider sends a stream as one event for each token, and SDK and LangChain spend 0.05 to 0.2 ms of CPU on each. Events
that only lengthen the same text are joined here, before the SDK parses them. The first passes at once; after that at
most one batch in `WINDOW` seconds does, which is below what the journal coalesces anyway (company/governor/speech.py).
Joined events are those that are equal in everything but the text and a few counters. Everything else passes byte for
byte and in order: what this module does not understand, the SDK judges. SDKs offer no hook between the bytes and the
parsed event, so the HTTP transport is where it can be done for all of them.

The SDKs bring two HTTP libraries, httpx and its successor httpx2, with the same interface; `http` is one of them.

A client of ours belongs to no event loop. Each loop gets its own connections at its first request, and they are closed
when the loop ends, also without `aclose`: an unfinished asynchronous generator waits for `loop.shutdown_asyncgens()`,
which `asyncio.run` calls.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

WINDOW = 0.04
"""Seconds for which text may be held back, so that it is joined with what follows."""

_WAITED = 0.001
"""Seconds after which bytes were not there yet when they were asked for."""
_WAITS = 8
"""Waits after which a stream counts as sent bit by bit; a short or fast answer never pays for a pause."""
_PAUSE = 0.75 * WINDOW
"""Seconds between two looks at such a stream; each look costs as much as reading several events."""

_COUNTERS = ("created", "created_at", "obfuscation", "sequence_number")
_ANTHROPIC = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
_RESPONSES = ("response.output_text.delta", "response.function_call_arguments.delta")


@dataclass(frozen=True, slots=True)
class _Format:
    end: re.Pattern[bytes]
    event: re.Pattern[bytes]


_FORMATS = {
    "text/event-stream": _Format(
        end=re.compile(rb"\r\n\r\n|\n\n|\n\r\n|\r\r"),
        event=re.compile(rb"(?P<head>(?:event: ?[\w.]+\r?\n)?data: ?)(?P<data>\{[^\r\n]*\})(?P<tail>\r?\n\r?\n)"),
    ),
    "application/x-ndjson": _Format(
        end=re.compile(rb"\n"),
        event=re.compile(rb"(?P<head>)(?P<data>\{[^\r\n]*\})(?P<tail>\r?\n)"),
    ),
}
Slot = tuple[dict[str, Any], str]
opened: ContextVar["list[Stream] | None"] = ContextVar("opened", default=None)
"""Where the answers that this task asks for are noted, so that they can be closed at once."""


def lengthened(event: dict[str, Any]) -> Slot | None:
    """Return the place of the text that an event adds to an answer; None when it does anything else as well."""
    if isinstance(choices := event.get("choices"), list):
        return _chat(event, choices)
    if isinstance(delta := event.get("delta"), dict):
        return _anthropic(event, delta)
    if isinstance(message := event.get("message"), dict):
        return _ollama(event, message)
    if event.get("type") in _RESPONSES and isinstance(event.get("delta"), str) and not event.get("logprobs"):
        return event, "delta"
    return None


def _chat(event: dict[str, Any], choices: list[Any]) -> Slot | None:
    match choices:
        case [{"delta": dict(delta)} as choice] if not (event.get("usage") or event.get("error")):
            ended = choice.get("finish_reason") or choice.get("logprobs")
            return None if ended else _chat_text(delta) or _chat_arguments(delta)
    return None


def _chat_text(delta: dict[str, Any]) -> Slot | None:
    rest = any(value for key, value in delta.items() if key not in {"content", "role"})
    return (delta, "content") if isinstance(delta.get("content"), str) and not rest else None


def _chat_arguments(delta: dict[str, Any]) -> Slot | None:
    match delta.get("tool_calls"):
        case [{"index": int(), "function": {"arguments": str()} as function} as call]:
            named = call.get("id") or function.get("name")
            rest = any(value for key, value in delta.items() if key not in {"tool_calls", "role"})
            return None if named or rest else (function, "arguments")
    return None


def _anthropic(event: dict[str, Any], delta: dict[str, Any]) -> Slot | None:
    key = _ANTHROPIC.get(str(delta.get("type")))
    plain = event.get("type") == "content_block_delta" and len(delta) == 2
    return (delta, key) if plain and key and isinstance(delta.get(key), str) else None


def _ollama(event: dict[str, Any], message: dict[str, Any]) -> Slot | None:
    rest = any(value for key, value in message.items() if key not in {"content", "role"})
    plain = event.get("done") is False and not (rest or event.get("logprobs") or event.get("error"))
    return (message, "content") if plain and isinstance(message.get("content"), str) else None


@dataclass(slots=True)
class _Run:
    """Events in a row that lengthen the same text."""

    head: bytes
    tail: bytes
    event: dict[str, Any]
    counters: dict[str, Any]
    texts: list[str]
    raw: bytes

    def follows(self, other: "_Run") -> bool:
        return self.head == other.head and self.event == other.event

    def bytes(self) -> bytes:
        if len(self.texts) == 1:
            return self.raw
        event = self.event | self.counters
        if place := lengthened(event):
            holder, key = place
            holder[key] = "".join(self.texts)
        return self.head + json.dumps(event, separators=(",", ":")).encode() + self.tail


def _read(block: bytes, form: _Format) -> _Run | None:
    """Return a block as a run of one event; None for anything that is to pass as it is."""
    if not (found := form.event.fullmatch(block)):
        return None
    try:
        event: dict[str, Any] = json.loads(found["data"].decode())
    except (ValueError, RecursionError):
        return None
    if not (place := lengthened(event)):
        return None
    holder, key = place
    text, holder[key] = holder[key], ""
    counters = {name: event.pop(name) for name in _COUNTERS if name in event}
    return _Run(found["head"], found["tail"], event, counters, [text], block)


class Joiner:
    """Joins the events of one stream; holds no clock.

    Args:
        content_type: Media type of the stream; what is not known passes as it is.
    """

    def __init__(self, content_type: str) -> None:
        self._format = _FORMATS.get(content_type)
        self._rest, self._ready = bytearray(), bytearray()
        self._run: _Run | None = None

    @property
    def joins(self) -> bool:
        """True when it knows how to join this stream."""
        return self._format is not None

    @property
    def holds(self) -> bool:
        """True while a text waits for what follows it."""
        return self._run is not None

    def feed(self, data: bytes) -> None:
        """Take bytes as they come from the network."""
        if self._format is None:
            self._ready += data
            return
        begin, searched = 0, max(len(self._rest) - 3, 0)
        self._rest += data
        while end := self._format.end.search(self._rest, max(searched, begin)):
            self._add(bytes(self._rest[begin : end.end()]), self._format)
            begin = end.end()
        del self._rest[:begin]

    def take(self, *, everything: bool) -> bytes:
        """Return the bytes that may pass.

        Args:
            everything: Also the text that is held.
        """
        if everything:
            self._release()
        out = bytes(self._ready)
        self._ready.clear()
        return out

    def end(self) -> None:
        """Let everything pass, also what is not a whole event."""
        self._release()
        self._ready += self._rest
        self._rest.clear()

    def _add(self, block: bytes, form: _Format) -> None:
        run = _read(block, form)
        if run and self._run and self._run.follows(run):
            self._run.texts += run.texts
            self._run.counters = run.counters
            return
        self._release()
        if run:
            self._run = run
        else:
            self._ready += block

    def _release(self) -> None:
        if self._run:
            self._ready += self._run.bytes()
            self._run = None


class Stream:
    """The body of one answer: joined, and ended when it takes too long.

    Args:
        source: The body as it comes from the network.
        joiner: Joins its events.
        deadline: Time of the loop at which it must be over.
        overdue: What to say then.
    """

    http: Any

    def __init__(self, source: Any, joiner: Joiner, *, deadline: float, overdue: str) -> None:
        self._source, self._joiner, self._deadline, self._overdue = source, joiner, deadline, overdue
        self._loop = asyncio.get_running_loop()
        self._pump: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._passed = 0.0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the answer; OpenAI's SDK begins twice, to read what is behind the last event."""
        if self._pump is None:
            self._pump = self._loop.create_task(self._fill())
            self._pump.add_done_callback(self._wake)
        while True:
            over = self._pump.done()
            if out := self._joiner.take(everything=over or self._loop.time() >= self._passed + WINDOW):
                self._passed = self._loop.time()
                yield out
            elif over:
                self._pump.result()
                return
            else:
                await self._something()

    async def aclose(self) -> None:
        """Hang up."""
        if self._pump and not self._pump.done():
            self._pump.cancel()
            await asyncio.wait([self._pump])
        await self._source.aclose()

    async def _fill(self) -> None:
        """Read to the end. Once the provider is seen to send bit by bit, look only now and then what there is."""
        waits, since = 0, self._loop.time()
        try:
            async with asyncio.timeout_at(self._deadline):
                async for data in self._source:
                    self._joiner.feed(data)
                    self._wake()
                    waited = self._loop.time() - since > _WAITED
                    waits += waited
                    if waited and waits > _WAITS and self._joiner.joins:
                        await asyncio.sleep(_PAUSE)
                    since = self._loop.time()
        except TimeoutError:
            raise self.http.ReadTimeout(self._overdue) from None
        finally:
            self._joiner.end()

    async def _something(self) -> None:
        """Wait until there is something to pass on."""
        self._waiter = self._loop.create_future()
        timer = self._loop.call_at(self._passed + WINDOW, self._wake) if self._joiner.holds else None
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer:
                timer.cancel()

    def _wake(self, *_: Any) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


@cache
def _stream_of(http: Any) -> type[Stream]:
    """Return `Stream` as a kind of the library's own byte stream, which its clients insist on."""
    return type("Stream", (Stream, http.AsyncByteStream), {"http": http})


class Transport:
    """Sends requests for a client of `http`, with connections of their own for each event loop.

    Args:
        http: The module `httpx` or `httpx2`.
        connect: Makes the transport that opens connections.
        timeout: Longest time of one call, from the request to the last byte, in seconds.
    """

    def __init__(self, http: Any, *, connect: Callable[[], Any], timeout: float) -> None:
        self._http, self._connect, self._timeout = http, connect, timeout
        self._overdue = f"the answer was not over after {timeout:g} s"
        self._loops: dict[asyncio.AbstractEventLoop, tuple[Any, AsyncGenerator[None, None]]] = {}

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request and return the answer with its body still to come."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        connections = await self._connections()
        try:
            async with asyncio.timeout_at(deadline):
                response = await connections.handle_async_request(request)
        except TimeoutError:
            raise self._http.ReadTimeout(self._overdue, request=request) from None
        stream = _stream_of(self._http)(
            response.stream, _joiner(response.headers), deadline=deadline, overdue=self._overdue
        )
        response.stream = stream
        if (noted := opened.get()) is not None:
            noted.append(stream)
        return response

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        if found := self._loops.get(asyncio.get_running_loop()):
            await found[1].aclose()

    async def _connections(self) -> Any:
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            connections = self._connect()
            ending = self._close_with(loop, connections)
            self._loops[loop] = connections, ending
            await anext(ending)
        return self._loops[loop][0]

    async def _close_with(self, loop: asyncio.AbstractEventLoop, connections: Any) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            del self._loops[loop]
            await connections.aclose()


def _joiner(headers: Mapping[str, str]) -> Joiner:
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Joiner(content_type if headers.get("content-encoding", "identity") == "identity" else "")
