"""Spans form one tree a run, carry the conventions' names and nobody's words, and cost nothing while tracing is off."""

import asyncio
import operator
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from company.errors import ProviderError, UsageError
from company.governor import Call, Outcome, Scope, Verdict, tracing
from company.llm import Usage
from company.roles import Role
from company.store import Run

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RUN = Run("R5", "T1", "chat", "running", "hello", "ada", 0, NOW, 7, "i", NOW, None, {})
USAGE = Usage(input=1200, output=300, cached=800, cache_written=50, reasoning=120)
CANARY = "buy-everything-4711"


def scope(path: str, run: Run = RUN) -> Scope:
    role = path.rpartition("/")[2]
    return Scope(run, Role(id=role, title=role, reports_to="", summary="s", tools=(), persona="p", source="t"), path)


def think(path: str = "ceo") -> Any:
    return tracing.model_call(scope(path), "openai:gpt-5", provider="openai", max_output=4096)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.trace_with(provider)
    yield exporter
    tracing.stop_tracing()
    provider.shutdown()


def paths(exporter: InMemorySpanExporter) -> list[str]:
    """Every finished span as the path of names from its root."""
    finished = {span.context.span_id: span for span in exporter.get_finished_spans()}

    def path(span: ReadableSpan) -> str:
        above = path(finished[span.parent.span_id]) + " > " if span.parent else ""
        return above + span.name

    return sorted(map(path, finished.values()))


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


def test_a_model_call_says_what_was_asked_and_what_it_took(spans):
    with think() as span:
        span.answered(USAGE, model="gpt-5-2026-01-01", finish_reasons=["stop"], first_token=0.25)
    found = only(spans)
    assert (found.name, found.kind, found.status.status_code) == ("chat gpt-5", SpanKind.CLIENT, StatusCode.UNSET)
    assert dict(found.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.request.max_tokens": 4096,
        "gen_ai.request.stream": True,
        "gen_ai.response.model": "gpt-5-2026-01-01",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 1200,
        "gen_ai.usage.cache_read.input_tokens": 800,
        "gen_ai.usage.cache_creation.input_tokens": 50,
        "gen_ai.usage.output_tokens": 300,
        "gen_ai.usage.reasoning.output_tokens": 120,
        "gen_ai.agent.name": "ceo",
        "gen_ai.agent.id": "R5/ceo",
        "gen_ai.conversation.id": "T1",
        "company.run.id": "R5",
    }


def test_a_model_of_this_process_is_no_client_call(spans):
    with tracing.model_call(scope("ceo"), "autopilot", provider="", max_output=100):
        pass
    found = only(spans)
    assert (found.name, found.kind) == ("chat autopilot", SpanKind.INTERNAL)
    assert found.attributes["gen_ai.provider.name"] == "company"


def test_a_model_name_may_hold_a_colon(spans):
    with tracing.model_call(scope("ceo"), "ollama:qwen3:8b", provider="ollama", max_output=100):
        pass
    assert only(spans).attributes["gen_ai.request.model"] == "qwen3:8b"


def test_names_are_those_of_the_semantic_conventions(spans):
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
    from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE

    with tracing.run(RUN), think() as model, tracing.tool_call(scope("ceo"), "buy", "c1"):
        model.answered(USAGE, model="m", finish_reasons=["stop"], first_token=1)
        model.failed("overloaded")
    used = {name for span in spans.get_finished_spans() for name in span.attributes or {}}
    known = {value for value in vars(gen_ai_attributes).values() if isinstance(value, str)}
    assert {name for name in used if not name.startswith("company.")} <= known | {ERROR_TYPE}
    operations = {str(span.attributes["gen_ai.operation.name"]) for span in spans.get_finished_spans()}
    assert operations == {"chat", "execute_tool", "invoke_agent", "invoke_workflow"}
    assert operations <= {operation.value for operation in gen_ai_attributes.GenAiOperationNameValues}


@pytest.mark.parametrize(
    ("status", "fault"),
    [("ok", None), ("denied", None), ("waiting", None), ("retryable", "retryable"), ("unknown", "unknown")],
)
def test_a_tool_call_says_what_was_decided_and_what_came_of_it(spans, status, fault):
    outcome = Outcome(Call("c1", "buy", {}), status, "mandate")
    with tracing.tool_call(scope("ceo/trading"), "buy", "c1") as span:
        tracing.judged(Verdict("allow", "mandate", CANARY, mandate="m"))
        assert span.came_to(outcome) is outcome
    found = only(spans)
    attributes = dict(found.attributes or {})
    assert found.name == "execute_tool buy"
    assert (attributes["gen_ai.tool.name"], attributes["gen_ai.tool.call.id"]) == ("buy", "c1")
    assert (attributes["company.verdict"], attributes["company.rule"]) == ("allow", "mandate")
    assert (attributes["company.status"], attributes.get("error.type")) == (status, fault)
    assert (found.status.status_code is StatusCode.ERROR) == (fault is not None)


def test_an_error_leaves_its_class_and_none_of_its_words(spans):
    with pytest.raises(ProviderError), tracing.run(RUN), think():
        raise ProviderError(f"the provider said: {CANARY}")
    assert len(spans.get_finished_spans()) == 3
    assert all(CANARY not in span.to_json() for span in spans.get_finished_spans())
    failed = [span.name for span in spans.get_finished_spans() if span.attributes.get("error.type") == "ProviderError"]
    assert failed == ["chat gpt-5", "invoke_workflow chat"]


def test_a_named_fault_is_kept_when_its_error_passes(spans):
    def refused() -> None:
        with think() as span:
            span.failed("rate_limit")
            raise ProviderError("429")

    with pytest.raises(ProviderError):
        refused()
    assert only(spans).attributes["error.type"] == "rate_limit"


async def test_a_cancelled_call_is_closed(spans):
    async def work() -> None:
        with think():
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert only(spans).attributes["error.type"] == "CancelledError"


class State(TypedDict):
    done: Annotated[list[str], operator.add]


async def test_steps_of_a_graph_hang_below_their_agent(spans):
    async def plan(_: Any) -> Command[Any]:
        with think("ceo"):
            await asyncio.sleep(0)
        return Command(goto=[Send("prepare", role) for role in ("trading", "research")])

    async def prepare(role: str) -> Command[Any]:
        with tracing.tool_call(scope(f"ceo/{role}"), "look", "p1"):
            await asyncio.sleep(0)
        return Command(goto=Send("work", role))

    async def work(role: str) -> Command[Any]:
        with think(f"ceo/{role}"):
            await asyncio.sleep(0)
        return Command(goto="join", update={"done": [role]})

    async def join(_: Any) -> None:
        with think("ceo"):
            await asyncio.sleep(0)

    graph = StateGraph(State)
    for step in (plan, prepare, work, join):
        graph.add_node(step.__name__, step)
    graph.add_edge(START, "plan")
    with tracing.run(RUN):
        await graph.compile().ainvoke({"done": []})

    run, ceo = "invoke_workflow chat", "invoke_workflow chat > invoke_agent ceo"
    assert paths(spans) == sorted(
        [
            run,
            ceo,
            f"{ceo} > chat gpt-5",
            f"{ceo} > chat gpt-5",
            *(f"{ceo} > invoke_agent {role}" for role in ("trading", "research")),
            *(f"{ceo} > invoke_agent {role} > chat gpt-5" for role in ("trading", "research")),
            *(f"{ceo} > invoke_agent {role} > execute_tool look" for role in ("trading", "research")),
        ]
    )


async def test_runs_at_the_same_time_do_not_mix(spans):
    async def drive(number: int) -> None:
        run = Run(f"R{number}", "", "cycle", "running", "", "", 1, NOW, 7, "i", NOW, None, {})
        with tracing.run(run):
            for _ in range(2):
                await asyncio.sleep(0)
                with tracing.model_call(scope("ceo", run), "autopilot", provider="", max_output=1):
                    await asyncio.sleep(0)

    await asyncio.gather(*(drive(number) for number in range(5)))
    traces = {span.context.trace_id: set[str]() for span in spans.get_finished_spans()}
    for span in spans.get_finished_spans():
        traces[span.context.trace_id].add(str(span.attributes["company.run.id"]))
    assert sorted(map(sorted, traces.values())) == [[f"R{number}"] for number in range(5)]
    assert len(spans.get_finished_spans()) == 5 * 4


def test_an_agent_lasts_from_its_first_to_its_last_call(spans):
    with tracing.run(RUN):
        with think("ceo"):
            pass
        with think("ceo/trading"):
            time.sleep(0.002)
        time.sleep(0.02)
    by_name = {span.name: span for span in spans.get_finished_spans()}
    *_, last_call = (span for span in spans.get_finished_spans() if span.name == "chat gpt-5")
    trading, ceo, run = (by_name[f"invoke_{name}"] for name in ("agent trading", "agent ceo", "workflow chat"))
    assert ceo.start_time <= trading.start_time <= last_call.start_time
    assert last_call.end_time <= trading.end_time <= ceo.end_time
    assert run.end_time - ceo.end_time >= 20_000_000


def test_a_run_that_fails_says_so(spans):
    with tracing.run(RUN) as span:
        span.failed("degraded")
    assert only(spans).attributes["error.type"] == "degraded"


def test_nothing_is_imported_while_tracing_is_off():
    code = """
import sys
from company.governor import tracing
from company.governor.verdict import Verdict
with tracing.run(None), tracing.model_call(None, "m", provider="", max_output=1) as span:
    span.failed("x")
with tracing.tool_call(None, "t", "c"):
    tracing.judged(Verdict("allow", "r", ""))
tracing.stop_tracing()
print([name for name in sys.modules if name.startswith(("opentelemetry", "grpc"))])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_span_that_is_off_costs_less_than_five_microseconds():
    asking = scope("ceo")

    def each() -> float:
        begun = time.perf_counter()
        for _ in range(2000):
            with tracing.model_call(asking, "openai:gpt-5", provider="openai", max_output=1) as span:
                span.answered(USAGE)
        return (time.perf_counter() - begun) / 2000

    assert min(each() for _ in range(5)) < 5e-6


def test_stopped_tracing_takes_no_more_spans(spans):
    tracing.stop_tracing()
    with think():
        pass
    assert spans.get_finished_spans() == ()


def test_a_providers_owner_shuts_it_down(spans):
    tracing.stop_tracing()
    assert not spans._stopped


def test_spans_reach_a_collector():
    import grpc
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service

    received: list[Any] = []

    class Collector(service.TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
            received.append(request)
            return messages.ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(1))
    service.add_TraceServiceServicer_to_server(Collector(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        tracing.start_tracing(f"http://127.0.0.1:{port}")
        with tracing.run(RUN), think() as span:
            span.answered(USAGE)
        tracing.stop_tracing()
    finally:
        server.stop(1).wait()
    (resource,) = (spans for request in received for spans in request.resource_spans)
    assert ("service.name", "the-ai-company") in {(a.key, a.value.string_value) for a in resource.resource.attributes}
    names = [span.name for scoped in resource.scope_spans for span in scoped.spans]
    assert sorted(names) == ["chat gpt-5", "invoke_agent ceo", "invoke_workflow chat"]


@pytest.mark.parametrize("endpoint", ["localhost:4317", "ftp://host", "http://", "http://host:port", "4317"])
def test_what_is_no_address_is_refused_with_a_cure(endpoint):
    with pytest.raises(UsageError, match=r"(?s)\[telemetry\] otlp.*is not the address.*http://127\.0\.0\.1:4317"):
        tracing.start_tracing(endpoint)


@pytest.mark.parametrize(
    ("endpoint", "protocol"),
    [
        ("http://127.0.0.1:4318", "http"),
        ("https://otel.example.com/v1/traces", "http"),
        ("http://127.0.0.1:4317", "grpc"),
        ("https://otel.example.com", "grpc"),
    ],
)
def test_an_exporter_that_is_not_installed_is_named(endpoint, protocol, monkeypatch):
    monkeypatch.setitem(sys.modules, f"opentelemetry.exporter.otlp.proto.{protocol}.trace_exporter", None)
    monkeypatch.setitem(sys.modules, f"opentelemetry.exporter.otlp.proto.{protocol}", None)
    with pytest.raises(UsageError, match=f"pip install opentelemetry-exporter-otlp-proto-{protocol}"):
        tracing.start_tracing(endpoint)
