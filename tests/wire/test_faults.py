"""Every fault reaches the caller as the real client reports it; what it does not report is stated too."""

import asyncio
import json
from typing import Any

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from tests.wire import Asked, Fault, Reply, ToolUse, WireServer
from tests.wire.conftest import CLIENTS, Client
from tests.wire.script import Kind
from tests.wire.test_answers import TOOL

Expected = tuple[type[Exception], int | None]
OLLAMA = ollama.ResponseError
BEFORE: dict[Kind, tuple[Expected, Expected, int]] = {  # of OpenAI, of Anthropic, Ollama's status
    "rate": ((openai.RateLimitError, 429), (anthropic.RateLimitError, 429), 429),
    "quota": ((openai.RateLimitError, 429), (anthropic.BadRequestError, 400), 429),
    "busy": ((openai.InternalServerError, 500), (anthropic.InternalServerError, 500), 500),
    "overloaded": ((openai.InternalServerError, 503), (anthropic.InternalServerError, 529), 503),
    "overflow": ((openai.BadRequestError, 400), (anthropic.BadRequestError, 400), 400),
    "auth": ((openai.AuthenticationError, 401), (anthropic.AuthenticationError, 401), 401),
    "unknown_model": ((openai.NotFoundError, 404), (anthropic.NotFoundError, 404), 404),
    "rejected": ((openai.BadRequestError, 400), (anthropic.BadRequestError, 400), 400),
}
QUIET: dict[str, type[Exception]] = {
    "chat": openai.APITimeoutError,
    "responses": openai.APITimeoutError,
    "anthropic": anthropic.APITimeoutError,
    "ollama": httpx.ReadTimeout,
}
STALLED = QUIET | {"anthropic": httpx2.ReadTimeout}
CUT: dict[str, type[Exception]] = {
    "chat": openai.APIConnectionError,
    "responses": openai.APIConnectionError,
    "anthropic": httpx2.RemoteProtocolError,
    "ollama": httpx.RemoteProtocolError,
}
MIDWAY: dict[str, type[Exception]] = {
    "chat": openai.APIError,
    "responses": ValueError,
    "anthropic": anthropic.APIStatusError,
    "ollama": OLLAMA,
}


async def _read(model: Any) -> list[str]:
    return [chunk.text async for chunk in model.astream("hi")]


async def _heard(model: Any, error: type[Exception]) -> tuple[str, Exception]:
    """Read a stream to its failure; return the words that came before it, and the failure."""
    heard: list[str] = []

    async def listen() -> None:
        async for chunk in model.astream("hi"):
            heard.append(chunk.text)

    with pytest.raises(error) as failure:
        await listen()
    return "".join(heard), failure.value


@pytest.mark.parametrize("kind", BEFORE)
async def test_an_error_before_the_answer_has_the_providers_type_and_status(
    client: Client, door: str, kind: Kind
) -> None:
    of_openai, of_anthropic, status = BEFORE[kind]
    error, code = {"anthropic": of_anthropic, "ollama": (OLLAMA, status)}.get(door, of_openai)
    with WireServer(lambda _: Fault(kind)) as server, pytest.raises(error) as failure:
        await _read(client(server.url))

    assert getattr(failure.value, "status_code", None) == code


@pytest.mark.parametrize("door", ["chat", "responses"])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("rate", "rate_limit_exceeded"),
        ("quota", "insufficient_quota"),
        ("overflow", "context_length_exceeded"),
        ("unknown_model", "model_not_found"),
        ("auth", "invalid_api_key"),
    ],
)
async def test_openai_names_the_error_by_code(door: str, kind: Kind, code: str) -> None:
    with WireServer(lambda _: Fault(kind)) as server, pytest.raises(openai.APIStatusError) as failure:
        await CLIENTS[door](server.url).ainvoke("hi")

    assert failure.value.code == code


async def test_retry_after_is_sent_in_seconds_and_by_openai_in_milliseconds(client: Client, door: str) -> None:
    with WireServer(lambda _: Fault("rate", retry_after=1.5)) as server:
        path = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages"}
        body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "input": "hi"}
        headers = {"authorization": "Bearer k", "x-api-key": "k"}
        answer = httpx.post(server.url + path.get(door, "/api/chat"), json=body, headers=headers)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1.5"
    assert answer.headers.get("retry-after-ms") == ("1500" if door in {"chat", "responses"} else None)


async def test_silence_is_a_timeout(client: Client, door: str) -> None:
    with WireServer(lambda _: Fault("silent")) as server:
        heard, _ = await _heard(client(server.url, timeout=0.1), QUIET[door])

    assert heard == ""


async def test_a_stall_is_a_timeout_after_some_words(client: Client, door: str) -> None:
    with WireServer(lambda _: Fault("stall")) as server:
        heard, _ = await _heard(client(server.url, timeout=0.3), STALLED[door])

    assert heard == "The desk hol"


async def test_a_cut_stream_is_a_connection_error_after_some_words(client: Client, door: str) -> None:
    with WireServer(lambda _: Fault("cut", after=2)) as server:
        heard, _ = await _heard(client(server.url), CUT[door])

    assert heard == "The desk"


async def test_garbage_in_a_stream_is_a_decoding_error(client: Client) -> None:
    with WireServer(lambda _: Fault("garbage")) as server:
        heard, _ = await _heard(client(server.url), json.JSONDecodeError)

    assert heard == "The desk hol"


async def test_an_error_event_is_an_error_after_some_words(client: Client, door: str) -> None:
    with WireServer(lambda _: Fault("midway")) as server:
        heard, failure = await _heard(client(server.url), MIDWAY[door])

    assert heard == "The desk hol"
    said = {"anthropic": "Overloaded", "ollama": "terminated"}.get(door, "had an error")
    assert said in str(failure)


async def test_an_empty_answer_is_no_error(client: Client) -> None:
    with WireServer(lambda _: Fault("empty")) as server:
        assert "".join(await _read(client(server.url))) == ""


async def test_no_client_notices_that_a_stream_lacks_its_end(client: Client) -> None:
    """So the caller has to look for the reason to end, which only a closing event holds."""
    with WireServer(lambda _: Fault("unfinished")) as server:
        chunks = [chunk async for chunk in client(server.url).astream("hi")]

    assert "".join(chunk.text for chunk in chunks).endswith("since the morning.")
    ended = {"finish_reason", "stop_reason", "done_reason", "status"}
    assert not any(ended & chunk.response_metadata.keys() for chunk in chunks)


@pytest.mark.parametrize("door", ["chat", "responses", "anthropic"])
async def test_a_call_can_be_cut_in_its_arguments(door: str) -> None:
    begun = Reply(calls=(ToolUse("ticker", {"symbol": "BTC/USDT"}),))
    read: list[Any] = []

    async def listen(model: Any) -> None:
        async for chunk in model.astream("hi"):
            read.extend(chunk.tool_call_chunks)

    with WireServer(lambda _: Fault("cut", after=4, begun=begun)) as server, pytest.raises(CUT[door]):
        await listen(CLIENTS[door](server.url).bind_tools([TOOL]))

    arguments = "".join(part["args"] or "" for part in read)
    assert arguments
    assert '{"symbol":"BTC/USDT"}'.startswith(arguments)
    assert arguments[-1] != "}"


async def test_a_client_that_hangs_up_is_noticed(client: Client) -> None:
    with WireServer(lambda _: Reply("tick " * 200, pace=0.02)) as server:
        stream = client(server.url).astream("hi")
        await anext(stream)
        await stream.aclose()
        for _ in range(100):
            if server.aborted:
                break
            await asyncio.sleep(0.01)

    assert server.aborted == 1
    assert server.asked[0].aborted


@pytest.mark.parametrize("door", ["chat", "anthropic"])
async def test_a_call_without_its_result_is_refused_as_the_providers_do(door: str) -> None:
    call = {"name": "ticker", "args": {}, "id": "call_1", "type": "tool_call"}
    talk = [HumanMessage("price?"), AIMessage("", tool_calls=[call]), HumanMessage("well?")]
    error = {"chat": openai.BadRequestError, "anthropic": anthropic.BadRequestError}[door]
    with WireServer(lambda _: Reply("never said")) as server, pytest.raises(error, match="call_1"):
        await CLIENTS[door](server.url).ainvoke(talk)


def test_a_request_without_a_key_is_refused() -> None:
    with WireServer(lambda _: Reply("never said")) as server:
        body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
        answers = [httpx.post(f"{server.url}/v1/{path}", json=body) for path in ("chat/completions", "messages")]

    assert [answer.status_code for answer in answers] == [401, 401]


def test_a_script_that_fails_fails_the_test() -> None:
    def broken(asked: Asked) -> Reply:
        raise LookupError(asked.model)

    with pytest.raises(LookupError, match="qwen3"), WireServer(broken) as server:
        httpx.post(f"{server.url}/api/chat", json={"model": "qwen3", "messages": []})
