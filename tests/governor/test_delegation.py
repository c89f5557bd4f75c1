"""Delegation is a typed plan: one that does not hold is sent back to the CEO and reaches nobody."""

import json
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from company.llm import LocalMind, Mind, Models
from company.roles import Role


class Planner(BaseChatModel):
    """A CEO's mind that first delegates to somebody who is not there, and answers once it is told."""

    told: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "planner"

    def bind_tools(self, tools: Any, **options: Any) -> Any:
        return self

    def _generate(self, messages: Any, *arguments: Any, **options: Any) -> ChatResult:
        if isinstance(messages[-1], ToolMessage):
            self.told.append(json.loads(messages[-1].content))
            answer = AIMessage("We have nobody for the stars.")
        else:
            plan = {"assignments": [{"role": "astrology", "task": "Read the stars."}]}
            answer = AIMessage("", tool_calls=[{"name": "delegate", "args": plan, "id": "p1", "type": "tool_call"}])
        return ChatResult(generations=[ChatGeneration(message=answer)])


class OwnMind(Models):
    """The company's models, but for the CEO's."""

    def __init__(self, company: Any, planner: Planner) -> None:
        super().__init__(settings=company.settings, roles=company.roles)
        self._chief, self._planner = company.chief, planner

    def minds(self, role: Role) -> tuple[Mind, ...]:
        return (LocalMind(self._planner, "planner"),) if role.id == self._chief.id else super().minds(role)


async def test_a_plan_for_a_role_that_does_not_exist_is_sent_back_and_nobody_starts(opened, tmp_path):
    planner = Planner()
    with opened(tmp_path / "state", models=lambda company: OwnMind(company, planner)) as engine:
        run = await engine.advance(engine.start("chat", request="what do the stars say?", person="ann").id)
        types = {event.type for event in engine.company.store.journal.read()}

    assert (run.status, run.outcome["answer"]) == ("done", "We have nobody for the stars.")
    assert [told["status"] for told in planner.told] == ["denied"]
    assert "there is no role 'astrology'; choose from " in planner.told[0]["error"]
    assert "SUBAGENT_STARTED" not in types
