"""The short way to OpenAI's wire format, held against the long way of LangChain and the SDK."""

import json
from collections.abc import Sequence
from typing import Any

import httpx2
import openai
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI

from company.llm.openai_client import chat_class, completions_class, responses_class

CALL = {"name": "ticker", "args": {"symbol": "BTC"}, "id": "a", "type": "tool_call"}
TALK = [
    SystemMessage("You are the CEO."),
    HumanMessage("zwölf “figures” 🙂"),
    AIMessage("", tool_calls=[CALL]),
    ToolMessage("42", tool_call_id="a"),
]
SCHEMA = {"type": "object", "properties": {"symbol": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": "ticker", "description": "Price.", "parameters": SCHEMA}}]
DETAILS = {"tools": TOOLS, "max_completion_tokens": 321, "extra_body": {"temperature": 0.25, "stop": ["x"]}}
Event = dict[str, Any]


class _Provider:
    """Answers every request with the same events and keeps the requests."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.requests: list[httpx2.Request] = []
        self._body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=self._body + b"data: [DONE]\n\n")

    def chat(self, *, short: bool, responses: bool = False) -> ChatOpenAI:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self))
        sdk = openai.AsyncOpenAI(api_key="sk", base_url="http://local/v1", max_retries=0, http_client=http)
        if short:
            sdk.__dict__["responses"] = responses_class()(sdk)
        return (chat_class() if short else ChatOpenAI)(
            model="m",
            api_key="sk",
            base_url="http://local/v1",
            async_client=completions_class()(sdk) if short else sdk.chat.completions,
            root_async_client=sdk,
            use_responses_api=responses,
            stream_usage=True,
            stream_chunk_timeout=None,
            http_socket_options=(),
        )


async def _pieces(chat: ChatOpenAI) -> list[Any]:
    return [piece async for piece in chat._astream(TALK, **DETAILS)]


async def _answer(events: Sequence[Event]) -> AIMessageChunk:
    pieces = [piece.message for piece in await _pieces(_Provider(events).chat(short=True))]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert isinstance(whole, AIMessageChunk)
    return whole


def _chunk(delta: Event | None, finish: str | None = None, **more: Any) -> Event:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def _call(arguments: str, **more: Any) -> Event:
    return {"tool_calls": [{"function": {"arguments": arguments, **more.pop("function", {})}, **more}]}


CHAT = [
    _chunk({"role": "assistant", "content": "", "refusal": None}),
    _chunk({"content": "zwölf 🙂"}),
    _chunk(_call("", index=0, id="a", type="function", function={"name": "ticker"})),
    _chunk(_call('{"symbol": "B"}', index=0)),
    _chunk({}, "tool_calls", service_tier="default", system_fingerprint="fp"),
    {
        **_chunk(None),
        "choices": [],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 5,
            "total_tokens": 14,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    },
]


@pytest.mark.parametrize("responses", [False, True])
async def test_a_request_is_the_one_that_would_be_sent_the_long_way(responses: bool) -> None:
    provider = _Provider([])

    for short in (False, True):
        await _pieces(provider.chat(short=short, responses=responses))

    long_way, short_way = provider.requests
    assert json.loads(short_way.content) == json.loads(long_way.content)
    assert (short_way.method, short_way.url) == (long_way.method, long_way.url)
    assert short_way.headers == {**long_way.headers, "content-length": short_way.headers["content-length"]}
    assert json.loads(short_way.content)["temperature"] == 0.25


async def test_an_answer_is_the_one_that_would_be_read_the_long_way() -> None:
    short_way, long_way = [await _pieces(_Provider(CHAT).chat(short=short)) for short in (True, False)]

    assert short_way == long_way
    assert len(short_way) == len(CHAT)


async def test_a_call_without_a_place_of_its_own_is_not_lost() -> None:
    """Google's compatible server leaves the index out."""
    answer = await _answer([_chunk(_call('{"symbol": "B"}', id="a", type="function", function={"name": "ticker"}))])

    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("ticker", {"symbol": "B"})]


async def test_an_event_that_adds_nothing_is_passed_over() -> None:
    without = {"id": "c", "choices": [{"index": 0, "finish_reason": None}]}

    answer = await _answer([_chunk({"content": "a"}), without, _chunk(None), _chunk({"content": "b"}, "stop")])

    assert answer.content == "ab"


async def test_the_words_of_a_refusal_are_kept() -> None:
    answer = await _answer([_chunk({"role": "assistant", "refusal": "I will "}), _chunk({"refusal": "not."}, "stop")])

    assert answer.additional_kwargs["refusal"] == "I will not."


async def test_an_error_within_a_stream_is_an_error_of_the_sdk() -> None:
    with pytest.raises(openai.APIError, match="too busy"):
        await _answer([_chunk({"content": "a"}), {"error": {"message": "too busy", "code": "busy"}}])


async def test_the_key_of_administrators_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")
    provider = _Provider([])

    for responses in (False, True):
        chat = provider.chat(short=True, responses=responses)
        chat.root_async_client.api_key = ""
        with pytest.raises(TypeError, match="authentication"):
            await _pieces(chat)

    assert provider.requests == []
