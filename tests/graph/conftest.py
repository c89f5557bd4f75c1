"""Golden files, small companies with tools of their own, and chat models that follow a script."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from company.home import Company
from company.llm import LocalMind, Mind
from company.roles import Role

GOLDEN = Path(__file__).with_name("golden")

Calls = Sequence[tuple[str, Mapping[str, Any]]]
Answer = str | Calls | Exception
"""What a scripted model does when asked: says words, calls tools (the CEO's is `delegate`), or fails."""


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name, or write it with `--update-golden`."""

    def _golden(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.write_text(text, "utf-8")
        assert file.read_text("utf-8") == text, f"{name} changed; if it was meant: pytest tests/graph --update-golden"

    return _golden


class Script(BaseChatModel):
    """A chat model that gives the next answer of its script each time, and remembers what it was asked."""

    answers: list[Any]
    _asked: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _offered: list[list[str]] = PrivateAttr(default_factory=list)
    _tools: list[str] = PrivateAttr(default_factory=list)

    @property
    def asked(self) -> list[list[BaseMessage]]:
        return self._asked

    @property
    def offered(self) -> list[list[str]]:
        return self._offered

    @property
    def _llm_type(self) -> str:
        return "script"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> "Script":
        self._tools = [tool["name"] for tool in tools]
        return self

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self._asked.append(messages)
        self._offered.append(self._tools)
        self._tools = []
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        yield ChatGenerationChunk(message=_chunk(answer, len(self._asked)))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream(messages):
            yield chunk


def _chunk(answer: str | Calls, number: int) -> AIMessageChunk:
    if isinstance(answer, str):
        return AIMessageChunk(content=answer)
    calls = [
        tool_call_chunk(name=name, args=json.dumps(arguments), id=f"call{number}.{index}", index=index)
        for index, (name, arguments) in enumerate(answer)
    ]
    return AIMessageChunk(content="", tool_call_chunks=calls)


class ScriptedModels:
    """The models of a company, some roles' replaced by scripts."""

    offline = True

    def __init__(self, company: Company, scripts: Mapping[str, Script]) -> None:
        self._models, self._scripts = company.models, scripts

    def minds(self, role: Role) -> tuple[Mind, ...]:
        if role.id not in self._scripts:
            return self._models.minds(role)
        return (LocalMind(self._scripts[role.id], "script"),)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._models, name)


@pytest.fixture
def scripted() -> Callable[..., tuple[dict[str, Script], Callable[[Company], ScriptedModels]]]:
    """Return scripts by role, and what makes a company think with them."""

    def _scripted(**answers: Sequence[Answer]) -> tuple[dict[str, Script], Callable[[Company], ScriptedModels]]:
        scripts = {role: Script(answers=list(said)) for role, said in answers.items()}
        return scripts, lambda company: ScriptedModels(company, scripts)

    return _scripted


CEO = """
---
id: ceo
title: Chief
summary: Leads.
playbook:
  - delegate: all
    task: Do your work.
    standing: true
  - answer: "{% for r in reports.values() %}{{ r.title }} {{ r.status }}: {{ r.summary }}. {% endfor %}"
---
You lead.
"""
ROLE = """
---
id: {id}
title: {title}
reports_to: ceo
summary: Works.
tools: [nap, note]
playbook:
{steps}
  - report: "{id} is ready"
---
You work.
"""
TOOLS = '''
"""Tools that take their time."""

import asyncio

from company import Context, tool


@tool(effect="read")
async def nap(seconds: float, context: Context) -> str:
    """Sleep, and say so.

    Args:
        seconds: How long.
    """
    await asyncio.sleep(seconds)
    return "slept"


@tool(effect="write", idempotent=True)
async def note(text: str, context: Context, seconds: float = 0) -> str:
    """Note something.

    Args:
        text: What.
        seconds: How long it takes.
    """
    await asyncio.sleep(seconds)
    return text
'''


@pytest.fixture
def crew(write_company: Callable[[Mapping[str, str]], Path]) -> Callable[..., Path]:
    """Write a company: each role's playbook makes calls, given as `(tool, arguments)`."""

    def _crew(**roles: Sequence[tuple[str, Mapping[str, Any]]]) -> Path:
        files = {"company.toml": "[memory]\nenabled = false\n", "roles/ceo.md": CEO, "tools/crew.py": TOOLS}
        for name, calls in roles.items():
            steps = "".join(f"  - call: {tool}\n    with: {json.dumps(arguments)}\n" for tool, arguments in calls)
            files[f"roles/{name}.md"] = ROLE.format(id=name, title=name.title(), steps=steps.rstrip())
        return write_company(files)

    return _crew
