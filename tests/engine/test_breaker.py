"""A company with a role, or a chief, whose model goes in circles: the others go on, and a person has the last word."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolCall
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from company.engine import Engine
from company.events import Json
from company.governor import all_holds, clear_hold
from company.home import Company
from company.llm import LocalMind, Mind
from company.roles import Role

SETTINGS = """
[memory]
enabled = false

[run]
review_rounds = 30
"""
CEO = """
---
id: ceo
title: Chief
summary: Leads.
playbook:
  - delegate: all
    task: Do your work.
    standing: true
  - answer: "{% for r in reports.values() %}{{ r.title }} {{ r.status }}. {% endfor %}"
---
You lead.
"""
ROLE = """
---
id: {id}
title: {title}
reports_to: ceo
summary: Works.
tools: [look]
playbook:
  - call: look
    with: {{at: "the {id}"}}
    as: seen
  - report: "{{{{ seen }}}}"
---
You work.
"""
TOOLS = '''
"""A tool that tells the same each time."""

from company import Context, tool


@tool(effect="read")
async def look(at: str, context: Context, carefully: bool = False) -> str:
    """Look at something.

    Args:
        at: What.
        carefully: How.
    """
    return f"saw {at}"
'''
PLAN = {"assignments": [{"role": "clerk", "task": "Look again.", "expects": "What you see."}], "note": "not sure"}


class Circling(BaseChatModel):
    """A model that always does the same."""

    name_of_call: str
    arguments: Json
    _asked: Iterator[int] = PrivateAttr(default_factory=lambda: count(1))
    times: int = 0

    @property
    def _llm_type(self) -> str:
        return "circling"

    def bind_tools(self, tools: Any, **_: Any) -> "Circling":
        return self

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        self.times = next(self._asked)
        call = ToolCall(name=self.name_of_call, args=self.arguments, id=f"call{self.times}")
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="", tool_calls=[call]))])


class Models:
    """The models of a company, one role's replaced."""

    def __init__(self, company: Company, role: str, model: Circling) -> None:
        self._models, self._role, self._model = company.models, role, model

    def minds(self, role: Role) -> tuple[Mind, ...]:
        return (LocalMind(self._model, "circling"),) if role.id == self._role else self._models.minds(role)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._models, name)


@pytest.fixture
def directory(write_company: Callable[[Mapping[str, str]], Path]) -> Path:
    files = {"company.toml": SETTINGS, "roles/ceo.md": CEO, "tools/looking.py": TOOLS}
    roles = {f"roles/{name}.md": ROLE.format(id=name, title=name.title()) for name in ("clerk", "smith")}
    return write_company({**files, **roles})


def reports(engine: Engine, run_id: str) -> dict[str, Json]:
    found = engine.company.store.journal.read(run_id=run_id, types=["report"])
    return {event.body["value"]["role"]: event.body["value"] for event in found}


async def cycle(engine: Engine) -> Any:
    return await engine.advance(engine.start("cycle").id)


async def test_a_role_whose_model_goes_in_circles_is_stopped_and_the_others_go_on(opened, directory, tmp_path):
    model = Circling(name_of_call="look", arguments={"at": "the sky"})

    def circling(company: Company) -> Models:
        return Models(company, "clerk", model)

    with opened(tmp_path / "home", directory, models=circling) as engine:
        first = await cycle(engine)
        came = reports(engine, first.id)
        assert model.times == 6
        assert first.status == "degraded"
        assert (came["clerk"]["status"], came["smith"]["status"]) == ("degraded", "ok")
        assert "look was asked the same 5 times" in came["clerk"]["summary"]
        assert "company breaker clear clerk" in came["clerk"]["summary"]
        assert [hold.role for hold in all_holds(engine.company.store)] == ["clerk"]

    with opened(tmp_path / "home", directory, models=circling) as engine:  # as after a restart
        second = await cycle(engine)
        came = reports(engine, second.id)
        calls = engine.company.store.journal.read(run_id=second.id, types=["TOOL_CALL_START"])
        assert model.times == 6
        assert (second.status, came["smith"]["status"]) == ("degraded", "ok")
        assert "is held" in came["clerk"]["summary"]
        assert {event.agent for event in calls} == {"ceo/smith"}

        clear_hold(engine.company.store, "clerk", by="ann", reason="looked into it")
        third = await cycle(engine)
        assert model.times == 12
        assert third.status == "degraded"


async def test_a_chief_that_gives_out_the_same_work_again_and_again_answers_with_what_is_there(
    opened, directory, tmp_path
):
    model = Circling(name_of_call="delegate", arguments=PLAN)

    def circling(company: Company) -> Models:
        return Models(company, "ceo", model)

    with opened(tmp_path / "home", directory, models=circling) as engine:
        first = await cycle(engine)
        assert model.times == 6
        assert first.status == "degraded"
        assert "I could not finish this answer" in first.outcome["answer"]
        assert first.outcome["answer"].count("clerk: ") == 6
        [hold] = all_holds(engine.company.store)
        assert (hold.role, hold.rule) == ("ceo", "progress.delegation")

        second = await cycle(engine)
        assert model.times == 6
        assert (second.status, reports(engine, second.id)) == ("degraded", {})
        assert "company breaker clear ceo" in second.outcome["answer"]
