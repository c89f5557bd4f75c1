"""The tools `remember` and `recall`, loaded and called as the company does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from company import Context
from company.memory import Memory, VectorMemory
from company.toolkit import Registry, load_tools

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("tools")
    (folder / "memory.py").write_text((TOOLS / "memory.py").read_text())
    return load_tools(folder)


@pytest.fixture
def context(lexical: VectorMemory, clock) -> Context:
    return Context(role="ceo", run_id="r1", person="alice", key="k1", clock=clock, services={Memory: lexical})


def test_memory_tools_declare_what_they_change(tools: Registry) -> None:
    assert [(tool.name, tool.effect, tool.trust, tool.idempotent) for tool in tools.values()] == [
        ("recall", "read", "trusted", False),
        ("remember", "write", "trusted", True),
    ]


async def test_role_recalls_what_it_remembered_for_the_person(tools: Registry, context: Context) -> None:
    remember, recall = tools["remember"].function, tools["recall"].function
    first = await remember("Alice wants reports on Monday.", context, subject="reports")
    again = await remember("Alice wants reports on Monday.", context, subject="reports")
    assert (first.new, again.new, again.id) == (True, False, first.id)
    (found,) = await recall("when are reports due?", context)
    assert (found.id, found.kind) == (first.id, "semantic")
    assert await recall("when are reports due?", replace(context, person="bob")) == []
    assert await recall("when are reports due?", replace(context, role="trading")) == []


async def test_recalled_memories_fit_a_models_context(tools: Registry, context: Context) -> None:
    recall = tools["recall"]
    for number in range(9):
        await context.get(Memory).remember("ceo", f"Report {number}: " + "figures " * 60)
    result = await recall.function("the report with the figures", context)
    assert len(json.dumps(recall.result.dump_python(result, mode="json"))) < 4_096
