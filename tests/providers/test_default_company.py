"""The default company at work with every provider's client, over HTTP: a cycle, then a streamed conversation.

What is compared with the autopilot shows that only the mind is another one: graph, governor and journal are the same.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine
from company.events import Event
from company.home import bundled_directory
from company.store import CostRow, Meter, Run, Verification
from tests.providers.companies import KEY, PROVIDERS, Changing, bodies, engine_of, settings, write_default
from tests.wire import Asked, Reply, ToolUse, WireServer, tokens
from tests.wire.reading import outcomes, reports, title
from tests.wire.scripts import default_company

SPECIALISTS = {"trading", "security", "research", "content", "operations"}
MOST_CALLS = {
    "Chief executive": 2,  # the plan, the answer
    "Head of operations": 1,  # the report: everything it needs was read before
    "Head of research": 1,
    "Head of security": 2,  # the block, the report
    "Head of trading": 2,  # the order, the report: sizes are reads, and were read before
    "Head of content": 4,  # draft, review, publication, report: each needs the one before
}
"""Model calls of a cycle, twelve in all."""
TASKS = {"trading": "What is the price of BTC/USDT?", "research": "What is in the news about BTC/USDT?"}
WORKING_WORDS = "Looked at what there is, one thing after the other, and here is what it says. " * 2
ANSWER = "Bitcoin stands where it stood this morning: the news was loud, the market was not, and our desk kept still."
PIECES, PACE = 25, 0.02


def at_work(asked: Asked) -> Reply:
    """Play the default company; its head of security blocks what attacked."""
    scan = next((found.value for found in outcomes(asked) if found.tool == "scan_traffic"), None)
    blocked = any(found.tool == "block_source" for found in outcomes(asked))
    if "block_source" in asked.tools and scan and not blocked:
        worst = next(alert for alert in scan["alerts"] if alert["severity"] in {"critical", "high"})
        order = {"address": worst["source"], "reason": f"{worst['id']}: {worst['kind']}"}
        return Reply(calls=(ToolUse("block_source", order),))
    return default_company(asked)


def talking(asked: Asked) -> Reply:
    """Answer a question word by word, after two roles looked into it."""
    if reports(asked):
        return Reply(ANSWER, pieces=PIECES, pace=PACE)
    if "delegate" in asked.tools:
        plan = [{"role": role, "task": task} for role, task in TASKS.items()]
        return Reply(calls=(ToolUse("delegate", {"assignments": plan}),))
    return Reply(WORKING_WORDS, pieces=PIECES, pace=PACE)


@dataclass(frozen=True, slots=True)
class Part:
    """A run, what the journal says of it, and what the server was asked in it."""

    run: Run
    events: Sequence[Event]
    asked: Sequence[Asked]


@dataclass(frozen=True, slots=True)
class Day:
    """A cycle and a conversation of one company."""

    cycle: Part
    talk: Part
    costs: Sequence[CostRow]
    effects: Sequence[Any]
    approvals: Sequence[Any]
    verification: Verification
    tools: dict[str, Sequence[str]]

    @property
    def asked(self) -> list[Asked]:
        """Every request of the day."""
        return [*self.cycle.asked, *self.talk.asked]


async def _part(engine: Engine, server: WireServer | None, kind: Any, **options: str) -> Part:
    before = len(server.asked) if server else 0
    run = await engine.advance(engine.start(kind, **options).id)
    events = engine.company.store.journal.read(run_id=run.id, limit=10_000)
    return Part(run, events, server.asked[before:] if server else [])


async def _spend(engine: Engine, server: WireServer | None, played: Changing) -> Day:
    store, roles = engine.company.store, engine.company.roles.values()
    cycle = await _part(engine, server, "cycle")
    played.script = talking
    talk = await _part(engine, server, "chat", request="what moved bitcoin today?", person="ann", thread_id="main")
    return Day(
        cycle,
        talk,
        costs=Meter(store).by("model"),
        effects=store.effects.in_state("done"),
        approvals=store.approvals.for_run(cycle.run.id),
        verification=store.journal.verify(),
        tools={role.title: role.tools if role.reports_to else ["delegate"] for role in roles},
    )


def _day_of(wire: str, place: Path) -> Day:
    environment = {"HOME": str(place)}
    if wire == "autopilot":
        with engine_of(bundled_directory(), place / "home", environment) as engine:
            return asyncio.run(_spend(engine, None, Changing(at_work)))
    provider, script = PROVIDERS[wire], Changing(at_work)
    environment[provider.key_variable] = KEY
    with WireServer(script) as server:
        directory = write_default(place / "acme", settings(provider, server.url), environment)
        with engine_of(directory, place / "home", environment) as engine:
            return asyncio.run(_spend(engine, server, script))


@pytest.fixture(scope="module")
def day_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Day]:
    """Return the day of a company, lived once however many tests look at it."""
    days: dict[str, Day] = {}

    def _known(wire: str) -> Day:
        if wire not in days:
            days[wire] = _day_of(wire, tmp_path_factory.mktemp(wire))
        return days[wire]

    return _known


@pytest.fixture
def day(day_of: Callable[[str], Day], wire: str) -> Day:
    """The day of a company that thinks over `wire`."""
    return day_of(wire)


@pytest.fixture
def offline_day(day_of: Callable[[str], Day]) -> Day:
    """The day of the same company on autopilot."""
    return day_of("autopilot")


# The cycle.


def test_a_cycle_completes_and_all_roles_report(day: Day) -> None:
    found = bodies(day.cycle.events, "report")
    assert (day.cycle.run.status, day.cycle.run.outcome["degraded"]) == ("waiting", [])
    assert day.cycle.run.outcome["answer"].startswith("The cycle is done, 5 reported.")
    assert {report["role"] for report in found} == SPECIALISTS
    assert [report["failures"] for report in found] == [[]] * 5


def test_an_order_has_the_size_the_limits_left_and_happens_once(day: Day) -> None:
    results = [json.loads(body["content"]) for body in bodies(day.cycle.events, "TOOL_CALL_RESULT")]
    calls = [body["toolCallName"] for body in bodies(day.cycle.events, "TOOL_CALL_START")]
    sized = results[calls.index("size_position")]["value"]
    (order,) = (effect for effect in day.effects if effect.tool == "place_order")
    (filled,) = bodies(day.cycle.events, "trade.filled")
    assert sized["approved"]
    assert Decimal(order.result["value"]["quantity"]) == Decimal(sized["quantity"]) > 0
    assert (order.result["value"]["status"], order.mandate_id) == ("closed", "trade-paper")
    assert Decimal(filled["quantity"]) == Decimal(sized["quantity"])
    assert calls.count("place_order") == 1


def test_a_publication_waits_for_a_person(day: Day) -> None:
    (approval,) = day.approvals
    assert (approval.tool, approval.state, approval.rule) == ("publish_post", "open", "effect.irreversible")
    assert day.cycle.run.outcome["waiting"] == [approval.id]
    assert not bodies(day.cycle.events, "post.published")
    assert not [effect for effect in day.effects if effect.tool == "publish_post"]


def test_costs_are_booked_under_the_models_name_with_the_tokens_the_provider_counted(day: Day, wire: str) -> None:
    (row,) = day.costs
    assert (row.key, row.calls, row.failed) == (PROVIDERS[wire].id, len(day.asked), 0)
    assert row.input == sum(map(tokens.estimate, day.asked))
    assert row.output > 0
    assert (row.usd == 0) is (wire in {"ollama", "local"})


def test_the_journal_verifies(day: Day) -> None:
    assert day.verification.ok, day.verification


def test_a_cycle_takes_no_call_that_an_effect_or_a_report_does_not_need(day: Day) -> None:
    assert Counter(map(title, day.cycle.asked)) == MOST_CALLS


def test_the_journal_has_the_same_kinds_of_events_as_on_autopilot(day: Day, offline_day: Day) -> None:
    assert {event.type for event in day.cycle.events} == {event.type for event in offline_day.cycle.events}
    assert {event.type for event in day.talk.events} == {event.type for event in offline_day.talk.events}


def test_the_governor_decides_by_the_same_rules_as_on_autopilot(day: Day, offline_day: Day) -> None:
    def decided(part: Part) -> set[tuple[str, str, str, str]]:
        verdicts = bodies(part.events, "verdict")
        return {(found["tool"], found["decision"], found["rule"], found["mandate"]) for found in verdicts}

    effects = {found for found in decided(day.cycle) if found[2] != "effect.read"}
    assert decided(day.cycle) <= decided(offline_day.cycle)
    assert effects == {found for found in decided(offline_day.cycle) if found[2] != "effect.read"}
    assert len(effects) == 4


# The conversation.


def _pieces(part: Part, agent: str) -> list[Event]:
    """The pieces of words of one agent, the person's own left out."""
    return [event for event in part.events if event.type == "TEXT_MESSAGE_CONTENT" and _speaker(event) == agent]


def _speaker(event: Event) -> str:
    return str(event.body.get("subagentRunId", "")).partition("/")[2]


def test_the_ceos_words_arrive_in_pieces_while_the_provider_still_speaks(day: Day) -> None:
    pieces = _pieces(day.talk, "ceo")
    assert len(pieces) >= 4  # without a look at the clock it would be one: it is shorter than 240 characters
    assert "".join(piece.body["delta"] for piece in pieces) == ANSWER == day.talk.run.outcome["answer"]
    assert {(piece.visibility, piece.agent) for piece in pieces} == {("user", "ceo")}
    assert len({piece.body["messageId"] for piece in pieces}) == 1
    assert (pieces[-1].at - pieces[0].at).total_seconds() > PIECES * PACE / 2


def test_the_first_words_are_there_as_soon_as_the_message_begins(day: Day) -> None:
    first = _pieces(day.talk, "ceo")[0]
    (began,) = (
        event
        for event in day.talk.events
        if event.type == "TEXT_MESSAGE_START" and event.body["messageId"] == first.body["messageId"]
    )
    assert (first.at - began.at).total_seconds() < PIECES * PACE / 2


@pytest.mark.parametrize("role", TASKS)
def test_a_roles_working_words_stream_beside_with_its_own_path(day: Day, role: str) -> None:
    pieces = _pieces(day.talk, f"ceo/{role}")
    assert len(pieces) >= 4
    assert "".join(piece.body["delta"] for piece in pieces) == WORKING_WORDS
    assert {(piece.visibility, piece.agent) for piece in pieces} == {("debug", f"ceo/{role}")}


def test_a_message_has_one_beginning_and_one_end_around_its_pieces(day: Day) -> None:
    for agent in ("ceo", *(f"ceo/{role}" for role in TASKS)):
        name = _pieces(day.talk, agent)[0].body["messageId"]
        types = [event.type for event in day.talk.events if event.body.get("messageId") == name]
        assert types == ["TEXT_MESSAGE_START", *["TEXT_MESSAGE_CONTENT"] * (len(types) - 2), "TEXT_MESSAGE_END"]


# The prompts.


def test_prompts_hold_neither_the_data_beside_our_messages_nor_the_key(day: Day) -> None:
    for asked in day.asked:
        said = json.dumps({name: part for name, part in asked.body.items() if name != "tools"})
        assert "additional_kwargs" not in said
        assert "deadline_seconds" not in said  # a field of the assignment, which its text does not name
        assert KEY not in said


def test_a_role_is_offered_its_own_tools_only(day: Day) -> None:
    for asked in day.asked:
        assert asked.tools == list(day.tools[title(asked)])


def test_a_roles_instructions_and_tools_are_the_same_to_the_byte_each_time(day: Day) -> None:
    prefixes: dict[str, set[str]] = {}
    for asked in day.asked:
        prefix = json.dumps([asked.system, asked.body.get("system"), asked.body["tools"]])
        prefixes.setdefault(title(asked), set()).add(prefix)
    assert set(prefixes) == set(MOST_CALLS)
    assert {name: len(different) for name, different in prefixes.items()} == dict.fromkeys(MOST_CALLS, 1)


def test_a_roles_conversation_only_grows_so_that_its_beginning_is_found_in_the_cache(day: Day) -> None:
    latest: dict[str, str] = {}
    for asked in day.cycle.asked:
        said = "\n".join(f"{m['role']} {m['call_id']} {m['calls'] or ''} {m['text']}" for m in asked.messages)
        assert said.startswith(latest.get(title(asked), ""))
        latest[title(asked)] = said


def test_every_request_asks_for_a_stream_and_limits_the_answer(day: Day) -> None:
    assert {asked.stream for asked in day.asked} == {True}
    assert all(0 < (asked.max_output or 0) <= 4_096 for asked in day.asked)
