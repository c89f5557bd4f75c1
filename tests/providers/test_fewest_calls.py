"""What a company asks a model: nothing where code knows the answer, else as little as the work allows."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from company.engine import Engine
from company.events import Event
from company.store import Run
from tests.providers.companies import KEY, PROVIDERS, bodies, engine_of, settings, write_default
from tests.wire import Asked, Reply, ToolUse, WireServer
from tests.wire.reading import reports, title

DELAY = 0.15
BOARD = {
    "trading": "How is the portfolio doing?",
    "security": "Which alerts were raised lately?",
    "research": "What is in the news about BTC/USDT?",
    "operations": "What did the company do lately?",
}


def chair(asked: Asked) -> Reply:
    """Greet who greets; call a board of four for anything else, and sum up what they report."""
    if said := reports(asked):
        return Reply(" ".join(report["summary"] for report in said))
    if "delegate" not in asked.tools:
        return Reply(f"{title(asked)}: {asked.messages[-1]['text'][:200]}")
    if re.search("^hello$", asked.messages[-1]["text"], re.MULTILINE):
        return Reply("Good morning.")
    plan = [{"role": role, "task": task} for role, task in BOARD.items()]
    return Reply(calls=(ToolUse("delegate", {"assignments": plan}),))


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a conversation, and what the server was asked in it."""

    run: Run
    events: list[Event]
    asked: list[Asked]

    @property
    def answer(self) -> str:
        """The CEO's words."""
        return str(self.run.outcome["answer"])

    def result(self, tool: str) -> dict:
        """What a tool returned in this turn."""
        calls = [body["toolCallName"] for body in bodies(self.events, "TOOL_CALL_START")]
        results = bodies(self.events, "TOOL_CALL_RESULT")
        return json.loads(results[calls.index(tool)]["content"])["value"]


@dataclass(frozen=True, slots=True)
class Office:
    """A company with a provider to talk to."""

    engine: Engine
    server: WireServer

    def say(self, text: str) -> Turn:
        """Say something to the CEO, in a conversation of its own."""
        before = len(self.server.asked)
        run = self.engine.start("chat", request=text, person="ann", thread_id=f"t{before}{text}")
        run = asyncio.run(self.engine.advance(run.id))
        events = self.engine.company.store.journal.read(run_id=run.id, limit=10_000)
        return Turn(run, events, self.server.asked[before:])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One company for all tests: each talks to it in a conversation of its own."""
    place = tmp_path_factory.mktemp("office")
    environment = {"HOME": str(place), PROVIDERS["chat"].key_variable: KEY}
    with WireServer(chair, delay=DELAY) as server:
        directory = write_default(place / "acme", settings(PROVIDERS["chat"], server.url), environment)
        with engine_of(directory, place / "home", environment) as engine:
            yield Office(engine, server)


@pytest.mark.parametrize("request_", ["status", "how are we doing?", "How is the company doing?"])
def test_the_status_is_told_without_a_model(office: Office, request_: str) -> None:
    turn = office.say(request_)
    equity = Decimal(turn.result("profit_and_loss")["equity"])
    assert turn.asked == []
    assert turn.run.status == "done"
    assert f"{equity:,.2f}" in turn.answer


@pytest.mark.parametrize("request_", ["how is the portfolio doing?", "what are our balances?"])
def test_the_books_are_told_without_a_model(office: Office, request_: str) -> None:
    turn = office.say(request_)
    assert turn.asked == []
    assert turn.run.status == "done"
    assert sum(character.isdigit() for character in turn.answer) > 10


def test_help_is_given_without_a_model(office: Office) -> None:
    turn = office.say("help")
    assert turn.asked == []
    assert all(role.title in turn.answer for role in office.engine.company.roles.values() if role.reports_to)


def test_costs_are_told_without_a_model(office: Office) -> None:
    turn = office.say("how much did we spend?")
    spent = turn.result("costs")
    assert turn.asked == []
    assert f"${spent['usd_today']} of ${spent['usd_day_limit']}" in turn.answer


def test_an_answer_that_needs_no_model_does_not_apologise_for_having_none(office: Office) -> None:
    answer = office.say("status").answer.lower()
    assert "playbook" not in answer
    assert "model" not in answer


def test_a_greeting_is_one_call(office: Office) -> None:
    turn = office.say("hello")
    assert [title(asked) for asked in turn.asked] == ["Chief executive"]
    assert turn.answer == "Good morning."


@pytest.fixture(scope="module")
def meeting(office: Office) -> Turn:
    """A board meeting of four."""
    return office.say("please call the board together and tell me in your own words what worries you most")


def test_a_plan_for_four_roles_is_six_calls_when_their_procedures_read_what_they_need(meeting: Turn) -> None:
    first, *work, last = [title(asked) for asked in meeting.asked]
    assert (first, last) == ("Chief executive", "Chief executive")
    assert sorted(work) == ["Head of operations", "Head of research", "Head of security", "Head of trading"]


def test_a_role_finds_the_results_of_its_procedure_in_its_first_prompt(meeting: Turn) -> None:
    for asked in meeting.asked[1:-1]:
        assert [message["role"] for message in asked.messages[:2]] == ["user", "assistant"]
        assert asked.messages[-1]["role"] == "tool"
        assert '"status":"ok"' in asked.messages[-1]["text"]


def test_four_roles_think_side_by_side(meeting: Turn, office: Office) -> None:
    assert len(meeting.asked) == 6
    assert office.server.in_flight_peak == 4
