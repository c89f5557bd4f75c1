"""Calls that do not come to their end: a person's stop, a budget, a wait in line, a mistake of our own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage

from company.config import BudgetSettings
from company.errors import Stopped
from company.governor import STOP_FLAG, Scope
from company.llm import Capabilities, Prices
from tests.providers.asking import DOORS, QUESTION, Desk, bill, desk_at
from tests.wire import Fault, Reply, WireServer

At = Callable[..., tuple[Desk, WireServer]]


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    """Name of a wire format; the test runs once for each."""
    return str(request.param)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[At]:
    """Open a desk whose one model answers by a script: `at(door, script)`."""
    with ExitStack() as stack:
        yield lambda door, script, **settings: stack.enter_context(desk_at(tmp_path, door, script, **settings))


async def test_a_stop_hangs_up_in_the_middle_and_pays_for_what_was_heard(at: At, door: str) -> None:
    office, server = at(door, lambda asked: Reply("tick " * 400, pieces=400, pace=0.02))
    asking = asyncio.create_task(office.ask())
    await until(lambda: bool(office.store.journal.read(types=["TEXT_MESSAGE_CONTENT"])))

    office.store.flags.set(STOP_FLAG, "fire")
    with pytest.raises(Stopped, match="fire"):
        await asking

    await until(lambda: server.aborted == 1)
    (cost,) = office.values("cost")
    assert cost["outcome"] == "stopped"
    assert cost["outputTokens"] > 0
    assert office.spent == bill([cost]) > 0
    assert office.unpaid == 0
    assert len(office.heard) == 1, "what was said before the stop stays"


async def test_a_cancelled_run_hangs_up_and_leaves_nothing_reserved(at: At, door: str) -> None:
    office, server = at(door, lambda asked: Reply("tick " * 400, pieces=400, pace=0.02))
    asking = asyncio.create_task(office.ask())
    await until(lambda: bool(office.store.journal.read(types=["TEXT_MESSAGE_CONTENT"])))

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    await until(lambda: server.aborted == 1)
    assert [cost["outcome"] for cost in office.values("cost")] == ["stopped"]
    assert office.unpaid == 0


async def test_a_stop_ends_a_wait_between_two_tries(at: At) -> None:
    office, server = at("chat", lambda asked: Fault("rate", retry_after=30))
    asking = asyncio.create_task(office.ask())
    await until(lambda: bool(office.values("model.retried")))

    office.store.flags.set(STOP_FLAG, "fire")
    with pytest.raises(Stopped):
        await asyncio.wait_for(asking, 5)

    assert len(server.asked) == 1
    assert office.unpaid == 0


async def test_a_call_that_waits_in_line_reserves_nothing_and_costs_nothing_when_it_is_given_up(at: At) -> None:
    office, server = at("chat", lambda asked: Reply("All is calm.", delay=30), max_parallel=1)
    first = asyncio.create_task(office.ask())
    await until(lambda: len(server.asked) == 1)
    reserved = office.store.budgets.used_by_run(office.run.id)
    second = asyncio.create_task(office.ask(message_id="m2"))
    await asyncio.sleep(0.05)

    assert office.store.budgets.used_by_run(office.run.id) == reserved
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert office.values("cost") == []
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert office.unpaid == 0


async def test_a_budget_for_one_call_is_enough_for_calls_that_wait_for_each_other(at: At) -> None:
    budget = BudgetSettings(run_usd=Decimal("0.009"))
    office, server = at("chat", lambda asked: Reply("All is calm."), budget=budget, max_parallel=1)

    thoughts = await asyncio.gather(*(office.ask(message_id=f"m{number}") for number in range(4)))

    assert [thought.text for thought in thoughts] == ["All is calm."] * 4
    assert server.in_flight_peak == 1


class Made:
    """A mind of a provider that yields what a test wrote, and raises an exception of it."""

    id, provider = "openai:made", "openai"
    capabilities = Capabilities(100_000, 8_000, prices=Prices(Decimal(1), Decimal(2)))

    def __init__(self, *script: AIMessageChunk | Exception) -> None:
        self.script, self.closed = script, False

    async def stream(
        self, messages: Sequence[BaseMessage], *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> AsyncGenerator[AIMessageChunk, None]:
        try:
            for part in self.script:
                if isinstance(part, Exception):
                    raise part
                yield part
        finally:
            self.closed = True


async def test_a_mistake_of_ours_is_raised_and_neither_repeated_nor_taken_to_another_model(at: At) -> None:
    office, server = at("chat", lambda asked: Reply("never said"))
    mind = Made(AIMessageChunk(content="We "), LookupError("our mistake"))

    with pytest.raises(LookupError, match="our mistake"):
        await ask_made(office, mind)

    assert server.asked == []
    assert [cost["outcome"] for cost in office.values("cost")] == ["failed"]
    assert office.unpaid == 0


async def test_an_answer_that_cannot_be_put_together_is_broken_and_paid_for(at: At) -> None:
    office, _ = at("chat", lambda asked: Reply("All is calm."))
    mind = Made(
        AIMessageChunk(content="We are well", additional_kwargs={"state": 1}),
        AIMessageChunk(content=".", additional_kwargs={"state": "odd"}),
    )

    thought = await ask_made(office, mind)

    assert thought.text == "All is calm.", "the next model was asked"
    assert [cost["outcome"] for cost in office.values("cost")] == ["broken", "broken", "ok"]
    assert office.values("cost")[0]["outputTokens"] == 3
    assert office.unpaid == 0


async def test_the_connection_is_closed_when_the_journal_fails(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    office, _ = at("chat", lambda asked: Reply("never said"))
    mind = Made(AIMessageChunk(content="We "), AIMessageChunk(content="are "), AIMessageChunk(content="well."))
    written = office.store.journal.append

    def full(drafts: Sequence[Any]) -> Any:
        if any(draft.body["type"] == "TEXT_MESSAGE_START" for draft in drafts):
            raise OSError(28, "no space left on device")
        return written(drafts)

    monkeypatch.setattr(office.store.journal, "append", full)

    with pytest.raises(OSError, match="no space left"):
        await ask_made(office, mind)
    assert mind.closed
    assert office.unpaid == 0


async def ask_made(office: Desk, mind: Any) -> Any:
    """Ask a mind of the test's own, with the desk's model behind it."""
    scope = Scope(office.run, office.role, "ceo/trading")
    return await office.thinking.think(scope, [mind, *office.models.minds(office.role)], QUESTION, message_id="m1")


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for five seconds at most."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)
