"""Faults, seen through the real clients of three providers over a scripted transport."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
from langchain_core.exceptions import ModelRateLimitError, OutputParserException
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_openai import StreamChunkTimeoutError

from company.errors import ProviderError
from company.llm.faults import SHOWN, Fault, classify, inspect
from company.llm.retry_after import read_retry_after

Json = dict[str, Any]
SSE = {"content-type": "text/event-stream"}
WIRES = ("chat", "responses", "anthropic", "ollama")
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "output": [],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}


def model(wire: str, handler: Callable[[Any], Any]) -> BaseChatModel:
    """Return a real chat model whose requests a function answers."""
    if wire == "ollama":
        from langchain_ollama import ChatOllama

        return ChatOllama(
            model="m", base_url="http://x", async_client_kwargs={"transport": httpx.MockTransport(handler)}
        )
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    if wire == "anthropic":
        import anthropic
        from langchain_anthropic import ChatAnthropic

        made = ChatAnthropic(model="m", api_key="k", base_url="http://x", max_retries=0, max_tokens=9)
        made.__dict__["_async_client"] = anthropic.AsyncAnthropic(
            api_key="k", base_url="http://x", max_retries=0, http_client=client
        )
        return made
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(
        model="m",
        api_key="k",
        base_url="http://x",
        max_retries=0,
        http_async_client=client,
        use_responses_api=wire == "responses",
    )


async def ask(wire: str, *, status: int = 200, headers: Json | None = None, **body: Any) -> Fault | None:
    """Ask a real client once and return what its exception, or the end of its answer, comes to."""
    kit = httpx if wire == "ollama" else httpx2
    return await asked(model(wire, lambda request: kit.Response(status, headers=headers or SSE, **body)))


async def asked(chat: BaseChatModel) -> Fault | None:
    answer = AIMessageChunk(content="")
    try:
        async for piece in chat.astream("hi"):
            assert isinstance(piece, AIMessageChunk)
            answer += piece
    except Exception as error:
        fault = classify(error, provider="acme")
        if fault is None:
            raise
        return fault
    return inspect(answer, provider="acme")


def kind(fault: Fault | None) -> str:
    return fault.kind if fault else "fine"


def events(*data: Json) -> str:
    return "".join(f"event: {item['type']}\ndata: {json.dumps(item)}\n\n" for item in data)


def pieces(*data: Json | str) -> str:
    return "".join(f"data: {item if isinstance(item, str) else json.dumps(item)}\n\n" for item in data)


def lines(*data: Json) -> str:
    return "".join(json.dumps(item) + "\n" for item in data)


def chat(finish: str | None = None, **delta: Any) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def text_event(text: str) -> Json:
    place = {"item_id": "i", "output_index": 0, "content_index": 0, "sequence_number": 1, "logprobs": []}
    return {"type": "response.output_text.delta", "delta": text, **place}


def closing(kind: str, **fields: Any) -> Json:
    status = kind.removeprefix("response.")
    return {"type": kind, "sequence_number": 2, "response": {**RESPONSE, "status": status, **fields}}


def claude(reason: str | None, *words: str) -> str:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [], "usage": usage}
    opening = {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    said = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in words
    ]
    delta = {"stop_reason": reason, "stop_sequence": None}
    end = [{"type": "message_delta", "delta": delta, "usage": {"output_tokens": 2}}] if reason else []
    return events(opening, block, *said, *end)


def llama(text: str, **end: Any) -> Json:
    return {"model": "m", "message": {"role": "assistant", "content": text}, "done": bool(end), **end}


def openai_error(message: str, **fields: Any) -> Json:
    return {"error": {"message": message, "type": None, "param": None, "code": None, **fields}}


def anthropic_error(kind: str, message: str) -> Json:
    return {"type": "error", "error": {"type": kind, "message": message}}


TPM = "Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): "
STATUS = [
    ("chat", 429, openai_error("Slow down", code="rate_limit_exceeded"), "rate"),
    ("anthropic", 429, anthropic_error("rate_limit_error", "rate limit of 30,000 input tokens per minute"), "rate"),
    ("ollama", 429, {"error": "too many concurrent requests"}, "rate"),
    ("chat", 429, openai_error(TPM + "Limit 30000, Used 29000, Requested 2000."), "rate"),
    ("chat", 413, openai_error(TPM + "Limit 6000, Used 5000, Requested 2000.", code="rate_limit_exceeded"), "rate"),
    ("chat", 429, openai_error("You exceeded your current quota. Please retry in 12.3s."), "rate"),
    (
        "chat",
        429,
        openai_error("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 45000."),
        "rejected",
    ),
    ("chat", 429, openai_error("You exceeded your current quota", code="insufficient_quota"), "quota"),
    ("chat", 429, openai_error("You exceeded your current quota, please check your plan"), "quota"),
    ("chat", 402, openai_error("This request requires more credits, or fewer max_tokens", code=402), "quota"),
    ("anthropic", 400, anthropic_error("invalid_request_error", "Your credit balance is too low"), "quota"),
    ("anthropic", 402, anthropic_error("billing_error", "Check your billing"), "quota"),
    ("chat", 500, openai_error("The server had an error", type="server_error"), "busy"),
    ("chat", 503, openai_error("Loading model", code=503), "busy"),
    ("chat", 502, None, "busy"),
    ("chat", 408, None, "busy"),
    ("anthropic", 529, anthropic_error("overloaded_error", "Overloaded"), "busy"),
    ("ollama", 500, {"error": "model requires more system memory"}, "busy"),
    ("responses", 504, None, "busy"),
    ("chat", 401, openai_error("Incorrect API key provided: k", code="invalid_api_key"), "auth"),
    ("anthropic", 403, anthropic_error("permission_error", "Your key may not use this"), "auth"),
    ("ollama", 401, {"error": "unauthorized"}, "auth"),
    ("chat", 404, openai_error("The model `m` does not exist", code="model_not_found"), "unknown_model"),
    ("chat", 403, openai_error("Project has no access to model `m`", code="model_not_found"), "unknown_model"),
    ("chat", 400, openai_error("acme/m is not a valid model ID", code=400), "unknown_model"),
    ("anthropic", 404, anthropic_error("not_found_error", "model: m"), "unknown_model"),
    ("ollama", 404, {"error": "model 'm' not found, try pulling it first"}, "unknown_model"),
    ("chat", 400, openai_error("The response was filtered", code="content_filter"), "refused"),
    ("responses", 400, openai_error("Your prompt was flagged as violating our usage policy"), "refused"),
    ("chat", 403, openai_error("Your input was flagged", code=403), "refused"),
    (
        "anthropic",
        400,
        anthropic_error("invalid_request_error", "Output blocked by content filtering policy"),
        "refused",
    ),
    ("chat", 400, openai_error("Unsupported value: 'temperature'", code="unsupported_value"), "rejected"),
    ("chat", 400, openai_error("max_tokens is too large: 99999. This model supports at most 16384"), "rejected"),
    ("chat", 422, {"detail": [{"loc": ["body"], "msg": "Field required"}]}, "rejected"),
    ("anthropic", 400, anthropic_error("invalid_request_error", "tools.0: Input should be a dict"), "rejected"),
    ("ollama", 400, {"error": "m does not support tools"}, "rejected"),
]


@pytest.mark.parametrize(("wire", "status", "body", "expected"), STATUS)
async def test_an_http_error_is_told_by_its_words_and_status(wire: str, status: int, body: Any, expected: str) -> None:
    sent = {"json": body} if body else {"content": "<html>nginx</html>"}

    fault = await ask(wire, status=status, headers={"x": "y"}, **sent)

    assert fault is not None
    assert (fault.kind, fault.status, fault.provider) == (expected, status, "acme")
    assert "nginx" not in str(fault)


OVERFLOWS = [
    (
        "chat",
        400,
        openai_error("This model's maximum context length is 8192 tokens.", code="context_length_exceeded"),
    ),
    ("chat", 429, openai_error("too much", code="context_length_exceeded")),
    ("responses", 400, openai_error("Your input exceeds the context window of this model.")),
    (
        "chat",
        400,
        {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400},
    ),
    ("chat", 400, openai_error("The decoder prompt (length 5) is longer than the maximum model length of 4")),
    (
        "chat",
        400,
        {"error": "The number of tokens to keep from the initial prompt is greater than the context length."},
    ),
    ("chat", 500, {"error": "Context size has been exceeded."}),
    (
        "chat",
        400,
        openai_error("the request exceeds the available context size", type="exceed_context_size_error", code=400),
    ),
    ("chat", 500, openai_error("the request exceeds the available context size, try increasing it")),
    (
        "chat",
        400,
        openai_error("Provider returned error", code=400, metadata={"raw": '{"message":"prompt is too long: 9 > 8"}'}),
    ),
    ("chat", 429, openai_error("This endpoint's maximum context length is 8192 tokens.", code=429)),
    ("chat", 400, openai_error("Please reduce the length of the messages or completion.")),
    (
        "anthropic",
        400,
        anthropic_error("invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum"),
    ),
    (
        "anthropic",
        400,
        anthropic_error("invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 2"),
    ),
    ("anthropic", 413, anthropic_error("request_too_large", "Request exceeds the maximum size")),
    ("ollama", 400, {"error": "the input length exceeds the context length"}),
    ("ollama", 500, {"error": "prompt too long; exceeded max context length by 12 tokens"}),
]


@pytest.mark.parametrize(("wire", "status", "body"), OVERFLOWS)
async def test_a_prompt_that_is_too_long_is_an_overflow_whatever_its_status(wire: str, status: int, body: Json) -> None:
    fault = await ask(wire, status=status, headers={"x": "y"}, json=body)

    assert kind(fault) == "overflow"


STREAMS = [
    ("chat", pieces(chat(content="hel"), chat("stop", content="lo"), "[DONE]"), "fine"),
    ("chat", pieces(chat(content="hello"), chat("stop"), chat("stop"), "[DONE]"), "fine"),
    ("chat", pieces(chat(content="hel")), "broken"),
    ("chat", "", "broken"),
    ("chat", pieces("{oops"), "broken"),
    ("chat", pieces("[1]"), "broken"),
    ("chat", pieces(chat(content="a"), chat("error")), "broken"),
    ("chat", pieces(chat("stop")), "empty"),
    ("chat", pieces(chat(content="hel"), chat("length")), "cut"),
    ("chat", pieces(chat(content="hel"), chat("content_filter")), "refused"),
    ("chat", pieces(chat(content="a"), openai_error("Upstream died", code=502)), "busy"),
    ("chat", pieces({"error": "Trying to keep the first 9 tokens when context the overflows."}), "overflow"),
    ("responses", events(text_event("hi"), closing("response.completed")), "fine"),
    ("responses", events(text_event("hi")), "broken"),
    (
        "responses",
        events(text_event("hi"), closing("response.incomplete", incomplete_details={"reason": "max_output_tokens"})),
        "cut",
    ),
    (
        "responses",
        events(text_event("hi"), closing("response.incomplete", incomplete_details={"reason": "content_filter"})),
        "refused",
    ),
    (
        "responses",
        events(
            {**text_event(""), "type": "response.refusal.done", "refusal": "I will not"}, closing("response.completed")
        ),
        "refused",
    ),
    (
        "responses",
        events({"type": "error", "code": "rate_limit_exceeded", "message": "Slow", "sequence_number": 1}),
        "rate",
    ),
    (
        "responses",
        events({"type": "error", "sequence_number": 1, **openai_error("exceeds", code="context_length_exceeded")}),
        "overflow",
    ),
    (
        "responses",
        events(closing("response.failed", error={"code": "server_error", "message": "The model failed"})),
        "busy",
    ),
    ("responses", events(closing("response.failed")), "busy"),
    ("anthropic", claude("end_turn", "hi"), "fine"),
    ("anthropic", claude("max_tokens", "hi"), "cut"),
    ("anthropic", claude("refusal", "hi"), "refused"),
    ("anthropic", claude("end_turn"), "empty"),
    ("anthropic", claude("model_context_window_exceeded"), "overflow"),
    ("anthropic", claude(None, "hi"), "broken"),
    ("anthropic", claude(None, "hi") + events(anthropic_error("overloaded_error", "Overloaded")), "busy"),
    ("anthropic", claude(None) + events(anthropic_error("rate_limit_error", "Slow")), "rate"),
    ("anthropic", "event: message_start\ndata: {oops\n\n", "broken"),
    ("ollama", lines(llama("hi"), llama("", done_reason="stop")), "fine"),
    ("ollama", lines(llama("hi"), llama("", done_reason="length")), "cut"),
    ("ollama", lines(llama("", done_reason="stop")), "empty"),
    ("ollama", lines(llama("hi")), "broken"),
    ("ollama", lines(llama("hi"), {"error": "model runner has unexpectedly stopped"}), "busy"),
    ("ollama", "{oops\n", "broken"),
    ("ollama", "[1]\n", "broken"),
]


@pytest.mark.parametrize(("wire", "body", "expected"), STREAMS)
async def test_a_stream_is_told_by_how_it_ends(wire: str, body: str, expected: str) -> None:
    assert kind(await ask(wire, content=body)) == expected


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("ConnectError", "[Errno 111] Connection refused", "network"),
        ("ConnectError", "[SSL: CERTIFICATE_VERIFY_FAILED]", "network"),
        ("ConnectTimeout", "", "network"),
        ("ReadError", "Connection reset by peer", "network"),
        ("RemoteProtocolError", "Server disconnected without sending a response.", "network"),
        ("RemoteProtocolError", "peer closed connection without sending complete message body", "broken"),
        ("ReadTimeout", "", "silent"),
        ("UnsupportedProtocol", "Request URL is missing an 'http://'", "rejected"),
    ],
)
async def test_a_transport_failure_is_told_by_its_class(wire: str, name: str, said: str, expected: str) -> None:
    kit = httpx if wire == "ollama" else httpx2

    def fail(request: Any) -> Any:
        raise getattr(kit, name)(said)

    fault = await asked(model(wire, fail))

    assert kind(fault) == expected
    assert said in str(fault)


async def test_a_connection_that_closes_in_the_middle_of_a_body_is_broken() -> None:
    async def body() -> Any:
        yield pieces(chat(content="hel")).encode()
        raise httpx2.RemoteProtocolError("peer closed connection without sending complete message body")

    fault = await asked(model("chat", lambda request: httpx2.Response(200, headers=SSE, content=body())))

    assert kind(fault) == "broken"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), "silent"),
        (StreamChunkTimeoutError(60.0), "silent"),
        (ConnectionResetError("reset"), "network"),
        (json.JSONDecodeError("Expecting value", "secret", 0), "broken"),
        (OutputParserException("cannot parse secret"), "broken"),
        (ModelRateLimitError("slow down"), "rate"),
    ],
)
def test_an_error_of_the_standard_library_or_langchain_is_told_too(error: Exception, expected: str) -> None:
    fault = classify(error, provider="acme")

    assert fault is not None
    assert fault.kind == expected
    assert "secret" not in str(fault)


@pytest.mark.parametrize(
    "error",
    [ValueError("no such thing"), KeyError("x"), FileNotFoundError("x"), RuntimeError("x"), asyncio.CancelledError()],
)
def test_a_bug_is_no_fault(error: BaseException) -> None:
    assert classify(error, provider="acme") is None


async def test_a_bug_in_a_request_is_no_fault() -> None:
    chat_model = model("chat", lambda request: httpx2.Response(500))

    with pytest.raises(TypeError, match="unexpected keyword"):
        await asked(chat_model.bind(no_such_option=1))  # type: ignore[arg-type]


def test_a_missing_key_asks_for_a_key() -> None:
    import openai

    with pytest.raises(openai.OpenAIError) as raised:
        openai.AsyncOpenAI(api_key=None, base_url="http://x")
    fault = classify(raised.value, provider="acme")

    assert kind(fault) == "auth"
    assert "company key set" in str(fault)


def test_a_fault_stays_itself_and_is_an_error_of_the_outside() -> None:
    fault = Fault("rate", provider="acme", retry_after=2.0)

    assert classify(fault, provider="other") is fault
    assert isinstance(fault, ProviderError)
    assert fault.retryable
    assert not Fault("quota", provider="acme").retryable


async def test_a_message_holds_no_key_no_request_and_no_long_text() -> None:
    key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"
    long = openai_error(f"Bad key {key}, Bearer abc. {'so ' * 400}")
    echo = openai_error("Field required: [{'loc': ('body',), 'input': {'messages': [{'content': 'my secret plan'}]}}]")
    refused_key = openai_error(f"Incorrect API key provided: {key}")

    faults = [
        await ask("chat", status=status, headers={"x": "y"}, json=body)
        for status, body in ((400, long), (400, echo), (401, refused_key))
    ]

    assert all(key not in str(fault) and "Bearer abc" not in str(fault) for fault in faults)
    assert "secret plan" not in str(faults[1])
    assert "Field required" in str(faults[1])
    assert len(str(faults[0])) < SHOWN + 100


@pytest.mark.parametrize("wire", WIRES)
async def test_retry_after_is_read_from_the_answer(wire: str) -> None:
    fault = await ask(wire, status=429, headers={"Retry-After": "7"}, json={"error": {"message": "Slow"}})

    assert fault is not None
    assert fault.retry_after == 7.0


async def test_limits_of_an_answer_that_failed_for_another_reason_are_not_a_wait() -> None:
    fault = await ask("chat", status=500, headers={"x-ratelimit-reset-tokens": "6m0s"}, json={"error": {}})

    assert fault is not None
    assert fault.retry_after is None


async def test_an_error_in_a_stream_says_how_long_to_wait_in_words() -> None:
    told = {"type": "error", "code": "rate_limit_exceeded", "message": "Please try again in 1m2.5s.", "param": None}

    fault = await ask("responses", content=events({**told, "sequence_number": 1}))

    assert fault is not None
    assert fault.retry_after == 62.5


DATE = {"date": "Wed, 21 Oct 2026 07:28:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2.5"}, 2.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "150", "retry-after": "9"}, 0.15),
        ({**DATE, "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, 30.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "1h0m2.5s"}, 3602.5),
        ({"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "7.66s"}, 0.12),
        (
            {
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "9s",
                "x-ratelimit-remaining-requests": "8",
                "x-ratelimit-reset-requests": "1s",
            },
            9.0,
        ),
        (
            {
                **DATE,
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-10-21T07:28:12Z",
            },
            12.0,
        ),
    ],
)
def test_headers_say_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers) == seconds


def ended(reason: str, text: str = "", *arguments: str) -> AIMessageChunk:
    calls = [tool_call_chunk(name="buy", args=args, id=f"c{n}", index=n) for n, args in enumerate(arguments)]
    return AIMessageChunk(content=text, tool_call_chunks=calls, response_metadata={"finish_reason": reason})


@pytest.mark.parametrize(
    ("answer", "usable"),
    [
        (ended("length", "The price is"), True),
        (ended("length"), False),
        (ended("length", "I buy", '{"quantity": 10'), False),
        (ended("length", "I buy", ""), False),
        (ended("length", "I buy", '{"quantity": 100}'), True),
        (ended("length", "", '{"quantity": 100}', '{"quan'), False),
        (ended("length", "", "[" * 50_000), False),
    ],
)
def test_a_cut_answer_is_usable_when_nothing_in_it_is_half(answer: AIMessageChunk, usable: bool) -> None:
    fault = inspect(answer, provider="acme")

    assert fault is not None
    assert (fault.kind, fault.usable) == ("cut", usable)


def test_a_refusal_in_words_is_refused_and_quoted() -> None:
    answer = AIMessageChunk(
        content="", additional_kwargs={"refusal": "I cannot help"}, response_metadata={"finish_reason": "stop"}
    )

    fault = inspect(answer, provider="acme")

    assert kind(fault) == "refused"
    assert "I cannot help" in str(fault)


def test_calls_whose_arguments_do_not_parse_are_left_to_the_governor() -> None:
    assert inspect(ended("tool_calls", "", "{oops"), provider="acme") is None


def test_a_model_in_this_process_need_not_say_why_it_ended() -> None:
    assert inspect(AIMessageChunk(content="hi"), provider="") is None
    assert kind(inspect(AIMessageChunk(content=" "), provider="")) == "empty"


@pytest.fixture(scope="module")
def imported() -> set[str]:
    code = "import sys, company.llm.faults, company.llm.limiter, company.llm.ladder; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_nothing_of_a_provider_is_imported_to_tell_faults(imported: set[str]) -> None:
    assert imported.isdisjoint({"openai", "anthropic", "ollama", "httpx", "httpx2", "langchain_openai"})
