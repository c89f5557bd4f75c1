"""Minds behind an API, against local servers that speak the four wire formats."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from opentelemetry import trace

from company.config import Settings
from company.errors import UsageError
from company.llm.faults import classify, inspect
from company.llm.mind import Capabilities, Usage
from company.llm.providers import Providers
from company.llm.remote import RemoteMind
from company.llm.wire import text_of, usage_of
from tests.wire import Asked, Fault, Reply, ToolUse, WireServer
from tests.wire.scripts import fixed

ABLE = Capabilities(context=8_000, max_output=4_000)
DOORS = ("openai", "responses", "anthropic", "ollama")
KEY = "sk-test-0123456789abcdef"
OUR_ID = "trading.playbook[4].do[0]#2"
TALK = [SystemMessage("You are the CEO."), HumanMessage("hi", additional_kwargs={"brief": {"person": "ANNA-IN-DATA"}})]
TICKER = {
    "name": "ticker",
    "description": "Price of a symbol.",
    "parameters": {"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]},
}
WORDS = "Net +12.50 USDT: “kept”, zwölf Käufe 🙂, and nothing has happened since the morning."
Ask = Callable[..., Any]


def _settings(url: str, **fields: Any) -> Settings:
    sections = {
        "openai": {"base_url": f"{url}/v1"},
        "responses": {"kind": "openai", "api": "responses", "base_url": f"{url}/v1"},
        "anthropic": {"base_url": url},
        "ollama": {"base_url": url},
    }
    return Settings.model_validate({"providers": {name: section | fields for name, section in sections.items()}})


@asynccontextmanager
async def _mind(
    url: str, door: str, *, able: Capabilities = ABLE, options: dict[str, Any] | None = None, **fields: Any
) -> AsyncIterator[RemoteMind]:
    providers = Providers(_settings(url, **fields).providers, lambda _: KEY)
    try:
        yield providers.mind(f"{door}:some-model", capabilities=able, options=options or {})
    finally:
        await providers.aclose()


async def _asked(mind: RemoteMind, talk: Any = TALK, **asked: Any) -> tuple[list[AIMessageChunk], AIMessageChunk]:
    pieces = [piece async for piece in mind.stream(talk, **{"max_output": 500, **asked})]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    return pieces, whole


async def _heard(mind: RemoteMind) -> tuple[str, str | None]:
    """Ask, and return the words and the kind of what went wrong."""
    words = ""
    try:
        async for piece in mind.stream(TALK, max_output=500):
            words += text_of(piece)
    except Exception as error:  # noqa: BLE001  every SDK has its own
        fault = classify(error, provider=mind.provider)
        return words, fault.kind if fault else repr(error)
    return words, None


def _calls(answer: AIMessageChunk) -> list[tuple[Any, Any]]:
    return [(piece["name"], json.loads(piece["args"] or "")) for piece in answer.tool_call_chunks]


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_plain_answer_arrives_whole_and_properly_ended(door: str) -> None:
    with WireServer(fixed(Reply(WORDS))) as server:
        async with _mind(server.url, door) as mind:
            _, answer = await _asked(mind)

    assert text_of(answer) == WORDS
    assert inspect(answer, provider=door) is None


async def test_a_slow_stream_arrives_in_pieces_and_complete(door: str) -> None:
    words = " ".join(f"word{number}" for number in range(60))

    with WireServer(fixed(Reply(words, pieces=60, pace=0.005))) as server:
        async with _mind(server.url, door) as mind:
            pieces, answer = await _asked(mind)

    spoken = [piece for piece in pieces if text_of(piece)]
    assert text_of(answer) == words
    assert 3 <= len(spoken) < 30


async def test_parallel_calls_arrive_whole_after_the_words(door: str) -> None:
    uses = (ToolUse("ticker", {"symbol": "BTC/USDT"}), ToolUse("ticker", {"symbol": 'Zürich "7" \\n'}))

    with WireServer(fixed(Reply("Let me look.", calls=uses))) as server:
        async with _mind(server.url, door) as mind:
            _, answer = await _asked(mind, tools=[TICKER])

    assert text_of(answer) == "Let me look."
    assert _calls(answer) == [(use.name, use.arguments) for use in uses]
    assert inspect(answer, provider=door) is None
    assert server.asked[0].tool_schemas == [TICKER]


async def test_a_model_that_does_not_stream_is_asked_for_the_whole(door: str) -> None:
    still = Capabilities(context=8_000, max_output=4_000, streaming=False)

    with WireServer(fixed(Reply(WORDS, calls=(ToolUse("ticker", {"symbol": "ETH"}),), cached=4))) as server:
        async with _mind(server.url, door, able=still) as mind:
            pieces, answer = await _asked(mind, tools=[TICKER])

    assert not server.asked[0].stream
    assert len(pieces) == 1
    assert (text_of(answer), _calls(answer)) == (WORDS, [("ticker", {"symbol": "ETH"})])
    assert usage_of(answer)
    assert inspect(answer, provider=door) is None


async def test_data_behind_the_words_never_leaves(door: str) -> None:
    with WireServer(fixed(Reply(WORDS))) as server:
        async with _mind(server.url, door) as mind:
            await _asked(mind)

    assert "hi" in json.dumps(server.asked[0].body)
    assert "ANNA-IN-DATA" not in json.dumps(server.asked[0].body)


async def test_a_call_of_ours_and_its_result_get_the_same_safe_id(door: str) -> None:
    call = {"name": "ticker", "args": {"symbol": "BTC"}, "id": OUR_ID, "type": "tool_call"}
    talk = [*TALK, AIMessage("", tool_calls=[call]), ToolMessage("42", tool_call_id=OUR_ID, name="ticker")]

    with WireServer(fixed(Reply(WORDS))) as server:
        async with _mind(server.url, door) as mind:
            await _asked(mind, talk, tools=[TICKER])

    asked, answered = server.asked[0].messages[-2:]
    assert OUR_ID not in json.dumps(server.asked[0].body)
    assert (answered["role"], answered["text"]) == ("tool", "42")
    assert asked["calls"][0]["id"] == answered["call_id"]


async def test_the_longest_answer_is_sent_and_never_above_what_the_model_can_give(door: str) -> None:
    with WireServer(fixed(Reply(WORDS), Reply(WORDS))) as server:
        async with _mind(server.url, door) as mind:
            await _asked(mind, max_output=321)
            await _asked(mind, max_output=1_000_000)

    assert [asked.max_output for asked in server.asked] == [321, ABLE.max_output]


@pytest.mark.parametrize(
    ("door", "expected"),
    [
        ("openai", {"cached": 5, "reasoning": 2}),
        ("responses", {"cached": 5, "reasoning": 2}),
        ("anthropic", {"cached": 5, "cache_written": 3, "reasoning": 2}),
        ("ollama", {}),
    ],
)
async def test_the_usage_says_what_was_cached_and_what_was_thought(door: str, expected: dict[str, int]) -> None:
    with WireServer(fixed(Reply(WORDS, cached=5, cache_written=3, reasoning=2))) as server:
        async with _mind(server.url, door) as mind:
            _, answer = await _asked(mind)

    usage = usage_of(answer)
    assert usage
    assert usage.input > 5
    assert usage.output > 2
    assert usage == Usage(usage.input, usage.output, **expected)


async def test_two_calls_of_one_role_begin_with_the_same_bytes(door: str) -> None:
    later = [*TALK, AIMessage("Yes?"), HumanMessage("the figures")]

    with WireServer(fixed(Reply(WORDS), Reply(WORDS))) as server:
        async with _mind(server.url, door) as mind:
            await _asked(mind, tools=[TICKER])
            await _asked(mind, later, tools=[TICKER])

    first, second = (asked.body for asked in server.asked)
    begin = "input" if door == "responses" else "messages"
    assert first["tools"] == second["tools"]
    assert first.get("system") == second.get("system")
    assert first[begin] == second[begin][: len(first[begin])]


async def test_anthropic_is_shown_the_end_of_the_instructions_and_of_a_grown_conversation() -> None:
    mark = {"type": "ephemeral"}
    later = [*TALK, AIMessage("Yes?"), HumanMessage("the figures")]

    with WireServer(fixed(Reply(WORDS), Reply(WORDS))) as server:
        async with _mind(server.url, "anthropic") as mind:
            await _asked(mind, tools=[TICKER])
            await _asked(mind, later, tools=[TICKER])

    first, second = (asked.body for asked in server.asked)
    assert first["system"][-1]["cache_control"] == second["system"][-1]["cache_control"] == mark
    assert "cache_control" not in json.dumps(first["messages"])
    assert second["messages"][-1]["content"][-1]["cache_control"] == mark
    assert json.dumps(second).count("cache_control") == 2


async def test_hanging_up_ends_the_request_at_once(door: str) -> None:
    with WireServer(fixed(Reply(WORDS * 9, pace=0.02))) as server:
        async with _mind(server.url, door) as mind:
            async with aclosing(mind.stream(TALK, max_output=500)) as pieces:
                async for piece in pieces:
                    if text_of(piece):
                        break
            await _until(lambda: server.aborted == 1)

    assert server.asked[0].aborted


async def test_cancelling_ends_the_request(door: str) -> None:
    with WireServer(fixed(Reply(WORDS * 9, pace=0.02))) as server:
        async with _mind(server.url, door) as mind:
            task = asyncio.create_task(_asked(mind))
            await _until(lambda: bool(server.asked))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await _until(lambda: server.aborted == 1)

    assert server.asked[0].aborted


@pytest.mark.parametrize("kind", ["silent", "stall"])
async def test_a_provider_that_falls_silent_is_given_up(door: str, kind: Any) -> None:
    with WireServer(fixed(Fault(kind))) as server:
        async with _mind(server.url, door, silence=timedelta(seconds=0.1)) as mind:
            _, fault = await _heard(mind)

    assert fault == "silent"


async def test_an_answer_that_drips_on_is_ended_and_what_it_said_is_passed(door: str) -> None:
    with WireServer(fixed(Reply(WORDS * 60, pace=0.02))) as server:
        async with _mind(server.url, door, timeout=timedelta(seconds=0.6)) as mind:
            began = time.monotonic()
            heard, fault = await _heard(mind)

    assert fault == "silent"
    assert time.monotonic() - began < 15
    assert (WORDS * 60).startswith(heard)
    assert len(heard) > 4


@pytest.mark.parametrize(("kind", "found"), [("cut", "broken"), ("garbage", "broken"), ("midway", "busy")])
async def test_a_broken_stream_arrives_broken_behind_its_words(door: str, kind: Any, found: str) -> None:
    with WireServer(fixed(Fault(kind))) as server:
        async with _mind(server.url, door) as mind:
            heard, fault = await _heard(mind)

    assert fault == found
    assert heard


async def test_calls_side_by_side_share_the_client_and_do_not_mix(door: str) -> None:
    def script(asked: Asked) -> Reply:
        return Reply(asked.messages[-1]["text"] * 30, pace=0.001)

    with WireServer(script) as server:
        async with _mind(server.url, door) as mind:
            talks = [[HumanMessage(f"<{number}>")] for number in range(6)]
            answers = await asyncio.gather(*(_asked(mind, talk) for talk in talks))

    assert [text_of(answer) for _, answer in answers] == [f"<{number}>" * 30 for number in range(6)]


def test_one_mind_serves_several_event_loops_and_leaves_nothing_open(door: str) -> None:
    with WireServer(lambda _: Reply(WORDS)) as server:
        mind = Providers(_settings(server.url).providers, lambda _: KEY).mind(
            f"{door}:some-model", capabilities=ABLE, options={}
        )
        answers = [asyncio.run(_asked(mind))[1] for _ in range(2)]

    assert [text_of(answer) for answer in answers] == [WORDS, WORDS]


async def test_options_are_sent_as_they_are_with_decimals_as_numbers(door: str) -> None:
    with WireServer(fixed(Reply(WORDS))) as server:
        async with _mind(server.url, door, options={"temperature": Decimal("0.25"), "top_k": 7}) as mind:
            await _asked(mind)

    body = server.asked[0].body
    sent = body["options"] if door == "ollama" else body
    assert (sent["temperature"], sent["top_k"]) == (0.25, 7)


async def test_anthropic_thinks_except_behind_a_call_whose_thoughts_are_gone() -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    call = {"name": "ticker", "args": {}, "id": "a", "type": "tool_call"}
    later = [*TALK, AIMessage("", tool_calls=[call]), ToolMessage("42", tool_call_id="a")]

    with WireServer(fixed(Reply(WORDS), Reply(WORDS))) as server:
        async with _mind(server.url, "anthropic", options={"thinking": thinking}) as mind:
            await _asked(mind)
            await _asked(mind, later, tools=[TICKER])

    assert [asked.body.get("thinking") for asked in server.asked] == [thinking, None]


async def test_responses_are_not_stored_at_the_provider() -> None:
    with WireServer(fixed(Reply(WORDS))) as server:
        async with _mind(server.url, "responses") as mind:
            await _asked(mind)

    assert server.asked[0].body["store"] is False


async def test_ollama_is_told_the_context_so_that_it_does_not_cut_the_prompt() -> None:
    with WireServer(fixed(Reply(WORDS))) as server:
        async with _mind(server.url, "ollama", options={"think": False, "keep_alive": "5m"}) as mind:
            await _asked(mind)

    body = server.asked[0].body
    assert body["options"]["num_ctx"] == ABLE.context
    assert (body["think"], body["keep_alive"]) == (False, "5m")


async def test_nothing_in_the_environment_decides_where_a_request_goes(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = "http://127.0.0.1:9/elsewhere"
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL", "OLLAMA_HOST"):
        monkeypatch.setenv(name, elsewhere)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_PROXY", "ANTHROPIC_PROXY", "LANGSMITH_GATEWAY"):
        monkeypatch.setenv(name, elsewhere)
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, "from-the-environment")
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "x-more: from-the-environment")

    with WireServer(fixed(Reply(WORDS))) as server:
        async with _mind(server.url, door) as mind:
            _, answer = await _asked(mind)

    headers = server.asked[0].headers
    assert text_of(answer) == WORDS
    assert "from-the-environment" not in json.dumps(headers)
    assert headers.get("x-api-key", headers.get("authorization", "")).removeprefix("Bearer ") == KEY


async def test_the_provider_is_not_told_the_trace_a_call_belongs_to(door: str) -> None:
    ours = trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=False, trace_flags=trace.TraceFlags(1)))

    with WireServer(fixed(Reply(WORDS))) as server, trace.use_span(ours):
        async with _mind(server.url, door) as mind:
            await _asked(mind)

    assert "traceparent" not in server.asked[0].headers


async def test_without_a_key_none_is_sent_not_even_that_of_the_environment(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, "of-somebody-else")

    with WireServer(fixed(Reply(WORDS))) as server:
        providers = Providers(_settings(server.url).providers, lambda _: None)
        _, fault = await _heard(providers.mind(f"{door}:some-model", capabilities=ABLE, options={}))
        await providers.aclose()

    assert fault == (None if door == "ollama" else "auth")
    assert not {"authorization", "x-api-key"} & server.asked[0].headers.keys()


def test_the_key_is_in_no_representation(door: str) -> None:
    providers = Providers(_settings("http://127.0.0.1:9").providers, lambda _: KEY)

    mind = providers.mind(f"{door}:some-model", capabilities=ABLE, options={})

    assert KEY not in f"{mind!r} {mind.model!r} {mind.model.model_dump()} {mind.model.to_json()}"


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_missing_key_is_named_with_its_variable_and_its_command(name: str) -> None:
    providers = Providers(Settings().model_validate({}).providers, lambda _: None)

    with pytest.raises(UsageError) as raised:
        providers.mind(f"{name}:some-model", capabilities=ABLE, options={})

    assert f"{name.upper()}_API_KEY" in str(raised.value)
    assert f"company key set {name}" in str(raised.value)


@pytest.mark.parametrize("name", ["openai", "anthropic", "ollama"])
@pytest.mark.parametrize("package", ["langchain_{}", "httptools"])
def test_a_missing_package_is_named_with_its_install_command(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = package.format(name)
    monkeypatch.setitem(sys.modules, module, None)
    providers = Providers(Settings.model_validate({}).providers, lambda _: KEY)

    with pytest.raises(UsageError, match=rf"pip install 'the-ai-company\[{name}\]'") as raised:
        providers.mind(f"{name}:some-model", capabilities=ABLE, options={})

    assert f"needs {module.replace('_', '-')}, which" in str(raised.value)


def test_an_unknown_provider_is_refused_with_the_nearest_name() -> None:
    providers = Providers(Settings.model_validate({}).providers, lambda _: KEY)

    with pytest.raises(UsageError, match="did you mean 'anthropic'"):
        providers.mind("antropic:some-model", capabilities=ABLE, options={})


@pytest.mark.parametrize("option", ["max_tokens", "num_predict", "messages", "n"])
def test_an_option_cannot_get_past_the_budget(option: str) -> None:
    providers = Providers(Settings.model_validate({}).providers, lambda _: KEY)

    with pytest.raises(UsageError, match=f"options may not set '{option}'"):
        providers.mind("openai:some-model", capabilities=ABLE, options={option: 9})


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not reached():
            await asyncio.sleep(0.005)
