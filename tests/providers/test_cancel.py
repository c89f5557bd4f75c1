"""Stop in the middle of an answer: the request ends, what was heard is kept and paid for, nothing happens twice."""

import asyncio
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine, halt, release
from company.home import open_store
from company.store import Run
from tests.providers.companies import PROVIDERS, Changing, bodies, engine_of
from tests.wire import Asked, Fault, Reply, Script, ToolUse, WireServer
from tests.wire.reading import outcomes, reports
from tests.wire.scripts import default_company, long_answer

SLOW = long_answer(1_000, pace=0.02)
"""Twenty seconds of words."""
AT_ONCE = 8.0
"""Seconds in which a stop has to be felt: one look at the flag, and the work to end a run."""


class Place:
    """A company, what its provider answers, and what the journal says."""

    def __init__(self, engine: Engine, server: WireServer, playing: Changing, state: Path) -> None:
        self.engine, self.server, self.state, self._playing = engine, server, state, playing

    def answer_with(self, script: Script) -> None:
        """Let the provider answer by another script from now on."""
        self._playing.script = script

    def begin(self, request: str = "tell me everything") -> tuple[Run, "asyncio.Task[Run]"]:
        """Start a conversation, and what drives it."""
        run = self.engine.start("chat", request=request, person="ann", thread_id="main")
        return run, asyncio.create_task(self.engine.advance(run.id))

    def events(self, run: Run, *types: str) -> list[Any]:
        """Events of a run, the person's own words left out."""
        found = self.engine.company.store.journal.read(run_id=run.id, types=types or None, limit=10_000)
        return [event for event in found if event.body.get("messageId") != f"{run.id}/request"]

    async def words(self, run: Run, *, speakers: int = 1) -> None:
        """Wait until so many speak."""
        await until(lambda: len({e.body["messageId"] for e in self.events(run, "TEXT_MESSAGE_CONTENT")}) >= speakers)

    def open_reservations(self) -> int:
        """Money that is still set aside, as the database has it."""
        with sqlite3.connect(self.state / "company.db") as database:
            found: int = database.execute("SELECT count(*) FROM reservations WHERE state = 'open'").fetchone()[0]
        database.close()
        return found


async def until(true: Callable[[], object], *, within: float = 15.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@contextmanager
def stopped_by(state: Path, reason: str) -> Iterator[None]:
    """Stop the company over a connection of its own, as another process would; release it afterwards."""
    store = open_store(state)
    try:
        halt(store, reason)
        yield
        release(store, reason)
    finally:
        store.close()


@pytest.fixture
def place(pointed: Callable[..., Path], tmp_path: Path, wire: str) -> Iterator[Place]:
    """A company whose provider speaks slowly."""
    script = Changing(SLOW)
    with WireServer(script) as server:
        directory = pointed(server.url, wire)
        with engine_of(directory, tmp_path / "home", os.environ) as engine:
            yield Place(engine, server, script, tmp_path / "home")


over_chat = pytest.mark.parametrize("wire", ["chat"])
"""For what does not depend on the client."""


async def test_a_stop_ends_a_long_answer_at_once(place: Place, wire: str) -> None:
    run, driving = place.begin()
    await place.words(run)
    began = time.monotonic()
    with stopped_by(place.state, "ann: enough"):
        ended = await asyncio.wait_for(driving, 10)
        assert time.monotonic() - began < AT_ONCE
    await until(lambda: place.server.aborted, within=8)

    (cost,) = bodies(place.events(run), "cost")
    types = [event.type for event in place.events(run) if event.type.startswith("TEXT_MESSAGE")]
    said = "".join(event.body["delta"] for event in place.events(run, "TEXT_MESSAGE_CONTENT"))
    assert (ended.status, ended.outcome["error"]) == ("stopped", "ann: enough")
    assert place.events(run)[-1].body["outcome"] == {"type": "cancelled"}
    assert types == ["TEXT_MESSAGE_START", *["TEXT_MESSAGE_CONTENT"] * (len(types) - 2), "TEXT_MESSAGE_END"]
    assert said == " tick" * (len(said) // 5) != ""
    assert (cost["outcome"], cost["model"]) == ("stopped", PROVIDERS[wire].id)
    assert cost["inputTokens"] > 500
    assert cost["outputTokens"] >= len(said) // 5 // 4
    assert place.server.asked[0].aborted
    assert place.open_reservations() == 0


@over_chat
async def test_a_stopped_run_goes_on_when_a_person_lets_it(place: Place) -> None:
    run, driving = place.begin()
    await place.words(run)
    with stopped_by(place.state, "ann: enough"):
        await driving
    place.answer_with(lambda _: Reply("All is well."))
    place.engine.reopen(run.id)
    finished = await place.engine.advance(run.id)
    assert (finished.status, finished.outcome["answer"]) == ("done", "All is well.")


@over_chat
async def test_a_stop_ends_the_answers_of_all_roles_side_by_side(place: Place) -> None:
    roles = ["trading", "security", "research", "operations"]

    def meeting(asked: Asked) -> Reply | Fault:
        plan = [{"role": role, "task": "Tell me everything."} for role in roles]
        return Reply(calls=(ToolUse("delegate", {"assignments": plan}),)) if "delegate" in asked.tools else SLOW(asked)

    place.answer_with(meeting)
    run, driving = place.begin()
    await place.words(run, speakers=4)
    began = time.monotonic()
    with stopped_by(place.state, "ann: enough"):
        ended = await asyncio.wait_for(driving, 10)
        assert time.monotonic() - began < AT_ONCE
    await until(lambda: place.server.aborted == 4, within=8)
    types = Counter(event.type for event in place.events(run))
    assert ended.status == "stopped"
    assert types["TEXT_MESSAGE_START"] == types["TEXT_MESSAGE_END"] == 4
    assert Counter(cost["outcome"] for cost in bodies(place.events(run), "cost")) == {"ok": 1, "stopped": 4}
    assert place.open_reservations() == 0


@over_chat
async def test_a_stop_ends_the_silence_before_the_first_word_too(place: Place) -> None:
    place.answer_with(lambda _: Reply("late", delay=20))
    run, driving = place.begin()
    await until(lambda: place.server.asked)
    began = time.monotonic()
    with stopped_by(place.state, "ann: enough"):
        ended = await asyncio.wait_for(driving, 10)
    await until(lambda: place.server.aborted, within=8)
    assert time.monotonic() - began < AT_ONCE
    assert ended.status == "stopped"
    assert not place.events(run, "TEXT_MESSAGE_START")
    assert place.open_reservations() == 0


def trading_desk(asked: Asked) -> Reply | Fault:
    """Send the head of trading through its procedure, and say what came of it."""
    if "delegate" in asked.tools and not reports(asked):
        plan = [{"role": "trading", "task": "Work the book.", "standing": True}]
        return Reply(calls=(ToolUse("delegate", {"assignments": plan}),))
    return default_company(asked)


def slow_report(asked: Asked) -> Reply | Fault:
    """The same, but the report on the order takes its time."""
    ordered = any(found.tool == "place_order" for found in outcomes(asked))
    return SLOW(asked) if ordered else trading_desk(asked)


def slow_order(asked: Asked) -> Reply | Fault:
    """The same, but the order is dictated letter by letter."""
    said = trading_desk(asked)
    ordering = isinstance(said, Reply) and any(use.name == "place_order" for use in said.calls)
    return Reply("I order now. ", calls=said.calls, pace=0.3) if ordering else said


@over_chat
@pytest.mark.parametrize(("slow", "orders"), [(slow_report, 1), (slow_order, 0)])
async def test_a_cancelled_task_ends_the_request_and_the_run_is_finished_later_with_one_order(
    place: Place, slow: Script, orders: int
) -> None:
    effects = place.engine.company.store.effects
    place.answer_with(slow)
    run, driving = place.begin()
    await place.words(run)
    began = time.monotonic()
    driving.cancel()
    await asyncio.wait({driving}, timeout=10)
    await until(lambda: place.server.aborted == 1, within=8)
    assert time.monotonic() - began < AT_ONCE
    assert driving.cancelled()
    assert effects.counts().get("place_order", 0) == orders

    place.answer_with(trading_desk)
    (finished,) = await place.engine.sweep()
    types = Counter(event.type for event in place.events(run))
    assert (finished.id, finished.status) == (run.id, "done")
    assert effects.counts() == {"place_order": 1}
    assert (types["order.placed"], types["trade.filled"]) == (1, 1)
    assert types["TEXT_MESSAGE_START"] == types["TEXT_MESSAGE_END"]
    assert place.open_reservations() == 0


@over_chat
async def test_a_run_that_was_cancelled_can_be_advanced_by_name_as_well(place: Place) -> None:
    run, driving = place.begin()
    await place.words(run)
    driving.cancel()
    await asyncio.wait({driving})
    place.answer_with(lambda _: Reply("All is well."))
    finished = await place.engine.advance(run.id)
    assert (finished.status, finished.outcome["answer"]) == ("done", "All is well.")
