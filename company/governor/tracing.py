"""OpenTelemetry spans of runs, agents, model calls and tool calls, named by the GenAI semantic conventions.

Off until `start_tracing` or `trace_with` is called; until then nothing of OpenTelemetry is imported and nothing leaves
the process. Spans hold names, counts and verdicts, never the text of prompts, answers, arguments, results or errors.
They go to a provider of their own, not to OpenTelemetry's global one: libraries that trace what they are given, prompts
included, would begin to do so if there were one.

LangGraph runs each step in a task of its own, whose context is a copy of that of the run's task. So `run` stays open
around the whole drive and every step finds it, but no span can stay open from one step of an agent to the next.
An agent's span therefore begins with its first call and is ended together with its run, at the time its last call
ended. A run that parks or crashes is a new trace when it goes on; `company.run.id` ties the two.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from company import __version__
from company.governor.scope import Scope
from company.governor.verdict import Outcome, Verdict
from company.llm import Usage
from company.store import Run

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanKind, Tracer, TracerProvider

LOCAL_PROVIDER = "company"
"""Provider of models that run in this process, as spans name it."""


@dataclass(slots=True)
class _Switch:
    tracer: "Tracer | None" = None
    shutdown: Callable[[], object] | None = None


@dataclass(slots=True)
class _Agent:
    """An open agent span; `last` is when its latest call ended, in ns since the epoch."""

    span: "Span"
    parent: "_Agent | None"
    last: int


@dataclass(slots=True)
class _Tree:
    """The open spans of a run: its own, and one for each agent by path."""

    span: "Span"
    agents: dict[str, _Agent] = field(default_factory=dict)


_switch = _Switch()
_tree: ContextVar[_Tree | None] = ContextVar("company_trace", default=None)


@dataclass(slots=True)
class Traced:
    """An open span that learns how its work ended; without a span it forgets what it is told.

    Attributes:
        span: The span; None while tracing is off.
        fault: The kind of fault the work ended in; empty when it went well.
    """

    span: "Span | None" = None
    fault: str = ""

    def failed(self, kind: str) -> None:
        """Say that the work failed, and by which kind of fault."""
        if self.span is not None:
            from opentelemetry.trace import StatusCode

            self.fault = kind
            self.span.set_attribute("error.type", kind)
            self.span.set_status(StatusCode.ERROR)


class ModelSpan(Traced):
    """The span of one model call."""

    def answered(
        self, usage: Usage, *, model: str = "", finish_reasons: Sequence[str] = (), first_token: float | None = None
    ) -> None:
        """Say what the call took.

        Args:
            usage: Its tokens.
            model: The model that the provider says has answered.
            finish_reasons: Why the provider ended the answer, in its own words.
            first_token: Seconds until the first piece came.
        """
        if self.span is None:
            return
        known = {
            "gen_ai.response.model": model or None,
            "gen_ai.response.finish_reasons": list(finish_reasons) or None,
            "gen_ai.response.time_to_first_chunk": first_token,
        }
        self.span.set_attributes({name: value for name, value in known.items() if value is not None})
        self.span.set_attributes(
            {
                "gen_ai.usage.input_tokens": usage.input,
                "gen_ai.usage.cache_read.input_tokens": usage.cached,
                "gen_ai.usage.cache_creation.input_tokens": usage.cache_written,
                "gen_ai.usage.output_tokens": usage.output,
                "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
            }
        )


class ToolSpan(Traced):
    """The span of one tool call."""

    def came_to(self, outcome: Outcome) -> Outcome:
        """Say what the call came to, and return it."""
        if self.span is not None:
            self.span.set_attribute("company.status", outcome.status)
            if outcome.status in {"retryable", "unknown", "failed"}:
                self.failed(outcome.status)
        return outcome


def model_call(scope: Scope, model: str, *, provider: str, max_output: int) -> AbstractContextManager[ModelSpan]:
    """Trace one model call.

    Args:
        scope: Who asks.
        model: The model, `provider:model`.
        provider: The provider's name; empty for a model that runs in this process.
        max_output: Most tokens the answer may have.
    """
    if _switch.tracer is None:
        return _NO_MODEL
    name = model.removeprefix(f"{provider}:")
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider or LOCAL_PROVIDER,
        "gen_ai.request.model": name,
        "gen_ai.request.max_tokens": max_output,
        "gen_ai.request.stream": True,
    }
    return _child(scope, f"chat {name}", attributes, ModelSpan, client=bool(provider))


def tool_call(scope: Scope, tool: str, call_id: str) -> AbstractContextManager[ToolSpan]:
    """Trace one tool call.

    Args:
        scope: Who calls.
        tool: Name of a tool there is; a name that a model made up is its text, and no name.
        call_id: The model's id of the call.
    """
    if _switch.tracer is None:
        return _NO_TOOL
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": call_id,
    }
    return _child(scope, f"execute_tool {tool}", attributes, ToolSpan)


def judged(verdict: Verdict) -> None:
    """Say in the tool call's span that is open what the governor decided."""
    if _switch.tracer is not None:
        from opentelemetry.trace import get_current_span

        get_current_span().set_attributes({"company.verdict": verdict.decision, "company.rule": verdict.rule})


def run(run: Run) -> AbstractContextManager[Traced]:
    """Trace driving a run until it ends or parks; the spans of its agents and calls become its children."""
    tracer = _switch.tracer
    return _NO_RUN if tracer is None else _run(tracer, run)


def trace_with(provider: "TracerProvider | None") -> None:
    """Send spans to `provider`, for a program that has one and embeds a company; None switches tracing off.

    The provider stays its owner's to shut down; one that `start_tracing` made is flushed and shut down.
    """
    shutdown, _switch.shutdown = _switch.shutdown, None
    _switch.tracer = None if provider is None else provider.get_tracer("company", __version__)
    if shutdown is not None:
        shutdown()


def start_tracing(endpoint: str) -> None:
    """Send spans to an OpenTelemetry collector from now on.

    Args:
        endpoint: The collector's address: `http://127.0.0.1:4317` is spoken to over gRPC; one with port 4318 or with a
            path over HTTP.

    Raises:
        UsageError: It is no http or https address, or the exporter for it is not installed.
    """
    from company.governor.collector import provider_for

    provider = provider_for(endpoint)
    trace_with(provider)
    _switch.shutdown = provider.shutdown


def stop_tracing() -> None:
    """Send what was not sent yet and switch tracing off; waits a few seconds for a collector that does not answer."""
    trace_with(None)


AnySpan = TypeVar("AnySpan", bound=Traced)
_NO_MODEL, _NO_TOOL, _NO_RUN = nullcontext(ModelSpan()), nullcontext(ToolSpan()), nullcontext(Traced())


@contextmanager
def _run(tracer: "Tracer", run: Run) -> Iterator[Traced]:
    attributes = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": run.kind, **_of_run(run)}
    with _open(tracer, f"invoke_workflow {run.kind}", attributes, Traced) as traced:
        assert traced.span is not None
        tree = _Tree(traced.span)
        token = _tree.set(tree)
        try:
            yield traced
        finally:
            _tree.reset(token)
            for agent in reversed(tree.agents.values()):
                agent.span.end(end_time=agent.last)


@contextmanager
def _child(
    scope: Scope, name: str, attributes: dict[str, Any], kind: type[AnySpan], *, client: bool = False
) -> Iterator[AnySpan]:
    """Open a span below its agent's; outside of a traced run, below whatever is open."""
    tracer, tree = _switch.tracer, _tree.get()
    assert tracer is not None
    agent = None if tree is None else _agent(tracer, tree, scope)
    try:
        with _open(tracer, name, {**attributes, **_of_agent(scope)}, kind, below=agent, client=client) as traced:
            yield traced
    finally:
        while agent is not None:
            agent.last, agent = time.time_ns(), agent.parent


@contextmanager
def _open(
    tracer: "Tracer",
    name: str,
    attributes: dict[str, Any],
    kind: type[AnySpan],
    *,
    below: _Agent | None = None,
    client: bool = False,
) -> Iterator[AnySpan]:
    """Open a span; of an error that passes it keeps the class only, since messages may quote what was said."""
    with tracer.start_as_current_span(
        name,
        context=_below(below),
        kind=_kind(client),
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        traced = kind(span)
        try:
            yield traced
        except BaseException as error:
            traced.failed(traced.fault or type(error).__name__)
            raise


def _agent(tracer: "Tracer", tree: _Tree, scope: Scope) -> _Agent:
    """Return the agent's open span, begun now when this is its first call."""
    if scope.path not in tree.agents:
        from opentelemetry.trace import set_span_in_context

        parent = tree.agents.get(scope.path.rpartition("/")[0])
        span = tracer.start_span(
            f"invoke_agent {scope.role.id}",
            context=set_span_in_context(parent.span if parent else tree.span),
            attributes={"gen_ai.operation.name": "invoke_agent", **_of_agent(scope)},
        )
        tree.agents[scope.path] = _Agent(span, parent, time.time_ns())
    return tree.agents[scope.path]


def _of_agent(scope: Scope) -> dict[str, str]:
    return {"gen_ai.agent.name": scope.role.id, "gen_ai.agent.id": scope.agent, **_of_run(scope.run)}


def _of_run(run: Run) -> dict[str, str]:
    conversation = {"gen_ai.conversation.id": run.thread_id} if run.thread_id else {}
    return {"company.run.id": run.id, **conversation}


def _below(agent: _Agent | None) -> "Context | None":
    from opentelemetry.trace import set_span_in_context

    return None if agent is None else set_span_in_context(agent.span)


def _kind(client: bool) -> "SpanKind":
    from opentelemetry.trace import SpanKind

    return SpanKind.CLIENT if client else SpanKind.INTERNAL
