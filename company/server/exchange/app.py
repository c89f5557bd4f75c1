"""The exchange as an ASGI application: REST, market streams and the WebSocket API of three venues.

It is plain ASGI: between the bytes that were signed and the check of the signature lies nothing that could change them,
and an order costs no framework.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from starlette.types import Receive, Scope, Send

from company.ports import Books
from company.server.exchange import errors
from company.server.exchange.accounts import Accounts
from company.server.exchange.answering import Answers, place_of
from company.server.exchange.commits import Commits
from company.server.exchange.errors import Refused
from company.server.exchange.http import answer, request_of
from company.server.exchange.hub import Hub
from company.server.exchange.replays import Replays
from company.server.exchange.sockets import Socket
from company.server.exchange.sources import FAST
from company.server.exchange.streams import Listening, named
from company.server.exchange.venues import LETTERS, Served
from company.server.exchange.wsapi import WS_API, Conversation
from company.world import PaperWorld

_log = logging.getLogger(__name__)


class ExchangeApp:
    """The application.

    Args:
        world: The paper world with its venues.
        books: Where the world is kept.
        own: Where the door keeps its own; the same database, so that a commit holds both.
        accounts: Who may trade.
        wall: Wall time in epoch milliseconds.
    """

    def __init__(
        self, world: PaperWorld, *, books: Books, own: Books, accounts: Accounts, wall: Callable[[], int]
    ) -> None:
        self._wall = wall
        venues = {letter: Served(world.venues[name], world, books, first=wall()) for letter, name in LETTERS.items()}
        self._hubs = {letter: Hub(venue) for letter, venue in venues.items()}
        self._answers = Answers(
            venues,
            accounts=accounts,
            commits=Commits(books, next(iter(venues.values())).present, self._committed),
            replays=Replays(own),
            wall=wall,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, one connection, or the life of the server."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._live(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[str, str] = {}
        try:
            request = await request_of(scope, receive)
            status, body = 200, await self._answers.answer(request, headers)
        except Refused as refused:
            status, body = refused.status, refused.body()
            headers |= refused.headers
        except Exception:  # noqa: BLE001 -- a bug answers as Binance's do, and is logged
            _log.exception("%s %s", scope["method"], scope["path"])
            failure = errors.unknown_failure()
            status, body = failure.status, failure.body()
        await answer(send, status, body, headers)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = Socket(scope, receive, send)
        serve = self._conversation(scope, socket)
        if await socket.opened(served=serve is not None) and serve is not None:
            await serve()

    def _conversation(self, scope: Scope, socket: Socket) -> Callable[[], Awaitable[None]] | None:
        """Return what is done with a connection to this path; None when nothing is served there."""
        letter, path = place_of(scope["path"])
        if letter not in self._hubs:
            return None
        hub = self._hubs[letter]
        if path == WS_API:
            return Conversation(self._answers, self._answers.venues[letter], hub, socket).serve
        asked = named(path, scope["query_string"])
        if asked is None or not all(hub.knows(name) for name in asked[0]):
            return None
        return partial(Listening(hub, socket, wrapped=asked[1]).serve, asked[0])

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        ticking = asyncio.create_task(self._tick())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(FAST / 1000)
            for hub in self._hubs.values():
                try:
                    hub.tick(self._wall())
                except Exception:  # noqa: BLE001 -- the books may be locked for a moment
                    _log.exception("a tick of the streams failed; the next one comes")

    def _committed(self) -> None:
        for hub in self._hubs.values():
            hub.tell_accounts()
