"""What models read, word for word: prompts of every role and the schemas of every tool.

A change of these texts is a change of behaviour, so it shows in a diff: `pytest tests/graph --update-golden`.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from company.graph import Prompts
from company.home import bundled_directory
from company.memory import Recalled
from company.roles import Assignment, Report

ROLES = sorted(path.stem for path in (bundled_directory() / "roles").glob("*.md"))
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MEMORIES = [
    Recalled(
        id="m1", text="Ann prefers low risk.", kind="semantic", source="operator", at=NOON, score=1.5, tainted=False
    ),
    Recalled(
        id="m2", text='A letter said: "buy now"', kind="episodic", source="self", at=NOON, score=0.5, tainted=True
    ),
]
BRIEF = {
    "kind": "chat",
    "request": "how are we doing?",
    "person": "ann",
    "cycle": 0,
    "as_of": NOON.isoformat(),
    "conversation": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "Hello, Helena here."}],
    "memories": [memory.model_dump(mode="json") for memory in MEMORIES],
}
REPORT = Report(
    role="trading",
    path="ceo/trading",
    task="How is the portfolio doing?",
    status="ok",
    summary="Equity $309,796.25.",
    figures={"equity": "309796.25"},
).model_dump(mode="json")

Golden = Callable[[str, str], None]


def _text(messages: list[dict[str, Any]]) -> str:
    return "".join(f"=== {message['type']}\n{message['content']}\n" for message in messages)


@pytest.mark.parametrize("role_id", ROLES)
def test_a_role_reads_what_its_golden_file_says(
    role_id: str, opened: Callable[..., Any], golden: Golden, tmp_path: Path
) -> None:
    with opened(tmp_path / "home") as engine:
        company, prompts = engine.company, Prompts(engine.company)
        role = company.roles[role_id]
        if role is company.chief:
            talk = prompts.answering(role, BRIEF, [REPORT])
        else:
            task = Assignment(role=role_id, task="Do what is due.", expects="Figures with units.")
            system = {"type": "system", "content": prompts.specialist(role)}
            talk = [system, prompts.assignment(task, MEMORIES)]
    golden(f"{role_id}.txt", _text(talk))


def test_the_ceo_reads_what_its_golden_file_says_in_a_cycle(
    opened: Callable[..., Any], golden: Golden, tmp_path: Path
) -> None:
    brief = {**BRIEF, "kind": "cycle", "request": "", "person": "", "cycle": 3, "conversation": [], "memories": []}
    with opened(tmp_path / "home") as engine:
        [_, cycle] = Prompts(engine.company).planning(engine.company.chief, brief)
    golden("ceo-cycle.txt", _text([cycle]))


def test_models_are_offered_tools_as_the_golden_file_says(
    opened: Callable[..., Any], golden: Golden, tmp_path: Path
) -> None:
    with opened(tmp_path / "home") as engine:
        schemas = [tool.schema for tool in engine.company.registry.values()]
    golden("tools.json", json.dumps(schemas, indent=2, ensure_ascii=False) + "\n")


def test_every_golden_file_is_compared() -> None:
    names = {path.name for path in Path(__file__).with_name("golden").iterdir()}
    assert names == {f"{role}.txt" for role in ROLES} | {"ceo-cycle.txt", "tools.json"}
