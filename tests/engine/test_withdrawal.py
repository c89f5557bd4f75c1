"""Open orders are taken off every venue that answers, whatever the others do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine
from company.engine.withdrawal import Withdrawal
from company.errors import RequestTimeout, UsageError
from company.ports import Json
from company.trading import Desk
from tests.conftest import Opened


class Faulty:
    """A venue that fails to say which orders are open."""

    def __init__(self, venue: Any, fail: Callable[[], Awaitable[list[Json]]]) -> None:
        self._venue, self.fail = venue, fail

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    async def fetch_open_orders(self) -> list[Json]:
        return await self.fail()


class Stubborn(Faulty):
    """A venue that does not take one order back."""

    async def fetch_open_orders(self) -> list[Json]:
        orders: list[Json] = await self._venue.fetch_open_orders()
        return orders

    async def cancel_order(self, id: str, symbol: str) -> Json:
        if id == "O1":
            await self.fail()
        cancelled: Json = await self._venue.cancel_order(id, symbol)
        return cancelled


async def silent() -> list[Json]:
    await asyncio.sleep(60)
    return []


async def failing() -> list[Json]:
    raise RequestTimeout("nobody answers")


async def broken() -> list[Json]:
    return [{}["id"]]


@pytest.fixture
def engine(opened: Opened, tmp_path: Path) -> Iterator[Engine]:
    with opened(tmp_path / "home") as engine:
        yield engine


async def order(desk: Desk, venue: str, number: int = 0) -> None:
    """Leave an order far below the market."""
    price = Decimal(20_000 + number)
    key = f"{venue}-{number}"
    await desk.place("BTC", "buy", "0.01", key=key, reason="test", type="limit", price=price, venue=venue)


def desk_with(engine: Engine, kind: type[Faulty], fail: Callable[[], Awaitable[list[Json]]]) -> Desk:
    """Return the company's desk over the same books, one of whose venues fails."""
    venues = dict(engine.company.world.venues)
    faulty: dict[str, Any] = {**venues, "paper-b": kind(venues["paper-b"], fail)}
    return Desk(
        venues=faulty,
        clock=engine.company.clock,
        books=engine.company.store.books("trading"),
        limits=engine.company.services[Desk]._limits,
    )


@pytest.mark.parametrize(
    ("fail", "said"),
    [(silent, "no answer within 0.2 s"), (failing, "nobody answers"), (broken, "'id'")],
)
async def test_a_venue_that_fails_is_named_and_the_others_are_cleared(
    engine: Engine, fail: Callable[[], Awaitable[list[Json]]], said: str
) -> None:
    desk: Desk = engine.company.services[Desk]
    for venue in ("paper-a", "paper-b", "paper-c"):
        await order(desk, venue)
    withdrawal = Withdrawal(lambda: desk_with(engine, Faulty, fail), engine.company.store.journal)
    await withdrawal.attempt(within=0.2)

    assert [order.venue for order in await desk.open_orders()] == ["paper-b"]
    assert withdrawal.failures == [f"paper-b: {said}; orders may be open"]
    assert withdrawal.cancelled == ["paper-a O1", "paper-c O3"]
    assert not withdrawal.is_complete
    told = engine.company.store.journal.read(types={"order.cancelled"})
    assert [event.body["value"]["venue"] for event in told] == ["paper-a", "paper-c"]


async def test_an_order_that_is_not_taken_back_does_not_keep_those_after_it(engine: Engine) -> None:
    desk: Desk = engine.company.services[Desk]
    for number in range(3):
        await order(desk, "paper-b", number)
    withdrawal = Withdrawal(lambda: desk_with(engine, Stubborn, failing), engine.company.store.journal)
    await withdrawal.attempt(within=1)

    assert [order.order_id for order in await desk.open_orders()] == ["O1"]
    assert withdrawal.failures == ["paper-b order O1: nobody answers"]


async def test_it_is_complete_only_when_a_look_finds_nothing(engine: Engine) -> None:
    desk: Desk = engine.company.services[Desk]
    await order(desk, "paper-c")
    withdrawal = Withdrawal(lambda: desk, engine.company.store.journal)
    await withdrawal.attempt(within=1)
    first = withdrawal.is_complete
    await order(desk, "paper-c", 1)  # a call that was inside the venue when the stop came
    await withdrawal.attempt(within=1)
    second = withdrawal.is_complete
    await withdrawal.attempt(within=1)

    assert (first, second, withdrawal.is_complete) == (False, False, True)
    assert (withdrawal.cancelled, await desk.open_orders()) == (["paper-c O1", "paper-c O2"], [])


async def test_a_desk_that_cannot_be_opened_is_said_and_tried_again(engine: Engine) -> None:
    desks: list[Desk | None] = [None]

    def open_desk() -> Desk | None:
        if desks:
            raise UsageError("a wrong setting", where="company.toml")
        return None

    withdrawal = Withdrawal(open_desk, engine.company.store.journal)
    await withdrawal.attempt(within=1)
    assert withdrawal.failures == ["open orders were not looked at: company.toml: a wrong setting"]
    desks.clear()
    await withdrawal.attempt(within=1)
    assert (withdrawal.failures, withdrawal.is_complete) == ([], True)
