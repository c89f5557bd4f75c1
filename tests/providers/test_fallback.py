"""Who stands in when a model fails, how it is said, and what is never handed on."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from company.errors import UsageError
from company.llm import AUTOPILOT
from company.llm.circuit import Circuit
from company.llm.faults import Fault as Failure
from tests.providers.asking import Desk, Watch, desk, provider_section, section, small_company, trader
from tests.providers.companies import KEY, PROVIDERS, engine_of, settings, write_default
from tests.wire import Asked, Fault, Reply, ToolUse, WireServer
from tests.wire.reading import reports, title
from tests.wire.script import Script
from tests.wire.scripts import by_role

OPENAI, ANTHROPIC = PROVIDERS["chat"].id, PROVIDERS["anthropic"].id
CALM = Reply("All is calm.")
BUSY = Fault("busy")
ROLES = tuple(trader(name, name.title()) for name in ("trading", "security", "research", "content", "operations"))

Open = Callable[..., tuple[Desk, WireServer]]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Open]:
    """Open a desk with a chain of models at one server; each is tried once: `at(script, OPENAI, ANTHROPIC)`."""
    with ExitStack() as stack:

        def _at(script: Script, *chain: str, openai: Mapping[str, Any] | None = None, **options: Any) -> Any:
            server = stack.enter_context(WireServer(script))
            sections = {
                "openai": provider_section("chat", server.url, **{"attempts": 1, **(openai or {})}),
                "anthropic": provider_section("anthropic", server.url, attempts=1),
            }
            return stack.enter_context(desk(tmp_path, chain, sections, **options)), server

        yield _at


def by_provider(**said: Reply | Fault) -> Script:
    return lambda asked: said[asked.provider]


def asked_of(server: WireServer) -> list[str]:
    return [asked.provider for asked in server.asked]


async def test_the_next_model_answers_and_the_answer_says_so(at: Open) -> None:
    office, server = at(by_provider(openai=Fault("cut"), anthropic=CALM), OPENAI, ANTHROPIC, AUTOPILOT)

    thought = await office.ask()

    assert (thought.text, thought.model, thought.message_id) == ("All is calm.", ANTHROPIC, "m1.m1")
    (notice,) = thought.notices
    assert notice.startswith(f"Trader: {OPENAI} could not be used, so {ANTHROPIC} was asked instead. openai sent an ")
    assert asked_of(server) == ["openai", "anthropic"]
    (fallback,) = office.values("model.fallback")
    assert (fallback["role"], fallback["model"], fallback["next"]) == ("trading", OPENAI, ANTHROPIC)
    assert notice.endswith(fallback["reason"])
    assert office.heard == ["All is calm."], "what the first one had begun was withdrawn"


async def test_the_autopilot_stands_at_the_end_and_every_step_to_it_is_said(at: Open) -> None:
    office, server = at(by_provider(openai=BUSY, anthropic=Fault("quota")), OPENAI, ANTHROPIC, AUTOPILOT)

    thought = await office.ask()

    assert (thought.text, thought.model) == ("By the playbook.", AUTOPILOT)
    first, second = thought.notices
    assert f"so {ANTHROPIC} was asked instead. openai is overloaded or failing" in first
    assert f"{ANTHROPIC} could not be used, so the playbook was followed without a model. anthropic has no cr" in second
    assert asked_of(server) == ["openai", "anthropic"]
    assert office.unpaid == 0


async def test_a_model_without_a_key_is_passed_over_and_that_is_said(at: Open) -> None:
    office, server = at(by_provider(anthropic=CALM), OPENAI, ANTHROPIC, openai={"base_url": ""}, keys=["anthropic"])

    thought = await office.ask()

    assert thought.model == ANTHROPIC
    assert "provider 'openai' has no key → set OPENAI_API_KEY in the environment" in thought.notices[0]
    assert asked_of(server) == ["anthropic"]


async def test_a_model_whose_package_is_missing_is_passed_over_and_that_is_said(
    at: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)
    office, server = at(by_provider(anthropic=CALM), OPENAI, ANTHROPIC)

    thought = await office.ask()

    assert "needs langchain-openai, which is not installed → pip install 'the-ai-company[openai]'" in thought.notices[0]
    assert asked_of(server) == ["anthropic"]


async def test_a_model_without_a_price_is_passed_over_and_that_is_said(at: Open) -> None:
    office, server = at(by_provider(anthropic=CALM), "openai:nobody-knows-it", ANTHROPIC)

    thought = await office.ask()

    assert "model 'openai:nobody-knows-it' has no known price" in thought.notices[0]
    assert asked_of(server) == ["anthropic"]


async def test_a_chain_without_anything_to_ask_says_what_the_first_one_needs(at: Open) -> None:
    office, server = at(by_provider(), "openai:unknown-1", "openai:unknown-2")

    with pytest.raises(UsageError, match="'openai:unknown-1' has no known price"):
        await office.ask()

    assert server.asked == []


async def test_a_chain_that_ends_names_what_was_tried_in_order(at: Open) -> None:
    script = by_provider(openai=BUSY, anthropic=Fault("auth"))
    office, _ = at(script, "openai:unknown", OPENAI, ANTHROPIC)

    with pytest.raises(Failure) as raised:
        await office.ask()

    text = str(raised.value)
    places = [text.index(part) for part in ("Tried openai:unknown: ", f"; then {OPENAI}: ", f"; then {ANTHROPIC}: ")]
    assert places == sorted(places)
    assert "\n" not in text
    assert "has no known price" in text
    assert "openai is overloaded or failing (HTTP 500)" in text
    assert text.endswith("anthropic refuses the key, or what it may do; set another with `company key set` (HTTP 401)"
                         "; the key will be refused again")  # fmt: skip
    assert raised.value.kind == "auth"


async def test_a_refusal_is_not_taken_to_another_model(at: Open) -> None:
    refused = Reply("I cannot help with that.", refusal=True)
    office, server = at(by_provider(openai=refused, anthropic=CALM), OPENAI, ANTHROPIC, AUTOPILOT)

    with pytest.raises(Failure, match="declined to answer") as raised:
        await office.ask()

    assert raised.value.kind == "refused"
    assert asked_of(server) == ["openai"]
    assert office.values("model.fallback") == []


async def test_a_model_that_keeps_failing_is_left_alone_and_tried_again_after_the_cool_down(at: Open) -> None:
    watch, said = Watch(), [BUSY, BUSY, BUSY, BUSY, CALM, CALM]
    office, server = at(lambda asked: said[len(server.asked) - 1], OPENAI, circuits=partial(Circuit, now=watch))
    answers = [await attempt(office) for _ in range(4)]

    assert len(server.asked) == 3, "the fourth call did not reach it"
    assert answers[3].endswith("; not asked again for 30 s")
    assert office.values("cost")[-1]["outcome"] == "busy"

    watch.now += 31
    failed_probe = await attempt(office)
    after = await attempt(office)
    assert len(server.asked) == 4
    assert "HTTP 500" in failed_probe
    assert after.endswith("not asked again for 60 s")

    watch.now += 61
    assert [await attempt(office), await attempt(office)] == ["All is calm."] * 2
    assert len(server.asked) == 6


async def test_an_open_circuit_sends_everybody_to_the_next_model(at: Open) -> None:
    script = by_provider(openai=Fault("auth"), anthropic=CALM)
    office, server = at(script, OPENAI, ANTHROPIC, roles=ROLES)

    for role in ROLES:
        assert (await office.ask(role=role, message_id=role.id)).model == ANTHROPIC

    assert asked_of(server).count("openai") == 1, "one refused key is news for all"
    assert asked_of(server).count("anthropic") == len(ROLES)


async def test_a_model_that_is_left_alone_says_nothing_about_its_neighbour(at: Open) -> None:
    def script(asked: Asked) -> Reply | Fault:
        return Fault("unknown_model") if asked.model == "gpt-4.1-mini" else CALM

    office, server = at(script, OPENAI, "openai:gpt-5-mini")

    for number in range(2):
        assert (await office.ask(message_id=f"m{number}")).model == "openai:gpt-5-mini"
    assert [asked.model for asked in server.asked] == ["gpt-4.1-mini", "gpt-5-mini", "gpt-5-mini"]


async def test_all_roles_share_the_calls_a_provider_may_have_at_once(at: Open) -> None:
    office, server = at(
        by_provider(openai=Reply("All is calm.", delay=0.1)), OPENAI, openai={"max_parallel": 2}, roles=ROLES
    )

    await asyncio.gather(*(office.ask(role=role, message_id=role.id) for role in ROLES))

    assert len(server.asked) == 5
    assert server.in_flight_peak == 2


@pytest.mark.parametrize("attempts", [1, 2])
async def test_a_rate_limit_of_one_role_pauses_the_others(at: Open, attempts: int) -> None:
    arrived: list[float] = []

    def script(asked: Asked) -> Reply | Fault:
        arrived.append(time.monotonic())
        return Fault("rate", retry_after=0.4) if len(arrived) == 1 else CALM

    office, _ = at(script, OPENAI, openai={"attempts": attempts}, roles=ROLES)
    first = asyncio.create_task(attempt(office))
    while not office.values("cost"):
        await asyncio.sleep(0.005)
    await asyncio.gather(*(office.ask(role=role, message_id=role.id) for role in ROLES[1:]))
    await first

    assert len(arrived) == 4 + attempts
    assert min(arrived[1:]) - arrived[0] >= 0.4


async def test_other_providers_do_not_wait_for_a_rate_limit(at: Open) -> None:
    office, _ = at(by_provider(openai=Fault("rate", retry_after=30), anthropic=CALM), OPENAI, ANTHROPIC)

    thought = await asyncio.wait_for(office.ask(), 5)

    assert thought.model == ANTHROPIC


async def attempt(office: Desk) -> str:
    """Ask once and return the words, of the answer or of the failure."""
    number = len(office.store.journal.read())
    try:
        return (await office.ask(message_id=f"m{number}")).text
    except Failure as failure:
        return str(failure)


def chief(asked: Asked) -> Reply:
    """Delegate to everybody once, then answer."""
    if reports(asked):
        return Reply("That is all.")
    task = {"role": "clerk", "task": "Keep a note.", "standing": True}
    return Reply(calls=(ToolUse("delegate", {"assignments": [task]}),))


def note_once(asked: Asked) -> Reply:
    """Keep one note, then report."""
    done = any(message["role"] == "tool" for message in asked.messages)
    return Reply("Kept it.") if done else Reply(calls=(ToolUse("note", {"text": "by a model"}),))


@pytest.fixture
def cycle(
    write_company: Callable[..., Path],
    opened: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Any]:
    """Run one cycle of a small company: `await cycle(script, OPENAI, AUTOPILOT)` returns run, events and notes."""

    async def _cycle(script: Script, *chain: str) -> Any:
        for name in ("OPENAI", "ANTHROPIC"):
            monkeypatch.setenv(f"{name}_API_KEY", KEY)
        with WireServer(script) as server:
            providers = "\n".join(section(door, server.url, "attempts = 1") for door in ("chat", "anthropic"))
            directory = write_company(small_company(chain, providers))
            with opened(tmp_path / "home", directory) as engine:
                run = await engine.advance(engine.start("cycle").id)
                events = engine.company.store.journal.read(run_id=run.id)
        file = directory / "notes.txt"
        return run, events, file.read_text().splitlines() if file.exists() else []

    return _cycle


async def test_a_report_and_the_final_answer_say_who_stood_in_and_why(cycle: Callable[..., Any]) -> None:
    def script(asked: Asked) -> Reply | Fault:
        return BUSY if title(asked) == "Clerk" else chief(asked)

    run, events, notes = await cycle(script, OPENAI, ANTHROPIC, AUTOPILOT)

    (report,) = [event.body["value"] for event in events if event.type == "report"]
    to_anthropic, to_playbook = report["notices"]
    assert to_anthropic.startswith(f"Clerk: {OPENAI} could not be used, so {ANTHROPIC} was asked instead. openai is ")
    assert to_playbook.startswith(f"Clerk: {ANTHROPIC} could not be used, so the playbook was followed without a model")
    assert run.outcome["answer"] == f"That is all.\n\n({to_anthropic})\n({to_playbook})"
    assert notes == ["by the playbook"]
    assert report["summary"] == "Clerk kept a note."
    assert run.status == "done"


async def test_a_chief_that_stands_in_says_so_and_does_not_delegate_again(cycle: Callable[..., Any]) -> None:
    def script(asked: Asked) -> Reply | Fault:
        if title(asked) == "Clerk":
            return note_once(asked)
        return BUSY if reports(asked) else chief(asked)

    run, _, notes = await cycle(script, OPENAI, AUTOPILOT)

    assert run.outcome["answer"].startswith("Clerk: Kept it.")
    assert f"(Chief: {OPENAI} could not be used, so the playbook was followed" in run.outcome["answer"]
    assert notes == ["by a model"]


@pytest.mark.parametrize("chain", [(OPENAI, AUTOPILOT), (OPENAI, ANTHROPIC, AUTOPILOT)], ids=["one", "two"])
async def test_the_autopilot_does_not_take_over_what_a_model_has_begun(
    cycle: Callable[..., Any], chain: tuple[str, ...]
) -> None:
    def script(asked: Asked) -> Reply | Fault:
        if title(asked) != "Clerk":
            return chief(asked)
        return BUSY if any(message["role"] == "tool" for message in asked.messages) else note_once(asked)

    run, events, notes = await cycle(script, *chain)

    assert notes == ["by a model"], "the playbook's note was not kept on top"
    (report,) = [event.body["value"] for event in events if event.type == "report"]
    assert report["status"] == "degraded"
    assert report["receipts"]
    assert f"no model answered. Tried {OPENAI}: " in report["failures"][0]
    assert run.status == "degraded"


async def test_another_model_may_go_on_where_one_has_begun(cycle: Callable[..., Any]) -> None:
    def script(asked: Asked) -> Reply | Fault:
        if title(asked) != "Clerk":
            return chief(asked)
        done = any(message["role"] == "tool" for message in asked.messages)
        return BUSY if done and asked.provider == "openai" else note_once(asked)

    run, events, notes = await cycle(script, OPENAI, ANTHROPIC, AUTOPILOT)

    assert notes == ["by a model"]
    (report,) = [event.body["value"] for event in events if event.type == "report"]
    assert (report["summary"], report["status"]) == ("Kept it.", "ok")
    assert f"so {ANTHROPIC} was asked instead" in run.outcome["answer"]


async def test_an_order_is_not_doubled_when_the_model_fails_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = {"symbol": "BTC/USDT", "side": "buy", "quantity": "0.01", "reason": "a test of the desk"}

    def trading(asked: Asked) -> Reply | Fault:
        placed = any(call["name"] == "place_order" for message in asked.messages for call in message["calls"])
        return BUSY if placed else Reply(calls=(ToolUse("place_order", order),))

    def head(asked: Asked) -> Reply | Fault:
        task = {"role": "trading", "task": "Work through your standing procedure.", "standing": True}
        return BUSY if reports(asked) else Reply(calls=(ToolUse("delegate", {"assignments": [task]}),))

    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with WireServer(by_role({"Head of trading": trading, "Chief executive": head})) as server:
        text = settings(replace(PROVIDERS["chat"], section="attempts = 1"), server.url)
        text = text.replace(f'= "{OPENAI}"', f'= ["{OPENAI}", "autopilot"]')
        environment = {"HOME": str(tmp_path), "OPENAI_API_KEY": KEY}
        directory = write_default(tmp_path / "acme", text, environment)
        with engine_of(directory, tmp_path / "home", environment) as engine:
            run = await engine.advance(engine.start("cycle").id)
            placed = engine.company.store.journal.read(types=["order.placed"])

    assert len(placed) == 1, "neither the role's playbook nor the chief's ordered again"
    assert "Head of trading: no model" not in run.outcome["answer"]
    assert f"(Chief executive: {OPENAI} could not be used, so the playbook was followed" in run.outcome["answer"]
    assert any("no model answered" in failure for failure in run.outcome["degraded"])
    assert len(server.asked) == 4
