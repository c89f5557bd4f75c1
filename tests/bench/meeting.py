"""The board meeting: a chat run in which the CEO delegates to four specialists and sums up what they report.

Each specialist's one read tool is called before its model, as the standing step of its playbook, so a meeting is six
model calls, three of them one after the other. The company is written to disk and goes through `open_company` and
`Engine` like any other: checkpoints, journal, budgets and locks are the real ones.

What thinks is the caller's choice (`Minds`): by default models in this process with fixed answers, so that what is
measured is everything but the model client.
"""

import asyncio
import gc
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from company.engine import Engine
    from company.home import Company

REQUEST = "How are we doing this quarter?"
TEAM = {
    "sales": "Knows orders and revenue.",
    "finance": "Knows cash and costs.",
    "product": "Knows usage and releases.",
    "support": "Knows tickets and complaints.",
}
CALLS_IN_A_ROW = 3
ANSWER = "Revenue is up 4 percent, cash lasts 19 months, usage grows, tickets are answered within a day."

_CEO = """---
id: ceo
title: Chief executive
summary: Leads the company.
playbook:
  - delegate: all
    task: Report your figures.
    standing: true
  - answer: "{% for report in reports.values() %}{{ report.summary }} {% endfor %}"
---
You lead the company and answer to its board.
"""
_SPECIALIST = """---
id: NAME
title: Head of NAME
reports_to: ceo
summary: SUMMARY
tools: [NAME_figures]
playbook:
  - call: NAME_figures
    as: figures
  - report: "{{ figures.value }}"
---
You head NAME and speak in figures.
"""
_TOOL = '''

@tool(effect="read")
async def NAME_figures() -> dict[str, str]:
    """Return the quarter's figures of NAME."""
    return {"value": "4 percent", "trend": "up"}
'''
_PROMPTS = {
    "system": "Name only figures that a tool or a report gave you.",
    "ceo": "{{ role.persona }} Your team: {% for one in team %}{{ one.id }} ({{ one.summary }}) {% endfor %}\n"
    "Delegate in one plan to whoever knows more; with their reports, answer in one sentence.",
    "specialist": "{{ role.persona }} Report to the CEO in one sentence.",
    "brief": "{{ brief.request }}",
    "task": "{{ assignment.task }}",
    "reports": "{{ reports }}",
}


@dataclass(frozen=True, slots=True)
class Minds:
    """What the bench company thinks with.

    Attributes:
        settings: Lines of `company.toml` that configure models and providers.
        models: Makes what stands in for the company's own models; None keeps those of `settings`.
    """

    settings: str = ""
    models: "Callable[[Company], Any] | None" = None


def fixed(latency: float = 0.0) -> Minds:
    """Return models in this process that give fixed answers, each after `latency` seconds."""
    return Minds(models=lambda company: _FixedModels(company, latency))


def cpu_per_meeting(meetings: int = 100, *, minds: Minds | None = None, memory: bool = False) -> float:
    """Return the milliseconds of CPU one meeting takes, when they are held one after the other."""

    async def measure(engine: "Engine") -> float:
        began = time.process_time()
        for _ in range(meetings):
            await meet(engine)
        return (time.process_time() - began) * 1000 / meetings

    return _measured(measure, minds or fixed(), memory=memory)


def meetings_per_second(concurrent: int = 50, *, minds: Minds | None = None, memory: bool = False) -> float:
    """Return how many meetings a second one process holds, with `concurrent` of them under way."""

    async def measure(engine: "Engine") -> float:
        began = time.perf_counter()
        await asyncio.gather(*(meet(engine) for _ in range(concurrent)))
        return concurrent / (time.perf_counter() - began)

    return _measured(measure, minds or fixed(), memory=memory)


def wall_ratio(latency: float = 0.2, *, minds: Minds | None = None, memory: bool = False) -> float:
    """Return how long one meeting takes, in terms of its three model calls in a row of `latency` seconds each.

    Args:
        latency: Seconds a model call takes.
        minds: What takes that long; models in this process when left out.
        memory: Let the roles remember.
    """

    async def measure(engine: "Engine") -> float:
        began = time.perf_counter()
        await meet(engine)
        return (time.perf_counter() - began) / (CALLS_IN_A_ROW * latency)

    return _measured(measure, minds or fixed(latency), memory=memory)


@contextmanager
def opened(minds: Minds, *, memory: bool = False) -> Iterator["Engine"]:
    """Write the bench company to a temporary directory and open its engine."""
    from company.engine import Engine
    from company.home import CompanyDirectory, bundled_directory, open_company, trust

    with tempfile.TemporaryDirectory() as place:
        root, state = Path(place, "acme"), Path(place, "state")
        environment = {"HOME": place, "XDG_CONFIG_HOME": place, "OPENAI_API_KEY": "sk-of-the-bench"}
        state.mkdir()
        _write(root, f"{minds.settings}\n[run]\nreview_rounds = 0\n\n[memory]\nenabled = {str(memory).lower()}\n")
        trust(root, environment)
        directory = CompanyDirectory(root.resolve(), bundled_directory())
        company = open_company(directory, state, environment=environment)
        if minds.models is not None:
            company = replace(company, models=minds.models(company))
        engine = Engine(company)
        try:
            yield engine
        finally:
            engine.close()
            company.close()


def _measured(measure: "Callable[[Engine], Any]", minds: Minds, *, memory: bool) -> float:
    async def warmed() -> float:
        with opened(minds, memory=memory) as engine:
            for _ in range(3):
                await meet(engine)
            gc.collect()
            return float(await measure(engine))

    return asyncio.run(warmed())


async def meet(engine: "Engine") -> str:
    """Hold one meeting; returns the id of its run."""
    run = await engine.advance(engine.start("chat", request=REQUEST, person="chair", thread_id=uuid4().hex).id)
    if run.status != "done":
        raise RuntimeError(f"the meeting ended {run.status}: {run.outcome}")
    return run.id


def _write(root: Path, settings: str) -> None:
    files = {"company.toml": settings, "roles/ceo.md": _CEO}
    files |= {f"prompts/{name}.md": text for name, text in _PROMPTS.items()}
    for name, summary in TEAM.items():
        files[f"roles/{name}.md"] = _SPECIALIST.replace("NAME", name).replace("SUMMARY", summary)
    tools = "".join(_TOOL.replace("NAME", name) for name in TEAM)
    files["tools/figures.py"] = f'"""What the quarter came to."""\n\nfrom company import tool\n{tools}'
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


def plan() -> str:
    """Return the CEO's plan as JSON: everybody reports by the standing procedure."""
    return json.dumps(
        {"assignments": [{"role": role, "task": "Report your figures.", "standing": True} for role in TEAM]}
    )


class _FixedModels:
    """Stands in for `company.llm.Models`: every role thinks with a model in this process."""

    def __init__(self, company: "Company", latency: float) -> None:
        from company.llm import LocalMind

        kind = _fixed_model()
        made = {leads: LocalMind(kind(leads=leads, latency=latency), "fixed") for leads in (True, False)}
        self._models, self._made = company.models, made

    def minds(self, role: Any) -> tuple[Any, ...]:
        return (self._made[not role.reports_to],)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._models, name)


@cache
def _fixed_model() -> "type[BaseChatModel]":
    """LangChain is imported when a model is made, as everywhere."""
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk, BaseMessage
    from langchain_core.messages.tool import tool_call_chunk
    from langchain_core.outputs import ChatGenerationChunk, ChatResult

    class Fixed(BaseChatModel):
        """Says the same each time; the CEO's delegates until there are reports."""

        leads: bool
        latency: float

        @property
        def _llm_type(self) -> str:
            return "fixed"

        def bind_tools(self, tools: Sequence[Any], **_: Any) -> "Fixed":
            return self

        def _generate(self, *_: Any, **__: Any) -> ChatResult:
            raise NotImplementedError("the bench streams")

        async def _astream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
            if self.latency:
                await asyncio.sleep(self.latency)
            if self.leads and REQUEST in messages[-1].content:
                call = tool_call_chunk(name="delegate", args=plan(), id="call1", index=0)
                yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[call]))
            else:
                yield ChatGenerationChunk(message=AIMessageChunk(content=ANSWER if self.leads else "Up 4 percent."))

    return Fixed


def main() -> None:
    """Print the figures of models in this process."""
    for memory in (False, True):
        cpu = min(cpu_per_meeting(50, memory=memory) for _ in range(3))
        rate = meetings_per_second(memory=memory)
        ratio = wall_ratio(memory=memory)
        print(f"memory {memory}: {cpu:.1f} ms CPU, {rate:.1f} meetings/s, {ratio:.3f} x the calls")


if __name__ == "__main__":
    main()
