"""What comes of every fault of a provider: what a person sees, how often it is asked, what is waited, what is paid."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from company.events import Json
from company.llm import conversation
from company.llm.faults import Fault as Failure
from company.llm.recovery import SHORTER
from tests.providers.asking import (
    DOORS,
    LOOK,
    QUESTION,
    Desk,
    bill,
    desk,
    desk_at,
    provider_section,
    section,
    small_company,
)
from tests.providers.companies import KEY, PROVIDERS
from tests.wire import Asked, Fault, Reply, ToolUse, WireServer
from tests.wire.script import Kind, Script
from tests.wire.scripts import by_role

QUIET = {"silence": timedelta(seconds=0.2)}
"""Settings under which a provider that says nothing is left soon."""
BEGUN = "The desk hol"
"""What is heard of an answer that breaks off after three pieces."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is made of a fault that comes again and again.

    Attributes:
        kind: What it is understood as.
        asked: How often the model is asked.
        heard: Something of the answer was heard, so that it is withdrawn and paid for.
        why: What the error says at its end.
    """

    kind: str
    asked: int
    heard: bool = False
    why: str = "it was tried 3 times"


TWICE = "it was tried 2 times"
TABLE: Mapping[Kind, Expected] = {
    "rate": Expected("rate", 3),
    "quota": Expected("quota", 1, why="waiting brings no credit"),
    "busy": Expected("busy", 3),
    "overloaded": Expected("busy", 3),
    "overflow": Expected("overflow", 1, why="waiting makes no prompt shorter"),
    "auth": Expected("auth", 1, why="the key will be refused again"),
    "unknown_model": Expected("unknown_model", 1, why="the model will be missing again"),
    "rejected": Expected("rejected", 1, why="the same request will be rejected again"),
    "silent": Expected("silent", 3),
    "stall": Expected("silent", 3, heard=True),
    "cut": Expected("broken", 2, heard=True, why=TWICE),
    "garbage": Expected("broken", 2, heard=True, why=TWICE),
    "midway": Expected("busy", 3, heard=True),
    "unfinished": Expected("broken", 2, heard=True, why=TWICE),
}
OLLAMA_QUOTA = Expected("rate", 3)
"""Ollama's cloud speaks of an hourly limit: it passes with time."""

At = Callable[..., tuple[Desk, WireServer]]


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    """Name of a wire format; the test runs once for each."""
    return str(request.param)


@pytest.fixture(scope="module", autouse=True)
def _clients_are_loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import the providers' packages and open a first connection, which takes longer than some tests wait."""
    with WireServer(lambda asked: Reply("ready")) as server:
        for door in DOORS:
            provider = PROVIDERS[door]
            sections = {provider.name: provider_section(door, server.url)}
            with desk(tmp_path_factory.mktemp(door), [provider.id], sections) as office:
                asyncio.run(office.ask())


@pytest.fixture
def at(tmp_path: Path) -> Iterator[At]:
    """Open a desk whose one model answers by a script: `at(door, script)`."""
    with ExitStack() as stack:
        yield lambda door, script, **settings: stack.enter_context(desk_at(tmp_path, door, script, **settings))


def always(kind: Kind) -> Script:
    return lambda asked: Fault(kind, retry_after=0.01 if kind == "rate" else 0)


def once(fault: Fault | Reply, then: Reply | Fault) -> Script:
    """Return a script that gives `fault` first and `then` ever after."""
    count = iter(range(1_000_000))
    return lambda asked: fault if next(count) == 0 else then


@pytest.mark.parametrize("kind", TABLE)
async def test_a_fault_that_stays_is_stated_withdrawn_and_paid_only_as_far_as_it_was_answered(
    at: At, door: str, kind: Kind
) -> None:
    expected = OLLAMA_QUOTA if (kind, door) == ("quota", "ollama") else TABLE[kind]
    office, server = at(door, always(kind), **(QUIET if expected.kind == "silent" else {}))

    with pytest.raises(Failure, match=expected.why) as raised:
        await office.ask()

    assert raised.value.kind == expected.kind
    assert str(raised.value).startswith(f"no model answered. Tried {PROVIDERS[door].id}: {PROVIDERS[door].name} ")
    assert "test-nothing" not in str(raised.value), "nothing of the key"
    assert "=None" not in str(raised.value), "no objects of ours"
    assert (raised.value.__cause__, raised.value.__context__) == (None, None), "the client's error holds the request"
    assert len(server.asked) == expected.asked
    assert len(office.values("model.retried")) == expected.asked - 1
    assert office.values("context.compacted") == []
    assert len(office.values("message.withdrawn")) == expected.asked * expected.heard
    assert office.heard == []
    costs = office.values("cost")
    assert [cost["outcome"] for cost in costs] == [expected.kind] * expected.asked
    assert all((cost["outputTokens"] >= len(BEGUN) // 4) == expected.heard for cost in costs)
    assert all((cost["inputTokens"] > 0) == expected.heard for cost in costs)
    assert office.spent == bill(costs)
    assert (office.spent > 0) == expected.heard
    assert office.unpaid == 0


@pytest.mark.parametrize("kind", [kind for kind, expected in TABLE.items() if expected.asked > 1])
async def test_a_fault_that_passes_leaves_one_answer(at: At, door: str, kind: Kind) -> None:
    quiet = QUIET if TABLE[kind].kind == "silent" else {}
    fault = Fault(kind, retry_after=0.01 if kind == "rate" else 0)
    office, server = at(door, once(fault, Reply("All is calm.")), **quiet)

    thought = await office.ask()

    assert (thought.text, thought.message_id, thought.notices) == ("All is calm.", "m1.r1", ())
    assert office.heard == ["All is calm."]
    assert [cost["outcome"] for cost in office.values("cost")] == [TABLE[kind].kind, "ok"]
    assert len(server.asked) == 2
    assert server.asked[0].messages == server.asked[1].messages
    assert office.unpaid == 0


async def test_an_empty_answer_is_asked_for_once_more_and_paid_as_the_provider_counts(at: At, door: str) -> None:
    office, server = at(door, always("empty"))

    with pytest.raises(Failure, match="answered without words and without calls; it was tried 2 times") as raised:
        await office.ask()

    assert raised.value.kind == "empty"
    assert len(server.asked) == 2
    assert (office.heard, office.values("message.withdrawn")) == ([], [])
    assert [cost["outputTokens"] for cost in office.values("cost")] == [0, 0]
    assert office.spent == bill(office.values("cost")) > 0


async def test_the_time_a_provider_asks_for_is_waited(at: At, door: str) -> None:
    office, server = at(door, once(Fault("rate", retry_after=0.3), Reply("All is calm.")))

    began = time.monotonic()
    await office.ask()

    assert time.monotonic() - began >= 0.3
    assert len(server.asked) == 2
    (retried,) = office.values("model.retried")
    assert retried["wait"] == "0.3"
    assert "try 2 of 3 in 0.3 s" in retried["reason"]


async def test_a_wait_of_more_than_a_minute_is_not_waited_for(at: At, door: str) -> None:
    office, server = at(door, lambda asked: Fault("rate", retry_after=90))

    with pytest.raises(Failure, match="it asks to wait 90 s"):
        await office.ask()

    assert len(server.asked) == 1


async def test_a_retry_after_with_an_overload_is_honoured_too(at: At, door: str) -> None:
    office, _ = at(door, once(Fault("overloaded", retry_after=0.2), Reply("All is calm.")))

    began = time.monotonic()
    await office.ask()

    assert time.monotonic() - began >= 0.2


def long_talk() -> list[Json]:
    """Return a conversation with two long results behind it."""
    talk = list(QUESTION)
    for number in range(4):
        call = {"id": f"c{number}", "name": "look", "args": {"symbol": "BTC"}}
        result = json.dumps({"status": "ok", "value": "price of bitcoin " * 1_000})
        talk += [conversation.ai("", [call]), conversation.tool(result, call_id=call["id"], name="look")]
    return talk


def small_window(asked: Asked) -> Reply | Fault:
    """Take no prompt of more than forty thousand characters."""
    size = sum(len(message["text"]) for message in asked.messages)
    return Fault("overflow") if size > 40_000 else Reply("All is calm.")


async def test_an_overflow_is_compacted_at_once_and_the_model_remembered(at: At, door: str) -> None:
    office, server = at(door, small_window)

    first = await office.ask(long_talk(), tools=[LOOK])
    asked_first = len(server.asked)
    second = await office.ask(long_talk(), tools=[LOOK], message_id="m2")

    assert (first.text, second.text) == ("All is calm.", "All is calm.")
    assert asked_first == 2
    assert len(server.asked) == 3, "the second question was cut before it was asked"
    assert office.values("model.retried") == []
    cuts = office.values("context.compacted")
    assert [cut["model"] for cut in cuts] == [PROVIDERS[door].id] * 2
    assert all(cut["after"] < cut["before"] / 2 for cut in cuts)
    assert any("result of look cut" in line for line in cuts[0]["what"])
    assert [cost["outcome"] for cost in office.values("cost")] == ["overflow", "ok", "ok"]
    assert server.asked[1].messages[0] == server.asked[0].messages[0], "what was asked stays"
    assert office.unpaid == 0


async def test_an_overflow_that_cutting_does_not_mend_is_not_repeated(at: At, door: str) -> None:
    office, server = at(door, always("overflow"))

    with pytest.raises(Failure, match="longer than the model can read") as raised:
        await office.ask(long_talk(), tools=[LOOK])

    assert raised.value.kind == "overflow"
    assert len(server.asked) == 2
    assert len(office.values("context.compacted")) == 1
    assert office.spent == 0


async def test_a_conversation_too_long_for_the_window_is_cut_before_it_is_asked(tmp_path: Path) -> None:
    with WireServer(small_window) as server:
        sections = {"ollama": provider_section("ollama", server.url)}
        facts = {"ollama:qwen3:8b": {"context": 12_000, "max_output": 2_000}}
        with desk(tmp_path, ["ollama:qwen3:8b"], sections, facts=facts) as office:
            thought = await office.ask(long_talk(), tools=[LOOK])

            assert thought.text == "All is calm."
            assert len(server.asked) == 1
            assert len(office.values("context.compacted")) == 1


@pytest.mark.parametrize("door", ["chat", "responses", "anthropic"])
async def test_a_refusal_is_said_withdrawn_paid_and_not_asked_again(at: At, door: str) -> None:
    office, server = at(door, lambda asked: Reply("I cannot help with that.", refusal=True))

    with pytest.raises(Failure, match="declined to answer") as raised:
        await office.ask()

    assert raised.value.kind == "refused"
    assert str(raised.value).endswith("a refusal is not taken to another model")
    assert len(server.asked) == 1
    assert office.heard == []
    (cost,) = office.values("cost")
    assert cost["outcome"] == "refused"
    assert cost["outputTokens"] > 0
    assert office.spent == bill([cost])


async def test_an_answer_that_is_cut_is_kept_with_a_mark(at: At, door: str) -> None:
    office, server = at(door, lambda asked: Reply("The desk holds 10,000 USDT, and", finish="length"))

    thought = await office.ask()

    assert thought.text == "The desk holds 10,000 USDT, and"
    (notice,) = thought.notices
    assert notice.startswith("Trader breaks off: ")
    assert "stopped at the longest answer it may give" in notice
    assert office.heard == [thought.text]
    assert len(server.asked) == 1
    assert [cost["outcome"] for cost in office.values("cost")] == ["ok"]


@pytest.mark.parametrize("door", ["chat", "responses", "anthropic"])
async def test_a_call_that_is_cut_is_asked_for_again_in_fewer_words_and_not_completed(at: At, door: str) -> None:
    half = Reply(calls=(ToolUse("look", '{"symbol": "BT'),), finish="length")
    office, server = at(door, once(half, Reply(calls=(ToolUse("look", {"symbol": "BTC"}),))))

    thought = await office.ask(tools=[LOOK])

    assert [call.arguments for call in thought.calls] == [{"symbol": "BTC"}]
    assert thought.calls[0].id == "m1.r1.0"
    assert SHORTER not in str(server.asked[0].messages)
    assert SHORTER in server.asked[1].messages[-1]["text"]
    assert [cost["outcome"] for cost in office.values("cost")] == ["cut", "ok"]


async def test_the_first_answer_has_the_plain_id_and_its_words_are_streamed_once(at: At, door: str) -> None:
    office, server = at(door, lambda asked: Reply("All is calm."))

    thought = await office.ask()

    assert thought.message_id == "m1"
    assert office.heard == ["All is calm."]
    assert [event.type for event in office.store.journal.read()][-1] == "cost"
    assert len(server.asked) == 1


PLAN = Reply(calls=(ToolUse("delegate", {"assignments": [{"role": "clerk", "task": "Keep a note."}]}),))
BROKEN = ToolUse("note", '{"text": "half a no')
WRONG = ToolUse("note", {"text": 5, "colour": "red"})


@pytest.mark.parametrize(
    ("first", "named"), [(BROKEN, "unreadable"), (WRONG, "colour")], ids=["no JSON", "not the schema"]
)
async def test_arguments_that_do_not_fit_go_back_by_name_and_only_the_mended_call_is_performed(
    door: str,
    first: ToolUse,
    named: str,
    tmp_path: Path,
    write_company: Callable[..., Path],
    opened: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []

    def clerk(asked: Asked) -> Reply:
        results = [message["text"] for message in asked.messages if message["role"] == "tool"]
        told[:] = results
        if len(results) == 0:
            return Reply(calls=(first,))
        return Reply(calls=(ToolUse("note", {"text": "a whole note"}),)) if len(results) == 1 else Reply("Kept it.")

    def chief(asked: Asked) -> Reply:
        return PLAN if "delegate" in asked.tools and "# Reports" not in str(asked.messages) else Reply("Done.")

    monkeypatch.setenv(PROVIDERS[door].key_variable, KEY)
    with WireServer(by_role({"Chief": chief, "Clerk": clerk})) as server:
        directory = write_company(small_company([PROVIDERS[door].id], section(door, server.url)))
        with opened(tmp_path / "home", directory) as engine:
            run = await engine.advance(engine.start("cycle").id)
            events = engine.company.store.journal.read(types=["verdict"])

    refused, performed = map(json.loads, told)
    assert (refused["status"], performed["status"]) == ("denied", "ok")
    field = "raw" if (door, first) == ("ollama", BROKEN) else named  # Ollama sends objects only
    assert f"{field}: " in refused["error"]
    assert (directory / "notes.txt").read_text() == "a whole note\n"
    assert next(event.body["value"]["rule"] for event in events) == "arguments.invalid"
    assert (run.status, run.outcome["answer"]) == ("done", "Done.")
