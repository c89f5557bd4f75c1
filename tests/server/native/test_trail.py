"""Trails told from journals that another machine wrote: parallel roles, faults, several calls."""

from datetime import UTC, datetime

from company import events
from company.events import Event, Json
from company.server.native.trail import led_to, trail_of
from company.store import Run

AT = datetime(2026, 3, 1, tzinfo=UTC)
RUN = Run("R1", "", "cycle", "done", "", "", 4, AT, 7, "abc", AT, AT, {})


def journal(*entries: tuple[str, Json]) -> list[Event]:
    return [Event(seq, AT, "R1", "", agent, "user", body, "", "") for seq, (agent, body) in enumerate(entries, start=1)]


def call(agent: str, name: str) -> list[tuple[str, Json]]:
    verdict = {"toolCallId": name, "tool": "t", "decision": "allow", "rule": "r", "reason": "fine", "mandate": ""}
    bodies = [*events.tool_call(name, "t", '{"a": 1}'), events.custom("verdict", {**verdict, "sources": ["news"]})]
    return [(agent, body) for body in bodies]


def result(agent: str, name: str) -> tuple[str, Json]:
    return agent, events.tool_result(name, '{"status":"ok","value":{"x":1}}')


FILL = events.custom("trade.filled", {"orderId": "O1", "side": "buy"})


def test_an_effect_belongs_to_the_call_whose_result_follows_it() -> None:
    steps = trail_of(
        RUN,
        journal(
            *call("ceo/trading", "one"),
            *call("ceo/trading", "two"),
            *call("ceo/content", "three"),
            ("ceo/trading", FILL),
            result("ceo/content", "three"),
            result("ceo/trading", "one"),
            result("ceo/trading", "two"),
        ),
    )
    (fill,) = (step for step in steps if step.kind == "effect")
    assert (fill.agent, fill.call) == ("ceo/trading", "one")


def test_what_led_to_a_call_leaves_out_other_agents_and_later_calls() -> None:
    plan = [{"role": role, "task": "work", "path": f"ceo/{role}"} for role in ("trading", "content")]
    steps = trail_of(
        RUN,
        journal(
            ("ceo", events.run_started("R1", "")),
            ("ceo", events.plan_snapshot("p", plan)),
            *call("ceo/trading", "before"),
            result("ceo/trading", "before"),
            *call("ceo/content", "elsewhere"),
            *call("ceo/trading", "it"),
            result("ceo/trading", "it"),
            *call("ceo/trading", "later"),
            ("ceo", events.run_error("a bug", "ValueError")),
        ),
    )
    found = led_to(steps, "ceo/trading", "it")
    assert [(step.kind, step.call) for step in found] == [
        ("request", ""),
        ("plan", ""),
        ("call", "before"),
        ("verdict", "before"),
        ("result", "before"),
        ("call", "it"),
        ("verdict", "it"),
        ("result", "it"),
        ("end", ""),
    ]
    assert found[0].text == "cycle 4 began"
    assert found[6].text == "allowed by rule r: fine; had read: news"
    assert found[-1].text == "the run failed: a bug"


def test_faults_and_ends_are_told() -> None:
    fault = {"toolCallId": "one", "tool": "t", "fault": "timeout", "error": "no answer in 5 s"}
    waits = events.run_finished("R1", "", result={"waiting": ["A1"]}, waiting=[{"id": "A1"}])
    stopped = events.run_cancelled("R1", "", result={"reason": "ada: fire"})
    steps = trail_of(
        RUN, journal(("ceo/trading", events.custom("tool.failed", fault)), ("ceo", waits), ("ceo", stopped))
    )
    assert [step.text for step in steps] == [
        "the tool failed: no answer in 5 s",
        "the run waits for A1",
        "the run was stopped: ada: fire",
    ]


def test_a_long_value_is_cut_in_the_sentence_and_whole_in_the_detail() -> None:
    long = "x" * 1_000
    steps = trail_of(RUN, journal(*[("ceo", body) for body in events.tool_call("one", "t", f'{{"a": "{long}"}}')]))
    assert len(steps[0].text) < 400
    assert steps[0].detail["arguments"]["a"] == long


def test_what_the_agent_and_its_chief_were_reminded_of_led_to_a_call() -> None:
    item = {"kind": "semantic", "source": "operator", "date": "2026-03-02T09:00:00+00:00", "score": 0.5, "parts": {}}
    reminders = [
        (agent, events.custom("memory.recalled", {"role": agent, "items": [{"id": name, **item}]}))
        for agent, name in (("ceo", "m1"), ("ceo/trading", "m2"), ("ceo/content", "m3"), ("ceo/trading~2", "m4"))
    ]
    steps = trail_of(RUN, journal(*reminders, *call("ceo/trading", "it"), result("ceo/trading", "it")))
    led = led_to(steps, "ceo/trading", "it")
    assert [step.text for step in led if step.kind == "recalled"] == [
        f"was reminded of {name} (semantic, said by operator, 2026-03-02, score 0.50)" for name in ("m1", "m2")
    ]
