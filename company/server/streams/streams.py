"""The doors to the event log: `GET /api/v1/events` and WebSocket `/api/v1/ws`."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from company.server.faults import Refusal, answers, found
from company.server.principal import principal_of
from company.server.streams.channels import CHANNELS, Choice, named
from company.server.streams.cursor import begin, parse
from company.server.streams.direct import Plain
from company.server.streams.metrics import Metrics
from company.server.streams.socket import Socket
from company.server.streams.sse import EventStream
from company.server.streams.tail import Tail
from company.store import Runs

EVENTS, SOCKET = "/api/v1/events", "/api/v1/ws"

After = Annotated[
    str | None,
    Query(
        max_length=40, description="The last event already known, `<epoch>:<seq>` or its number; everything follows."
    ),
]
LastEvent = Annotated[str | None, Header(alias="Last-Event-ID", max_length=40, description="Goes before `after`.")]
RunId = Annotated[str | None, Query(max_length=40, description="Only this run's events.")]
ThreadId = Annotated[str | None, Query(max_length=100, description="Only this conversation's events.")]
ChannelNames = Annotated[list[str], Query(description=f"Only these channels' events: {', '.join(CHANNELS)}.")]
Debug = Annotated[bool, Query(description="With the events that are for developers.")]


class Streams:
    """Opens streams over one journal.

    Args:
        tail: The journal's reader.
        runs: Knows which runs there are.
        metrics: Counts.
    """

    def __init__(self, tail: Tail, runs: Runs, metrics: Metrics) -> None:
        self._tail, self._runs, self._metrics = tail, runs, metrics

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        told: dict[int | str, dict[str, Any]] = {
            200: {"content": {"text/event-stream": {}}, "description": "Events, until one side ends it."}
        }
        router.add_api_route(
            EVENTS,
            self.events,
            methods=["GET"],
            summary="Follow what happens",
            response_class=Response,
            responses={**told, **answers(404)},
        )
        router.routes.append(WebSocketRoute(SOCKET, _Door(self.socket)))
        return router

    async def events(
        self,
        request: Request,
        after: After = None,
        run: RunId = None,
        thread: ThreadId = None,
        channel: ChannelNames = [],  # noqa: B006  # FastAPI copies it
        debug: Debug = True,
        last_event_id: LastEvent = None,
    ) -> Response:
        """Stream what happens after the event last seen, as Server-Sent Events; from the first when none is shown."""
        principal_of(request).require("read")
        choice = self._choice(run, thread, channel, debug=debug)
        shown = [parse(text) for text in (last_event_id, after) if text is not None]
        if last_event_id is not None:
            self._metrics.resumes.inc()
        start = begin(shown, epoch=self._tail.epoch, last=self._tail.newest())
        return Plain(EventStream(self._tail, start, choice=choice))

    async def socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bridge the same events to a WebSocket; see `company/server/streams/socket.py`."""
        try:
            opened = self._opened(WebSocket(scope, receive, send))
        except Refusal as refusal:
            await refusal.response()(scope, receive, send)
            return
        await opened(scope, receive, send)

    def _opened(self, asked: WebSocket) -> Socket:
        principal_of(asked).require("read")
        query = asked.query_params
        debug = query.get("debug", "1")
        if debug not in {"0", "1"}:
            raise Refusal(422, f"debug is 0 or 1, not {debug[:80]!r}")
        choice = self._choice(query.get("run"), query.get("thread"), query.getlist("channel"), debug=debug == "1")
        return Socket(self._tail, parse(query["after"]) if "after" in query else None, choice=choice)

    def _choice(self, run: str | None, thread: str | None, channels: list[str], *, debug: bool) -> Choice:
        if run is not None:
            found(self._runs.get, run)
        return Choice(run, thread, debug, named(channels))


class _Door:
    """A WebSocket endpoint as plain ASGI; a function would be wrapped, which costs each connection memory."""

    def __init__(self, opens: ASGIApp) -> None:
        self._opens = opens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._opens(scope, receive, send)
