"""The one gate in front of every door, as plain ASGI: it sees a request before any framework code reads its body.

A page of another site can make a browser send requests to this machine, and can give its own name the address
127.0.0.1 (DNS rebinding). So a request must name this server as host, must not come from another site, and must show
the token or a session. Every path is closed unless it is listed as open. There are no CORS headers: nobody else is
meant to read the answers.
"""

from collections.abc import Collection
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from company.server.access.keys import Sessions
from company.server.faults import SAFETY_HEADERS, Refusal
from company.server.principal import SCOPES, Principal

BODY_LIMIT = 64 * 1024
"""Most bytes of a request's body."""

NAMES = ("127.0.0.1", "localhost", "[::1]")
"""What this server may be called."""

_OWN_SITE = frozenset({None, "same-origin", "none"})


def cookie_name(port: int) -> str:
    """Return the session cookie's name; ports share cookies, so two servers of one machine need two names."""
    return f"company_session_{port}"


class Gate:
    """Lets a request pass, or answers it with what is wrong.

    A request that passes finds in `request.state.principal` who asks, None on an open path that was not shown anything.

    Args:
        app: What stands behind the gate.
        sessions: Checks tokens and cookies.
        port: The port this server is reached at.
        open_paths: Paths that need neither token nor session.
    """

    def __init__(
        self, app: ASGIApp, *, sessions: Sessions, port: int, person: str, open_paths: Collection[str]
    ) -> None:
        self._app, self._sessions, self._open = app, sessions, frozenset(open_paths)
        self._cookie = cookie_name(port)
        self._owner = Principal(person, frozenset(SCOPES), "owner")
        self._hosts = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _safe(send))
        else:  # there is no WebSocket door
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope)
        try:
            self._check_site(request.headers)
            known = self._knows(request)
            if not known and scope["path"] not in self._open:
                raise Refusal(401, "show the token as `Authorization: Bearer ...`; `company serve` prints where it is")
            receive = await _checked_body(scope, request.headers, receive)
        except Refusal as refusal:
            await refusal.response()(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = self._owner if known else None
        await self._app(scope, receive, send)

    def _check_site(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise Refusal(403, f"this server is called {' or '.join(sorted(self._hosts))}, not {', '.join(hosts)!r}")
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin not in {None, f"http://{hosts[0]}"} or site not in _OWN_SITE:
            raise Refusal(403, "requests from other sites are refused; open the address that `company serve` printed")

    def _knows(self, request: HTTPConnection) -> bool:
        """Tell whether the token or a session is shown; a token that is shown must be right."""
        if (shown := request.headers.get("authorization")) is not None:
            scheme, _, token = shown.partition(" ")
            return scheme.lower() == "bearer" and self._sessions.is_token(token.strip())
        return self._sessions.holds(request.cookies.get(self._cookie, ""))


async def _checked_body(scope: Scope, headers: Headers, receive: Receive) -> Receive:
    """Read the body of a command, hold it to its limit and type, and return a `receive` that gives it again."""
    if scope["method"] in {"GET", "HEAD"}:
        return receive
    body = await _read(headers, receive)
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if (body or media) and media != "application/json":
        raise Refusal(415, f"send JSON as `Content-Type: application/json`, not {media!r}")
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


async def _read(headers: Headers, receive: Receive) -> bytes:
    too_large = Refusal(413, f"a request may have {BODY_LIMIT} bytes")
    if int(headers.get("content-length", 0)) > BODY_LIMIT:
        raise too_large
    body, more = bytearray(), True
    while more:
        message: dict[str, Any] = dict(await receive())
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the request ended before its body")
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise too_large
        more = message.get("more_body", False)
    return bytes(body)


def _safe(send: Send) -> Send:
    """Put the safety headers on every answer."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SAFETY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers
