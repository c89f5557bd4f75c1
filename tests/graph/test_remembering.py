"""What a role is reminded of is told, and what a model wants remembered is asked for sparingly and only proposed."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from company.engine.replay import replay
from company.errors import ProviderError
from company.store import Run

Opened = Callable[..., Any]
WriteCompany = Callable[[Mapping[str, str]], Path]
Scripted = Callable[..., Any]

CEO = """
---
id: ceo
title: Chief
summary: Leads.
---
You lead.
"""
WORDS = "we shall meet in the harbour when the season begins"
PROPOSAL = {
    "kind": "relationship",
    "text": "Bob likes to meet in the harbour in spring.",
    "subject": "bob",
    "predicate": "",
    "value": "",
}


@pytest.fixture
def thinking(write_company: WriteCompany) -> Path:
    """A company whose roles' models may propose what to remember."""
    return write_company({"company.toml": '[memory]\nreflection = "model"\n', "roles/ceo.md": CEO})


async def _say(engine: Any, words: str, person: str = "bob") -> Run:
    run: Run = await engine.advance(engine.start("chat", request=words, person=person, thread_id=person).id)
    return run


def _told(engine: Any, name: str) -> list[dict[str, Any]]:
    return [event.body["value"] for event in engine.company.store.journal.read(types=[name], limit=100)]


async def test_what_a_role_was_reminded_of_is_told_by_id_and_origin_and_never_by_its_words(
    opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home") as engine:
        await _say(engine, "my boat is called Miranda")
        run = await _say(engine, "what is my boat called?")
        (told,) = [value for value in _told(engine, "memory.recalled") if value["items"]]
        (kept, _) = _told(engine, "memory.kept")
        assert (told["role"], [item["id"] for item in told["items"]]) == ("ceo", kept["ids"])
        (item,) = told["items"]
        assert (item["kind"], item["source"], item["tainted"]) == ("semantic", "user", False)
        assert item["date"].startswith("20")
        assert item["score"] >= sum(item["parts"].values()) - 0.01 > 0
        assert "Miranda" not in json.dumps(told)
        assert "Miranda" in run.outcome["answer"]


async def test_a_model_is_asked_once_and_what_it_says_is_proposed_with_its_evidence(
    opened: Opened, scripted: Scripted, thinking: Path, tmp_path: Path
) -> None:
    proposal = json.dumps(PROPOSAL | {"evidence": ["m1"]})
    scripts, models = scripted(ceo=["Gladly.", f"{proposal}\n{json.dumps(PROPOSAL | {'evidence': ['m99']})}"])
    with opened(tmp_path / "home", thinking, models=models) as engine:
        run = await _say(engine, WORDS)
        assert (run.status, run.outcome["answer"]) == ("done", "Gladly.")
        memory = engine.company.memory
        (waiting,) = memory.browse(["ceo"], "", person="bob", limit=10, status="proposed")
        assert (waiting.item.text, waiting.item.derived_from, waiting.item.trust) == (PROPOSAL["text"], ("m1",), 1)
        assert memory.browse(["ceo"], "", person="", limit=10, status="proposed") == []
        assert sum(value["proposed"] for value in _told(engine, "memory.kept")) == 1
        asked = scripts["ceo"].asked[-1]
        assert [WORDS in str(message.content) for message in asked] == [False, True]
        assert "You lead." not in str(asked)


@pytest.mark.parametrize("said", ["hello", "my boat is called Miranda", "how is the company doing this morning, then?"])
async def test_no_model_is_asked_when_rules_have_read_everything(
    said: str, opened: Opened, scripted: Scripted, thinking: Path, tmp_path: Path
) -> None:
    scripts, models = scripted(ceo=["Gladly."])
    with opened(tmp_path / "home", thinking, models=models) as engine:
        assert (await _say(engine, said)).status == "done"
        assert len(scripts["ceo"].asked) == 1


async def test_a_model_that_fails_or_talks_changes_nothing(
    opened: Opened, scripted: Scripted, thinking: Path, tmp_path: Path
) -> None:
    _, models = scripted(ceo=["Gladly.", ProviderError("the line is dead"), "Gladly.", "I would remember the harbour."])
    with opened(tmp_path / "home", thinking, models=models) as engine:
        for _ in range(2):
            run = await _say(engine, WORDS)
            assert (run.status, run.outcome["answer"], run.outcome.get("degraded", [])) == ("done", "Gladly.", [])
        assert engine.company.memory.browse(["ceo"], "", person="bob", limit=10, status="proposed") == []


async def test_by_default_no_model_is_asked_what_to_remember(
    opened: Opened, scripted: Scripted, write_company: WriteCompany, tmp_path: Path
) -> None:
    scripts, models = scripted(ceo=["Gladly."])
    with opened(tmp_path / "home", write_company({"roles/ceo.md": CEO}), models=models) as engine:
        assert (await _say(engine, WORDS)).status == "done"
        assert len(scripts["ceo"].asked) == 1


async def test_a_run_that_is_played_again_is_reminded_of_the_same_and_writes_no_memory(
    opened: Opened, tmp_path: Path
) -> None:
    with opened(tmp_path / "home") as engine:
        await _say(engine, "my boat is called Miranda")
        run = await _say(engine, "what is my boat called?")
        before = engine.company.memory.count("ceo")
        (played,) = [one async for one in replay(engine.company, [run.id])]
        assert not played.differences
        assert played.same == played.events
        assert engine.company.memory.count("ceo") == before
