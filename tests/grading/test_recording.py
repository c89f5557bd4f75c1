"""A real run becomes a case that passes at once, and that fails when the company is made worse."""

import os
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import yaml

from company.engine import Engine
from company.errors import UsageError
from company.grading import run_case
from company.grading.recording import Recorded, append, ids_in, record
from company.home import open_company

BUY = """\
  - say: [buy a lot of bitcoin]
    do:
      - call: place_order
        with: {symbol: BTC/USDT, side: buy, quantity: 0.1, reason: a test}
        as: order
      - report: "Bought {{ order.filled }}."
"""

BROKEN = '''
from company import tool


@tool(effect="read")
async def wait() -> str:
    """Fail."""
    raise RuntimeError("broken on purpose")
'''


@pytest.fixture
def home(shop, tmp_path):
    """Opens the shop's home as often as a test likes; nothing is remembered, which saves a second a run."""
    shop.config_file.write_text(shop.config_file.read_text("utf-8") + "[memory]\nenabled = false\n", "utf-8")
    trading = shop.roles / "trading.md"
    trading.write_text(trading.read_text("utf-8").replace("handles:\n", f"handles:\n{BUY}"), "utf-8")

    @asynccontextmanager
    async def _open(environment=os.environ):
        (tmp_path / "home").mkdir(mode=0o700, exist_ok=True)
        company = open_company(shop, tmp_path / "home", environment=environment, seed=7)
        engine = Engine(company)
        try:
            yield engine
        finally:
            engine.close()
            company.close()

    return _open


@pytest.fixture
def graded(shop, load):
    """Write recorded cases into the shop and grade them."""

    async def _graded(*recorded):
        shop.evals.mkdir(exist_ok=True)
        for one in recorded:
            append(one, shop.evals / "recorded.yaml")
        return [await run_case(case, shop, os.environ) for case in load()]

    return _graded


def told(result):
    return [f"{fault.scorer}: {fault.what}" for fault in result.faults]


def steps(recorded):
    return yaml.safe_load(recorded.text)[0]["steps"]


def wants(recorded):
    """Scorers by name."""
    found = yaml.safe_load(recorded.text)[0]["scorers"]
    return {name: wanted for one in found for name, wanted in ({one: True} if isinstance(one, str) else one).items()}


async def cycle(engine, count=1):
    async for run in engine.cycles(count):
        await engine.advance(run.id)


async def say(engine, text, person="bob", thread="t1"):
    run = engine.start("chat", request=text, person=person, thread_id=thread)
    return await engine.advance(run.id)


async def test_a_recorded_cycle_passes_and_fails_when_the_company_does_not_trade_any_more(home, graded, shop):
    async with home() as engine:
        await cycle(engine)
        recorded = await record(engine.company, "R1")
    assert recorded.missing == ()
    assert steps(recorded) == [{"cycles": 1}]
    assert wants(recorded)["effects"]["place_order"] == {"min": 1, "max": 1}
    (passed,) = await graded(recorded)
    assert told(passed) == []

    role = shop.roles / "trading.md"
    role.write_text(role.read_text("utf-8").replace("when: size.approved", "when: not size.approved"), "utf-8")
    (failed,) = await graded()
    assert "effects: 0 effects of place_order, at least 1 wanted" in told(failed)


async def test_a_recorded_conversation_passes_and_fails_when_another_role_is_asked(home, graded, shop):
    async with home() as engine:
        await say(engine, "hello")
        await say(engine, "tell me the price of bitcoin")
        recorded = await record(engine.company, "R2")
    assert steps(recorded) == [
        {"say": "hello", "person": "bob"},
        {"say": "tell me the price of bitcoin", "person": "bob"},
    ]
    assert wants(recorded)["delegates_to"] == ["trading"]
    (passed,) = await graded(recorded)
    assert told(passed) == []

    role = shop.roles / "trading.md"
    role.write_text(role.read_text("utf-8").replace("the price of bitcoin, how much is bitcoin", "xyzzy"), "utf-8")
    (failed,) = await graded()
    assert told(failed)


async def test_decisions_are_carried_over_with_who_took_them(home, graded):
    async with home() as engine:
        await say(engine, "buy a lot of bitcoin", person="ann")
        await say(engine, "buy a lot of bitcoin", person="bob", thread="t2")
        await cycle(engine)
        await engine.decide("A2", approved=False, by="eve")
        await engine.decide("A1", approved=True, by="dan")
        early, late = await record(engine.company, "R1"), await record(engine.company, "R3")
    assert steps(early) == [{"say": "buy a lot of bitcoin", "person": "ann"}, {"approve": "A1", "by": "dan"}]
    assert steps(late) == [
        {"say": "buy a lot of bitcoin", "person": "ann"},
        {"say": "buy a lot of bitcoin", "person": "bob", "thread": "eval-2"},
        {"cycles": 1},
        {"reject": "A2", "by": "eve"},
        {"approve": "A1", "by": "dan"},
    ]
    assert wants(late)["approvals"] == {"open": 0}
    assert wants(late)["orders"] == {"min": 2, "max": 2}
    assert [told(result) for result in await graded(early, late)] == [[], []]


async def test_each_of_the_people_who_have_to_say_yes_is_carried_over(home, graded, shop):
    quorum = '[[approvals.quorums]]\ntools = ["place_order"]\npeople = 2\n'
    shop.config_file.write_text(shop.config_file.read_text("utf-8") + quorum, "utf-8")
    async with home() as engine:
        await say(engine, "buy a lot of bitcoin")
        for person in ("dan", "eve"):
            await engine.decide("A1", approved=True, by=person)
        recorded = await record(engine.company, "R1")
    assert steps(recorded)[1:] == [{"approve": "A1", "by": "dan"}, {"approve": "A1", "by": "eve"}]
    (passed,) = await graded(recorded)
    assert told(passed) == []


async def test_what_a_person_decided_later_stays_open_in_the_case_of_an_earlier_run(home, graded):
    async with home() as engine:
        await say(engine, "buy a lot of bitcoin")
        await say(engine, "hello")
        await cycle(engine)
        await engine.decide("A1", approved=True, by="dan")
        recorded = await record(engine.company, "R2")
    assert wants(recorded)["approvals"] == {"open": 1, "tools": ["place_order"]}
    assert wants(recorded)["status"] == ["done", "waiting"]
    assert wants(recorded)["orders"] == {"max": 0}
    (passed,) = await graded(recorded)
    assert told(passed) == []


async def test_company_time_that_passed_is_carried_over(home, graded):
    async with home() as engine:
        await cycle(engine, 2)
        engine.company.advance_to(engine.company.clock.now() + timedelta(minutes=90))
        await say(engine, "tell me the price of bitcoin")
        recorded = await record(engine.company, "R3")
    assert steps(recorded) == [
        {"cycles": 2},
        {"skip": "90m"},
        {"say": "tell me the price of bitcoin", "person": "bob"},
    ]
    (passed,) = await graded(recorded)
    assert told(passed) == []


async def test_steps_of_time_are_carried_over_when_an_event_began_the_cycle(home, graded, shop):
    role = shop.roles / "trading.md"
    role.write_text(role.read_text("utf-8").replace("summary: Trades.\n", "summary: Trades.\nwakes: {every: 3h}\n"))
    async with home() as engine:
        await say(engine, "hello")
        woken = [run.id async for run in engine.ticks(5) if run and await engine.advance(run.id)]
        recorded = await record(engine.company, woken[-1])
    assert woken == ["R2", "R3"]
    assert steps(recorded) == [{"say": "hello", "person": "bob"}, {"ticks": 4}]
    assert recorded.missing == ()
    (passed,) = await graded(recorded)
    assert told(passed) == []


async def test_of_a_home_with_a_long_history_only_the_conversation_is_taken_and_that_is_told(home, monkeypatch):
    monkeypatch.setattr("company.grading.retracing.HISTORY", 2)
    async with home() as engine:
        await say(engine, "hello")
        await say(engine, "hello", thread="other")
        await say(engine, "hello", thread="other")
        await say(engine, "hello")
        recorded = await record(engine.company, "R4")
    assert steps(recorded) == [{"say": "hello", "person": "bob"}] * 2
    assert "what 2 earlier runs of this home left behind" in recorded.missing[0]
    assert f"# Not carried over: {recorded.missing[0]}" in recorded.text
    assert yaml.safe_load(recorded.text)[0]["golden"] is False


async def test_a_company_that_was_changed_since_is_told(home, shop):
    async with home() as engine:
        await say(engine, "hello")
    (shop.roles / "ceo.md").write_text((shop.roles / "ceo.md").read_text("utf-8") + "Be brief.\n", "utf-8")
    async with home() as engine:
        recorded = await record(engine.company, "R1")
    assert recorded.missing == ("roles, prompts, tools or settings of R1: they were changed since",)
    assert yaml.safe_load(recorded.text)[0]["golden"] is False


async def test_a_run_that_failed_in_part_makes_no_golden_case(home, shop):
    (shop.root / "tools" / "wait.py").write_text(BROKEN, "utf-8")
    async with home() as engine:
        run = await say(engine, "wait for ever")
        recorded = await record(engine.company, "R1")
    assert run.status == "degraded"
    assert recorded.missing == ("why R1 is degraded: what went wrong need not go wrong again",)
    assert yaml.safe_load(recorded.text)[0]["golden"] is False


async def test_a_secret_that_somebody_wrote_is_not_in_the_case(home, shop):
    secret = "sk-1234567890abcdefghijkl"
    async with home() as engine:
        await say(engine, f"hello, my key is {secret}")
        first = await record(engine.company, "R1")
    assert secret in first.text, "nobody knew then that it is a key"
    shop.config_file.write_text(shop.config_file.read_text("utf-8") + '[providers.openai]\nkey_env = "MY_KEY"\n')
    async with home(os.environ | {"MY_KEY": secret}) as engine:
        recorded = await record(engine.company, "R1")
    assert secret not in recorded.text
    assert "1234567890" not in recorded.text.replace("-", "")
    assert recorded.missing[-1] == "a secret that somebody wrote; its place says which one"


async def test_what_cannot_be_recorded_is_a_usage_error(home):
    async with home() as engine:
        begun = engine.start("chat", request="hello", person="bob", thread_id="t1")
        for run_id, why in ((begun.id, "is created"), ("R9", "R9")):
            with pytest.raises(UsageError, match=why):
                await record(engine.company, run_id)


async def test_a_name_that_is_taken_gets_a_number(home):
    async with home() as engine:
        await say(engine, "Hello!")
        names = [(await record(engine.company, "R1", taken=taken)).id for taken in ((), {"recorded-hello"})]
    assert names == ["recorded-hello", "recorded-hello-2"]


CASE = Recorded("mine", "# Recorded from R1.\n- id: mine\n  golden: true\n", ())


def test_a_case_is_added_at_the_end_and_the_comments_of_the_file_stay(tmp_path):
    file = tmp_path / "cases.yaml"
    append(CASE, file)
    assert file.read_text("utf-8") == CASE.text
    file.write_text("# Mine.\n- id: other\n\n\n", "utf-8")
    append(CASE, file)
    assert file.read_text("utf-8") == f"# Mine.\n- id: other\n\n{CASE.text}"
    assert ids_in(file) == {"other", "mine"}


@pytest.mark.parametrize("text", ["cases: {}\n", "- a: [\n", "[{id: a}]\n"])
def test_a_file_that_is_no_list_of_cases_is_not_touched(tmp_path, text):
    file = tmp_path / "cases.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError) as refused:
        append(CASE, file)
    assert str(file) in refused.value.where
    assert file.read_text("utf-8") == text
