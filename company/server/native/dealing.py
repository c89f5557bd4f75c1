"""The desk as the dashboard sees it: one look for all who ask, until money, orders or time have moved."""

from collections.abc import Awaitable, Callable, Hashable

from pydantic import BaseModel
from starlette.responses import Response

from company.engine import Engine
from company.server.native.cached import Cached, Pulse
from company.server.native.fills import Fills
from company.trading import Board, Desk, Look

MOVES = frozenset(
    {
        "desk.reconciled",
        "effect.reconciled",
        "order.cancelled",
        "order.placed",
        "run.resumed",
        "run.stopped",  # open orders are cancelled
        "trade.filled",
        "world.clock",
    }
)
"""Events after which the figures are others."""


class Dealing:
    """Answers about the desk.

    Args:
        engine: Runs the company.

    Attributes:
        fills: What the company traded.
    """

    def __init__(self, engine: Engine) -> None:
        company = engine.company
        desk: Desk = company.services[Desk]
        self._catch_up = engine.catch_up
        self.fills = Fills(desk, company.store)
        self._board, self._cached = Board(desk), Cached()
        self._pulse = Pulse(company.store.journal, MOVES)

    async def look(self) -> Look:
        """Return the picture of now."""
        return await self._look(self._mark())

    async def answer(self, name: Hashable, make: Callable[[Look], Awaitable[BaseModel]]) -> Response:
        """Answer with what `make` reads in the picture of now, worked out once for all who ask for `name`."""
        mark = self._mark()

        async def made() -> bytes:
            return _encoded(await make(await self._look(mark)))

        return _json(await self._cached.get(name, mark, made))

    async def curve(self, most: int) -> Response:
        """Answer with the equity curve, at most `most` points; it is in the books, no venue is asked."""

        async def made() -> bytes:
            return _encoded(self._board.curve(most))

        return _json(await self._cached.get(("curve", most), self._board.curve_mark(), made))

    def _mark(self) -> Hashable:
        self._catch_up()
        return self._pulse.read(), self._board.mark()

    async def _look(self, mark: Hashable) -> Look:
        return await self._cached.get("look", mark, self._board.look)


def _encoded(answer: BaseModel) -> bytes:
    return answer.model_dump_json().encode()


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
