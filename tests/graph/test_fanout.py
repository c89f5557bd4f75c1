"""Roles work side by side; the CEO waits for the last one, may send work back, and hands in plans that hold."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine
from company.errors import ProviderError
from company.events import Event

Crew = Callable[..., Path]
Opened = Callable[..., Any]
Scripted = Callable[..., Any]

NAP = ("nap", {"seconds": 0.3})


def _plan(*roles: str) -> list[tuple[str, dict[str, Any]]]:
    return [("delegate", {"assignments": [{"role": role, "task": "Look.", "standing": True} for role in roles]})]


PLAN, BAD_PLAN = _plan("clerk"), _plan("nobody")


async def _cycle(engine: Engine) -> tuple[Any, list[Event]]:
    run = await engine.advance(engine.start("cycle").id)
    return run, engine.company.store.journal.read()


def _spans(events: list[Event]) -> list[tuple[float, float]]:
    """Return when each tool call began and ended, in seconds."""
    began, spans = {}, []
    for event in events:
        if event.type == "verdict":
            began[event.agent, event.body["value"]["toolCallId"]] = event.at
        if event.type == "TOOL_CALL_RESULT":
            start = began[event.agent, event.body["toolCallId"]]
            spans.append((start.timestamp(), event.at.timestamp()))
    return spans


@pytest.mark.parametrize("call", [NAP, ("note", {"text": "x", "seconds": 0.3})], ids=["reads", "effects"])
async def test_roles_wait_for_their_tools_side_by_side(
    call: tuple[str, dict[str, Any]], crew: Crew, opened: Opened, tmp_path: Path
) -> None:
    directory = crew(anna=[call], bert=[call], carl=[call], dora=[call])
    with opened(tmp_path / "home", directory) as engine:
        _, events = await _cycle(engine)
    spans = _spans(events)
    assert len(spans) == 4
    wall, total = max(end for _, end in spans) - min(start for start, _ in spans), sum(b - a for a, b in spans)
    assert wall < 0.6 * total


async def test_no_more_roles_work_at_the_same_time_than_the_settings_allow(
    crew: Crew, opened: Opened, tmp_path: Path
) -> None:
    directory = crew(anna=[NAP], bert=[NAP], carl=[NAP], dora=[NAP])
    with (directory / "company.toml").open("a") as file:
        file.write("\n[run]\nmax_parallel = 2\n")
    with opened(tmp_path / "home", directory) as engine:
        _, events = await _cycle(engine)
    spans = _spans(events)
    assert len(spans) == 4
    assert max(sum(a <= start < b for a, b in spans) for start, _ in spans) == 2


async def test_reads_of_one_thought_wait_side_by_side_and_effects_keep_their_order(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    slow, quick = ("note", {"text": "first", "seconds": 0.1}), ("note", {"text": "second"})
    _, models = scripted(clerk=[[slow, NAP, quick, NAP, NAP], "done"], ceo=[PLAN, "Good."])
    with opened(tmp_path / "home", crew(clerk=[]), models=models) as engine:
        _, events = await _cycle(engine)
    results = [json.loads(e.body["content"])["value"] for e in events if e.type == "TOOL_CALL_RESULT"]
    assert results == ["slept", "slept", "slept", "first", "second"]
    naps = _spans(events)[:3]
    assert max(end for _, end in naps) - min(start for start, _ in naps) < 0.6 * sum(b - a for a, b in naps)


async def test_the_ceo_answers_when_the_slowest_role_has_reported(crew: Crew, opened: Opened, tmp_path: Path) -> None:
    note = ("note", {"text": "x", "seconds": 0.05})
    directory = crew(slow=[NAP, note, note, note], quick=[], middle=[note])
    with opened(tmp_path / "home", directory) as engine:
        run, events = await _cycle(engine)
    order = [event.agent for event in events if event.type == "report"]
    answered = next(e.seq for e in events if e.type == "TEXT_MESSAGE_START" and e.agent == "ceo")
    assert (order[0], order[-1]) == ("ceo/quick", "ceo/slow")
    assert answered > max(event.seq for event in events if event.type == "report")
    assert sorted(run.outcome["answer"].split(". ")) == [
        "Middle ok: middle is ready",
        "Quick ok: quick is ready",
        "Slow ok: slow is ready.",
    ]


async def test_the_ceo_may_send_work_back_once(crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path) -> None:
    scripts, models = scripted(ceo=[PLAN, PLAN, "Now it is good."])
    with opened(tmp_path / "home", crew(clerk=[]), models=models) as engine:
        run, events = await _cycle(engine)
    assert (run.status, run.outcome["answer"]) == ("done", "Now it is good.")
    assert [e.body["value"]["path"] for e in events if e.type == "report"] == ["ceo/clerk", "ceo/clerk~2"]
    assert scripts["ceo"].offered == [["delegate"], ["delegate"], []]  # a third round is not on offer
    assert "ceo/clerk~2" in scripts["ceo"].asked[2][-1].content


async def test_a_plan_for_an_unknown_role_goes_back_once_and_can_be_mended(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    scripts, models = scripted(ceo=[BAD_PLAN, PLAN, "Done."])
    with opened(tmp_path / "home", crew(clerk=[], smith=[]), models=models) as engine:
        run, _ = await _cycle(engine)
    assert (run.status, run.outcome["answer"]) == ("done", "Done.")
    assert "there is no role 'nobody'; choose from clerk, smith" in scripts["ceo"].asked[1][-1].content


async def test_a_third_plan_for_an_unknown_role_fails_the_run_and_says_why(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    _, models = scripted(ceo=[BAD_PLAN, BAD_PLAN, BAD_PLAN])
    with opened(tmp_path / "home", crew(clerk=[]), models=models) as engine:
        with pytest.raises(ProviderError, match=r"no usable data .*there is no role 'nobody'"):
            await _cycle(engine)
        run, last = engine.company.store.runs.get("R1"), engine.company.store.journal.read()[-1]
        assert await engine.sweep() == []
    assert (run.status, last.body["type"], last.body["code"]) == ("failed", "RUN_ERROR", "StructuredFailure")


async def test_a_greeting_delegates_to_nobody_and_costs_one_model_call(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    scripts, models = scripted(ceo=["Hello Ann."])
    with opened(tmp_path / "home", crew(clerk=[NAP]), models=models) as engine:
        run = await engine.advance(engine.start("chat", request="hello", person="ann", thread_id="t").id)
    assert (run.outcome["answer"], run.outcome["calls"], len(scripts["ceo"].asked)) == ("Hello Ann.", 1, 1)


async def test_a_model_that_fails_degrades_its_role_only(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    _, models = scripted(clerk=[ProviderError("the model is overloaded")])
    with opened(tmp_path / "home", crew(clerk=[], smith=[NAP]), models=models) as engine:
        run, events = await _cycle(engine)
    reports = {e.body["value"]["role"]: e.body["value"]["status"] for e in events if e.type == "report"}
    assert reports == {"clerk": "degraded", "smith": "ok"}
    assert (run.status, run.outcome["degraded"]) == ("degraded", ["clerk: the model is overloaded"])
    assert "Smith ok: smith is ready" in run.outcome["answer"]


async def test_a_ceo_whose_model_fails_after_the_reports_answers_with_what_came_in(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    _, models = scripted(ceo=[PLAN, ProviderError("the model is overloaded")])
    with opened(tmp_path / "home", crew(clerk=[]), models=models) as engine:
        run, _ = await _cycle(engine)
    assert run.status == "degraded"
    assert "clerk: clerk is ready" in run.outcome["answer"]


async def test_a_role_reads_only_its_own_work(crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path) -> None:
    scripts, models = scripted(
        clerk=[[("note", {"text": "a secret"})], "noted"],
        smith=["fine"],
        ceo=[_plan("clerk", "smith"), "Good."],
    )
    with opened(tmp_path / "home", crew(clerk=[], smith=[]), models=models) as engine:
        await _cycle(engine)
    clerk, smith, ceo = (str(scripts[name].asked) for name in ("clerk", "smith", "ceo"))
    assert "a secret" in clerk
    assert "a secret" not in smith + ceo
    assert "noted" in ceo


async def test_a_role_that_never_ends_is_stopped_after_its_steps(
    crew: Crew, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    endless = [[("nap", {"seconds": 0})] for _ in range(30)]
    _, models = scripted(clerk=endless, ceo=[PLAN, "It took too long."])
    with opened(tmp_path / "home", crew(clerk=[]), models=models) as engine:
        run, _ = await _cycle(engine)
    assert run.status == "degraded"
    assert run.outcome["degraded"][0].startswith("clerk: ")
    assert len(endless) >= 5  # some of the script was left over
