"""The journal over WebSocket: the same events, places and choices as over Server-Sent Events.

Each event is one text message, the JSON of the event stream with its `id`. A client may say at any time what it wants,
and from where: `{"subscribe": ["trading", "market"], "after": "1a2b3c4d:17"}`, each field alone too; the answer is a
`RAW` event that names the channels, with the place as its `id`. Who shows no place hears what happens from now on.
Close codes: 1008 not allowed or not understood, 1012 the server ends, 1013 too slow; after the last two resume with
`after`. Signs of life are `RAW` events too, because a page in a browser does not see the protocol's pings.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.types import Receive, Scope, Send

from company.server.faults import Refusal
from company.server.streams.channels import Choice, named
from company.server.streams.cursor import Cursor, begin, parse
from company.server.streams.lines import Piece, compact, notice
from company.server.streams.reader import Reader
from company.server.streams.sse import RESET
from company.server.streams.tail import Tail

NOT_UNDERSTOOD, RESTARTS = 1008, 1012

_FORM = 'send {"subscribe": [channels], "after": cursor}, each alone or both'
_LONGEST_REASON = 120
"""Bytes; a close frame holds 123."""

Wish = Mapping[str, Any]


class Socket(Reader):
    """One client's connection.

    Args:
        tail: The journal's reader.
        after: Place it shows; None for now.
        choice: What it wants at first.
    """

    __slots__ = ("_answered", "_send")

    def __init__(self, tail: Tail, after: Cursor | None, *, choice: Choice) -> None:
        super().__init__(tail, "ws", after=tail.newest(), choice=choice)
        self._wish = {"after": after}
        self._answered: asyncio.Future[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what happens until the client leaves, or stalls, or the server ends."""
        self._send = send
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        await self._obey()
        await self._serve(scope, receive)

    async def _send_all(self, scope: Scope) -> None:
        try:
            await super()._send_all(scope)
        finally:
            self._answer()

    async def _give(self, piece: Piece) -> int:
        for line in piece.lines:
            await self._send({"type": "websocket.send", "text": line.text})
            if self._wish is not None:
                return line.seq
        return piece.last

    async def _beat(self) -> None:
        await self._say("beat", "")

    async def _listen(self, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            try:
                self._wish = _read(message.get("text"))
            except Refusal as refusal:
                self._wish = {"refused": refusal.message.encode()[:_LONGEST_REASON].decode(errors="ignore")}
            self._answered = asyncio.get_running_loop().create_future()
            self.wake()
            await self._answered

    async def _close(self) -> None:
        await self._send({"type": "websocket.close", "code": RESTARTS})

    async def _obey(self) -> None:
        wish, self._wish = self._wish, None
        if "refused" in wish:
            self._left = True
            await self._send({"type": "websocket.close", "code": NOT_UNDERSTOOD, "reason": wish["refused"]})
            return
        self.choice = replace(self.choice, channels=wish.get("subscribe", self.choice.channels))
        if after := wish.get("after"):
            start = begin([after], epoch=self._tail.epoch, last=self._tail.newest())
            self.after = start.after
            if start.reset:
                await self._say("reset", RESET)
        await self._say("subscribed", ",".join(sorted(self.choice.channels)))
        self._answer()

    def _answer(self) -> None:
        """Let the next wish be heard."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    async def _say(self, name: str, text: str) -> None:
        body = {"id": self._tail.place(self.after), **notice(name, text)}
        await self._send({"type": "websocket.send", "text": compact(body)})


def _read(text: str | None) -> Wish:
    """Return what a message asks for, as channels and a place.

    Raises:
        Refusal: It is not understood.
    """
    try:
        said = json.loads(text or "")
    except ValueError as error:
        raise Refusal(422, _FORM) from error
    if not isinstance(said, dict) or not said or set(said) - {"subscribe", "after"}:
        raise Refusal(422, _FORM)
    wish: dict[str, Any] = {}
    if "subscribe" in said:
        wish["subscribe"] = _channels(said["subscribe"])
    if "after" in said:
        wish["after"] = parse(str(said["after"]))
    return wish


def _channels(names: Any) -> frozenset[str]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise Refusal(422, _FORM)
    return named(names)
