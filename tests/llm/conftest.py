"""Roles written in the test, and a way to play a turn with answers at hand."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.runnables import Runnable

from company.roles import Role

Answer = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@pytest.fixture(scope="session")
def make_role() -> Callable[..., Role]:
    """Return a function from YAML front matter to a role; tools are granted as the steps need them."""

    def make(front: str, role_id: str = "trader", **fields: Any) -> Role:
        loaded = {"id": role_id, "title": role_id.title(), "summary": f"The {role_id}.", "reports_to": "ceo"}
        loaded |= yaml.safe_load(front) | fields
        loaded.setdefault("tools", _tools([loaded.get("playbook", []), loaded.get("handles", [])]))
        return Role.model_validate({**loaded, "persona": "A person.", "source": f"roles/{role_id}.md"})

    return make


@pytest.fixture(scope="session")
def play() -> Callable[..., list[BaseMessage]]:
    """Return a function that asks a model until it makes no more calls, and returns the whole conversation."""

    async def run(model: Runnable[Any, AIMessage], messages: list[BaseMessage], answer: Answer) -> list[BaseMessage]:
        messages = list(messages)
        while True:
            reply = await model.ainvoke(messages)
            messages.append(reply)
            if not reply.tool_calls:
                return messages
            for call in reply.tool_calls:
                content = json.dumps(answer(call["name"], call["args"]))
                messages.append(ToolMessage(content, tool_call_id=call["id"]))

    return run


def _tools(steps: Any) -> list[str]:
    if isinstance(steps, Mapping):
        own = [steps["call"]] if "call" in steps else []
        return own + [name for value in steps.values() for name in _tools(value)]
    found = [name for step in steps for name in _tools(step)] if isinstance(steps, list) else []
    return list(dict.fromkeys(found))
