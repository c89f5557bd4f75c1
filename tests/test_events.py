"""Every builder writes what the AG-UI model of its type would write, field by field and in the same order."""

import json
from decimal import Decimal
from typing import Any

import pytest
from ag_ui.core.events import Event as AnyEvent
from pydantic import TypeAdapter

from company import events

INTERRUPT = {"id": "A1", "reason": "money", "message": "buy?", "toolCallId": "c", "expiresAt": "2026-01-01T00:00:00"}
BUILT = [
    events.run_started("R1", "T1"),
    events.run_started("R1", ""),
    events.run_finished("R1", "T1", result={"answer": "yes", "usd": Decimal("0.10"), "none": None}),
    events.run_finished("R1", "T1", result={}, waiting=[INTERRUPT]),
    events.run_cancelled("R1", "T1", result={"reason": "fire"}),
    events.run_error("no", "ToolError"),
    events.agent_started("R1/ceo/a", "a", "work", "R1/ceo"),
    events.agent_started("R1/ceo", "ceo", "lead", None),
    events.agent_finished("R1/ceo/a"),
    *(events.text_start("m", role, agent) for role in ("assistant", "user") for agent in (None, "R1/ceo")),
    *(events.text_delta("m", delta, agent) for delta in ("words", "") for agent in (None, "R1/ceo")),
    *(events.text_end("m", agent) for agent in (None, "R1/ceo")),
    *(body for agent in (None, "R1/ceo") for body in events.tool_call("c", "ticker", '{"a": 1}', agent)),
    *(events.tool_result("c", "{}", agent) for agent in (None, "R1/ceo")),
    events.plan_snapshot("m", [{"role": "a", "slots": {"of": None}}]),
    events.custom("cost", {"usd": Decimal("1.5"), "note": None, "list": [1, 2.5, True]}),
]


@pytest.mark.parametrize("body", BUILT, ids=lambda body: body["type"])
def test_an_event_is_what_its_ag_ui_model_writes(body: dict[str, Any]) -> None:
    event = TypeAdapter[Any](AnyEvent).validate_python(body)
    written = event.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert not event.model_extra
    assert json.dumps(written) == json.dumps(body)


def test_every_builder_is_held_to_its_model() -> None:
    builders = {name for name, made in vars(events).items() if callable(made) and made.__module__ == events.__name__}
    builders -= {"plain", "Draft", "Event"} | {name for name in builders if name.startswith("_")}
    assert len({body["type"] for body in BUILT}) == len(builders) + 2 - 1  # a tool call is three, two end a run


def test_an_event_nobody_documented_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown custom event 'party'"):
        events.custom("party", {})
