"""Market streams over a WebSocket: `/ws`, `/ws/<stream>`, `/stream?streams=a/b`, and commands to change what is heard.

On `/ws` an event comes as it is, on `/stream` with the name of its stream around it. A path that ends in a number names
no stream: ccxt numbers its connections so.
"""

from typing import Any, Final
from urllib.parse import parse_qs

from company.server.exchange.http import encoded
from company.server.exchange.hub import Hub
from company.server.exchange.sockets import Socket, id_of, parsed

MOST_STREAMS: Final = 1_024
"""Streams of one connection."""

_METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS")
_VARIANTS: Final = "expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`"


class _Wrong(Exception):
    def __init__(self, code: int, msg: str) -> None:
        super().__init__(msg)
        self.code, self.msg = code, msg


class Listening:
    """What one connection hears.

    Args:
        hub: The streams of the venue.
        socket: The connection.
        wrapped: Put the name of its stream around each event.
    """

    def __init__(self, hub: Hub, socket: Socket, *, wrapped: bool) -> None:
        self._hub, self._socket, self._wrapped = hub, socket, wrapped
        self._names: dict[str, None] = {}

    async def serve(self, names: list[str]) -> None:
        """Subscribe to streams, then do what the client says until it leaves."""
        try:
            self._subscribe(names)
            await self._socket.converse(self._heard)
        finally:
            for name in self._names:
                self._hub.unsubscribe(name, self._tell)

    async def _heard(self, text: str) -> None:
        request_id: Any = None
        try:
            message = parsed(text)
            if not isinstance(message, dict):
                raise _Wrong(2, "Invalid request: an object is expected")
            request_id = id_of(message)
            answer: dict[str, Any] = {"result": self._done(message)}
        except _Wrong as wrong:
            answer = {"error": {"code": wrong.code, "msg": wrong.msg}}
        except ValueError:
            answer = {"error": {"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"}}
        self._socket.tell(encoded({**answer, "id": request_id}))

    def _done(self, message: dict[str, Any]) -> list[str] | None:
        method = message.get("method")
        if method not in _METHODS:
            raise _Wrong(2, f"Invalid request: unknown variant `{method}`, {_VARIANTS}")
        if method == "LIST_SUBSCRIPTIONS":
            return list(self._names)
        names = message.get("params")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise _Wrong(2, "Invalid request: params must be a list of streams")
        if method == "SUBSCRIBE":
            self._subscribe(names)
        else:
            self._unsubscribe(names)
        return None

    def _subscribe(self, names: list[str]) -> None:
        """Hear these too, all or none."""
        new = list(dict.fromkeys(name for name in names if name not in self._names))
        if len(self._names) + len(new) > MOST_STREAMS:
            raise _Wrong(2, f"Invalid request: more than {MOST_STREAMS} streams")
        if unknown := [name for name in new if not self._hub.knows(name)]:
            raise _Wrong(2, f"Invalid request: invalid stream {unknown[0]!r}")
        for name in new:
            self._names[name] = None
            self._hub.subscribe(name, self._tell)

    def _unsubscribe(self, names: list[str]) -> None:
        for name in dict.fromkeys(names):
            if name in self._names:
                del self._names[name]
                self._hub.unsubscribe(name, self._tell)

    def _tell(self, name: str, event: str) -> None:
        self._socket.tell(f'{{"stream":"{name}","data":{event}}}' if self._wrapped else event)


def named(path: str, query: bytes) -> tuple[list[str], bool] | None:
    """Return the streams that a path asks for and whether events are wrapped; None when no stream is served there."""
    head, _, tail = path.partition("/")
    if head not in {"ws", "stream"}:
        return None
    asked = parse_qs(query.decode("latin-1")).get("streams", [""])[0]
    names = [name for name in [*tail.split("/"), *asked.split("/")] if name and not name.isdigit()]
    return names, head == "stream"
