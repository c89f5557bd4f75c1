"""docs/events.md says what the events are; what is written says so too."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from company import events
from company.cli.lines import Lines
from company.events import CUSTOM_NAMES, ID_FIELDS, WALL_FIELDS, Event

DOC = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
ROWS = re.findall(r"^\| `([a-z]+\.?[a-z_]*)` \| [^|]+ \| ([^|]+) \|$", DOC.partition("## CUSTOM events")[2], flags=re.M)
FIELDS = {name: set(re.findall(r"`([a-zA-Z]+)`", re.sub(r"\([^)]*\)", "", fields))) for name, fields in ROWS}
TYPES = set(re.findall(r"^\| `([A-Z_]+)` \|", DOC, flags=re.M))


def test_every_custom_event_is_documented_and_no_other() -> None:
    assert set(FIELDS) == CUSTOM_NAMES


@pytest.mark.parametrize("fields", [ID_FIELDS, WALL_FIELDS])
def test_every_field_two_runs_may_differ_in_is_documented(fields: frozenset[str]) -> None:
    told = DOC.partition("## What two runs of one seed have in common")[2]
    assert [name for name in sorted(fields) if f"`{name}`" not in told] == []


def test_every_type_the_vocabulary_can_build_is_documented() -> None:
    built = [
        events.run_started("R1", ""),
        events.run_finished("R1", "", result={}),
        events.run_error("no", "ToolError"),
        events.agent_started("R1/ceo/a", "a", "work", "R1/ceo"),
        events.agent_finished("R1/ceo/a"),
        events.text_start("m"),
        events.text_delta("m", "words"),
        events.text_end("m"),
        *events.tool_call("c", "ticker", "{}"),
        events.tool_result("c", "{}"),
        events.plan_snapshot("m", []),
        events.custom("cost", {}),
    ]
    assert {body["type"] for body in built} == TYPES


async def test_events_have_the_fields_that_are_documented(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened(tmp_path / "home") as engine:
        await engine.advance(engine.start("cycle").id)
        await engine.decide("A1", approved=True, by="ann")
        journal = engine.company.store.journal.read()
    custom = [event.body for event in journal if event.body["type"] == "CUSTOM"]
    found = {body["name"]: set(body["value"]) for body in custom}
    assert {"order.placed", "trade.filled", "alert.raised", "approval.asked", "post.published"} <= set(found)
    assert found == {name: FIELDS[name] for name in found}
    assert {event.body["type"] for event in journal} <= TYPES
    envelope = json.loads(json.dumps(journal[0].line()))
    assert [name for name in envelope if f"| `{name}` |" not in DOC] == []


@pytest.mark.parametrize("name", sorted(CUSTOM_NAMES))
def test_every_custom_event_can_be_shown_to_a_person(name: str, journal_event: Callable[..., Event]) -> None:
    values: dict[str, Any] = dict.fromkeys(FIELDS[name], "x") | {"arguments": {"a": 1}, "count": 1, "found": True}
    values |= {"roles": {"trading": ["x"]}} if name == "roles.woken" else {}
    values |= {"doubtful": [], "foreign": [], "differences": []} if name == "desk.reconciled" else {}
    values |= {"before": {"bold": "0.5"}, "after": {"bold": "0.5"}} if name == "ensemble.weights" else {}
    shown: list[str] = []
    Lines(out=shown.append).show(journal_event({"type": "CUSTOM", "name": name, "value": values}))
    quiet = {"cost", "memory.kept", "memory.recalled", "order.placed", "persona.used", "verdict", "world.clock"}
    assert bool(shown) == (name not in quiet)
