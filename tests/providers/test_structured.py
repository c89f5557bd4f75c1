"""The chief's plan over the wire: mended once, asked for smaller, given up with a reason, and understood in words."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from company.events import Event, Json
from company.llm.ladder import StructuredFailure
from company.store import Run
from tests.providers.asking import DOORS, section, small_company, standing
from tests.providers.companies import KEY, PROVIDERS
from tests.wire import Asked, Reply, ToolUse, WireServer
from tests.wire.reading import reports, title

TASK = {"role": "clerk", "task": "Keep a note."}
GOOD: Json = {"assignments": [{**TASK, "expects": "The note."}], "note": "The clerk keeps notes."}
UNKNOWN: Json = {"assignments": [{"role": "nobody", "task": "Keep a note."}]}
NO_ROLE = "assignments.role: there is no role 'nobody'; choose from clerk, scribe"
ANSWER = "That is all."


@dataclass
class Cycle:
    """What came of one cycle.

    Attributes:
        run: The run.
        events: Its journal.
        notes: What was noted.
        chief: What the chief's model was asked, in order.
        error: What the engine raised.
    """

    run: Run
    events: list[Event]
    notes: list[str]
    chief: list[Asked]
    error: Exception | None

    @property
    def messages(self) -> list[str]:
        """What a person reads."""
        return list(standing([event for event in self.events if event.visibility == "user"]).values())

    @property
    def planned(self) -> list[list[str]]:
        """The roles of each round."""
        plans = [event.body["content"]["steps"] for event in self.events if event.type == "ACTIVITY_SNAPSHOT"]
        return [[step["role"] for step in plan] for plan in plans]

    @property
    def withdrawn(self) -> list[str]:
        """Why messages were withdrawn."""
        return [event.body["value"]["reason"] for event in self.events if event.type == "message.withdrawn"]


RunCycle = Callable[..., Any]


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    """Name of a wire format; the test runs once for each."""
    return str(request.param)


@pytest.fixture
def cycle(
    write_company: Callable[..., Path],
    opened: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> RunCycle:
    """Run a cycle in which the chief's model gives these answers before it gives its last one."""

    async def _cycle(door: str, *said: Reply) -> Cycle:
        left, chief = list(said), []

        def script(asked: Asked) -> Reply:
            if title(asked) != "Chief":
                done = any(message["role"] == "tool" for message in asked.messages)
                return Reply("Kept it.") if done else Reply(calls=(ToolUse("note", {"text": title(asked)}),))
            chief.append(asked)
            return left.pop(0) if left else Reply(ANSWER)

        monkeypatch.setenv(PROVIDERS[door].key_variable, KEY)
        with WireServer(script) as server:
            files = small_company([PROVIDERS[door].id], section(door, server.url), ["clerk", "scribe"])
            directory = write_company(files)
            with opened(tmp_path / "home", directory) as engine:
                started, error = engine.start("cycle"), None
                try:
                    await engine.advance(started.id)
                except StructuredFailure as failure:
                    error = failure
                store = engine.company.store
                run, events = store.runs.get(started.id), store.journal.read(run_id=started.id)
        file = directory / "notes.txt"
        return Cycle(run, events, file.read_text().splitlines() if file.exists() else [], chief, error)

    return _cycle


def plan(arguments: Json | str, text: str = "") -> Reply:
    """Return the answer of a model that delegates."""
    return Reply(text, calls=(ToolUse("delegate", arguments),))


def offered(asked: Asked) -> set[str]:
    """Return the fields of an assignment that the model was asked for."""
    (schema,) = asked.tool_schemas
    return set(schema["parameters"]["properties"]["assignments"]["items"]["properties"])


def told(asked: Asked) -> str:
    """Return what a model was told last."""
    return str(asked.messages[-1]["text"])


async def test_a_plan_that_fits_is_carried_out_at_once(cycle: RunCycle, door: str) -> None:
    found = await cycle(door, plan(GOOD))

    assert (found.run.status, found.run.outcome["answer"]) == ("done", ANSWER)
    assert found.planned == [["clerk"]]
    assert found.notes == ["Clerk"]
    assert len(found.chief) == 2
    assert offered(found.chief[0]) == {"role", "task", "expects", "standing", "inputs", "proof"}


async def test_a_plan_for_an_unknown_role_is_mended_with_the_error(cycle: RunCycle, door: str) -> None:
    found = await cycle(door, plan(UNKNOWN, "I ask around."), plan(GOOD, "I ask the clerk."))

    assert found.run.status == "done"
    assert found.planned == [["clerk"]]
    result = json.loads(told(found.chief[1]))
    assert result["status"] == "denied"
    assert NO_ROLE in result["error"]
    assert found.chief[1].messages[-1]["role"] == "tool"
    assert offered(found.chief[1]) == offered(found.chief[0])
    assert found.messages == ["I ask the clerk.", ANSWER]


async def test_a_plan_that_is_wrong_twice_is_asked_for_smaller(cycle: RunCycle, door: str) -> None:
    missing = {"assignments": [{"role": "clerk"}], "budget": 3}
    smaller = {"assignments": [{**TASK, "priority": "high"}], "budget": 3}
    found = await cycle(door, plan(UNKNOWN), plan(missing), plan(smaller))

    assert found.run.status == "done"
    assert found.planned == [["clerk"]], "what the smaller shape does not ask for does no harm"
    assert "assignments[0].task: is missing" in told(found.chief[2])
    assert "budget: is not a field" in told(found.chief[2])
    assert offered(found.chief[2]) == {"role", "task"}
    assert found.notes == ["Clerk"]


async def test_a_plan_that_is_wrong_three_times_fails_the_run_and_says_why(cycle: RunCycle, door: str) -> None:
    found = await cycle(door, plan(UNKNOWN), plan(UNKNOWN), plan(UNKNOWN, "Somebody will do it."))

    assert isinstance(found.error, StructuredFailure)
    assert found.error.tried == ("a plan", "a plan again", "roles and tasks")
    assert found.run.status == "failed"
    assert NO_ROLE in found.run.outcome["error"]
    assert (found.planned, found.notes, found.messages) == ([], [], [])
    assert len(found.chief) == 3


async def test_a_second_plan_that_is_wrong_three_times_ends_in_what_there_is(cycle: RunCycle, door: str) -> None:
    found = await cycle(door, plan(GOOD), plan(UNKNOWN), plan(UNKNOWN), plan(UNKNOWN))

    assert found.error is None
    assert found.run.status == "degraded"
    assert NO_ROLE in found.run.outcome["degraded"][0]
    assert found.run.outcome["answer"].startswith("I could not finish this answer (the model handed in no usable data")
    assert "clerk: Kept it." in found.run.outcome["answer"]
    assert found.messages == [found.run.outcome["answer"]]


@pytest.mark.parametrize(
    "words",
    [
        f"I delegate:\n```json\n{json.dumps(GOOD, indent=2)}\n```\nThat should do.",
        json.dumps({"name": "delegate", "arguments": GOOD}),
    ],
    ids=["fenced", "a call as text"],
)
async def test_a_plan_in_words_is_carried_out_and_is_no_message(cycle: RunCycle, door: str, words: str) -> None:
    found = await cycle(door, Reply(words))

    assert found.planned == [["clerk"]]
    assert found.notes == ["Clerk"]
    assert found.messages == [ANSWER]
    assert found.withdrawn == ["the words were a plan"]


async def test_a_wrong_plan_in_words_is_told_in_words_and_is_no_message_either(cycle: RunCycle, door: str) -> None:
    found = await cycle(door, Reply(json.dumps(UNKNOWN)), plan(GOOD))

    assert found.chief[1].messages[-1]["role"] == "user"
    assert NO_ROLE in told(found.chief[1])
    assert found.planned == [["clerk"]]
    assert found.messages == [ANSWER]
    assert NO_ROLE in found.withdrawn[0]


async def test_an_answer_that_holds_an_example_stays_an_answer(cycle: RunCycle) -> None:
    words = 'Put this into the file:\n```json\n{"fee": 1}\n```'
    found = await cycle("chat", Reply(words))

    assert found.run.outcome["answer"] == words
    assert (found.messages, found.planned, found.withdrawn) == ([words], [], [])


async def test_several_calls_in_one_answer_are_one_plan(cycle: RunCycle, door: str) -> None:
    other = {"assignments": [{"role": "scribe", "task": "Write it down."}]}
    calls = (ToolUse("delegate", GOOD), ToolUse("delegate", other))
    found = await cycle(door, Reply(calls=calls))

    assert found.planned == [["clerk", "scribe"]]
    assert sorted(found.notes) == ["Clerk", "Scribe"]
    assert len(found.chief) == 2
    (snapshot,) = [event.body["content"]["steps"] for event in found.events if event.type == "ACTIVITY_SNAPSHOT"]
    assert snapshot[0]["expects"] == "The note."


@pytest.mark.parametrize("second", ['{"assignments": [{"role": "scr', {"assignments": "scribe"}, {}])
async def test_of_several_calls_none_is_dropped_because_it_cannot_be_read(cycle: RunCycle, second: Json | str) -> None:
    calls = (ToolUse("delegate", GOOD), ToolUse("delegate", second))
    found = await cycle("chat", Reply(calls=calls), plan(GOOD))

    assert len(found.chief) == 3, "it went back"
    results = [message for message in found.chief[1].messages if message["role"] == "tool"]
    assert len(results) == 2
    assert found.planned == [["clerk"]]


async def test_a_plan_that_is_no_json_is_told_so(cycle: RunCycle) -> None:
    found = await cycle("chat", plan('{"assignments": [{"role": "cle'), plan(GOOD))

    assert "there was no data: call the tool" in told(found.chief[1])
    assert found.planned == [["clerk"]]


async def test_a_chief_without_rounds_left_is_offered_no_plan(cycle: RunCycle) -> None:
    found = await cycle("chat", plan(GOOD), plan(GOOD))

    assert [bool(asked.tools) for asked in found.chief] == [True, True, False]
    assert reports(found.chief[2])
    assert found.planned == [["clerk"], ["clerk"]]
    assert found.run.outcome["answer"] == ANSWER
