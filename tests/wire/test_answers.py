"""The real clients read the server's answers as they read a provider's."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage

from tests.wire import Reply, ToolUse, WireServer
from tests.wire.conftest import CLIENTS, Client
from tests.wire.scripts import fixed

WORDS = "Net +12.50 USDT: “kept”, zwölf Käufe 🙂."
TOOL = {
    "type": "function",
    "function": {
        "name": "ticker",
        "description": "Price of a symbol.",
        "parameters": {"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]},
    },
}
TWO = (ToolUse("ticker", {"symbol": "BTC/USDT"}), ToolUse("ticker", {"symbol": 'Zürich "7" \\n'}))


async def _streamed(model: Any, asked: Any = "hi") -> tuple[list[AIMessageChunk], AIMessageChunk]:
    chunks = [chunk async for chunk in model.astream(asked)]
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return chunks, whole


async def test_a_plain_answer_arrives_whole(client: Client) -> None:
    with WireServer(fixed(Reply(WORDS))) as server:
        answer = await client(server.url).ainvoke("hi")

    assert answer.text == WORDS
    assert not answer.tool_calls


async def test_a_stream_arrives_in_the_pieces_asked_for(client: Client) -> None:
    with WireServer(fixed(Reply(WORDS, pieces=7))) as server:
        chunks, whole = await _streamed(client(server.url))

    assert whole.text == WORDS
    assert len([chunk for chunk in chunks if chunk.text]) == 7


async def test_parallel_calls_arrive_whole(client: Client) -> None:
    with WireServer(fixed(Reply(calls=TWO))) as server:
        answer = await client(server.url).bind_tools([TOOL]).ainvoke("hi")

    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [(use.name, use.arguments) for use in TWO]


async def test_parallel_calls_arrive_in_fragments_after_words(client: Client, door: str) -> None:
    with WireServer(fixed(Reply("Let me look.", calls=TWO))) as server:
        chunks, whole = await _streamed(client(server.url).bind_tools([TOOL]))

    assert whole.text == "Let me look."
    assert [(call["name"], call["args"]) for call in whole.tool_calls] == [(use.name, use.arguments) for use in TWO]
    assert len({call["id"] for call in whole.tool_calls}) == 2
    fragments = [chunk for chunk in chunks if chunk.tool_call_chunks]
    assert len(fragments) == 1 if door == "ollama" else len(fragments) > 8


async def test_broken_arguments_arrive_as_they_were_sent(client: Client, door: str) -> None:
    broken = ToolUse("ticker", '{"symbol": "BTC')
    with WireServer(fixed(Reply(calls=(broken,)))) as server:
        _, whole = await _streamed(client(server.url).bind_tools([TOOL]))

    if door == "ollama":  # its arguments are an object by nature
        assert whole.tool_calls[0]["args"] == {"raw": broken.arguments}
    else:
        assert whole.tool_call_chunks[0]["args"] == broken.arguments


@pytest.mark.parametrize("stream", [False, True])
async def test_usage_tells_cached_and_reasoning_tokens(client: Client, door: str, stream: bool) -> None:
    told = {"system": "Be brief. " * 30, "reply": Reply("Done.", cached=40, reasoning=12)}
    with WireServer(fixed(told["reply"])) as server:
        asked = [SystemMessage(told["system"]), HumanMessage("hi")]
        model = client(server.url)
        answer = (await _streamed(model, asked))[1] if stream else await model.ainvoke(asked)

    usage = answer.usage_metadata
    assert usage is not None
    assert 60 < usage["input_tokens"] < 120
    assert usage["output_tokens"] == 14
    if door != "ollama":  # it tells nothing finer
        assert usage["input_token_details"]["cache_read"] == 40
        assert usage["output_token_details"]["reasoning"] == 12


async def test_anthropic_tells_tokens_put_into_the_cache() -> None:
    with WireServer(fixed(Reply("Done.", cached=3, cache_written=5))) as server:
        answer = await CLIENTS["anthropic"](server.url).ainvoke("count " * 40)

    details = answer.usage_metadata["input_token_details"]  # langchain-anthropic counts by lifetime, not twice
    assert details["cache_creation"] + details["ephemeral_5m_input_tokens"] == 5
    assert answer.response_metadata["usage"]["cache_creation_input_tokens"] == 5
    assert answer.usage_metadata["input_tokens"] > 40


@pytest.mark.parametrize(
    ("finish", "told"),
    [
        ("length", {"chat": "length", "responses": "incomplete", "anthropic": "max_tokens", "ollama": "length"}),
        ("", {"chat": "stop", "responses": "completed", "anthropic": "end_turn", "ollama": "stop"}),
    ],
)
async def test_the_reason_to_end_is_told(client: Client, door: str, finish: Any, told: dict[str, str]) -> None:
    with WireServer(fixed(Reply("So far", finish=finish))) as server:
        _, whole = await _streamed(client(server.url))

    key = {"chat": "finish_reason", "responses": "status", "anthropic": "stop_reason", "ollama": "done_reason"}[door]
    assert whole.response_metadata[key] == told[door]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_marked_where_the_provider_marks_it(client: Client, door: str, stream: bool) -> None:
    with WireServer(fixed(Reply("I cannot help with that.", refusal=True))) as server:
        model = client(server.url)
        answer = (await _streamed(model))[1] if stream else await model.ainvoke("hi")

    marks = {
        "chat": answer.additional_kwargs.get("refusal"),
        "responses": str(answer.content) + str(answer.additional_kwargs),
        "anthropic": answer.response_metadata.get("stop_reason"),
        "ollama": answer.text,
    }
    expected = {"anthropic": "refusal"}.get(door, "I cannot help with that.")
    if door == "chat" and stream:
        assert not answer.text  # langchain-openai drops a refusal it streams
    else:
        assert expected in marks[door]


async def test_the_server_understands_a_conversation_alike_from_every_client(client: Client, door: str) -> None:
    talk = [
        SystemMessage("You trade."),
        HumanMessage("What is the price?"),
        AIMessage("", tool_calls=[{"name": "ticker", "args": {"symbol": "BTC"}, "id": "call_1", "type": "tool_call"}]),
        ToolMessage("64210.5", tool_call_id="call_1", name="ticker"),
        HumanMessage("And now?"),
    ]
    with WireServer(fixed(Reply("Up."))) as server:
        await client(server.url).bind_tools([TOOL]).ainvoke(talk)

    (asked,) = server.asked
    assert asked.system == "You trade."
    assert [message["role"] for message in asked.messages] == ["user", "assistant", "tool", "user"]
    assert [message["text"] for message in asked.messages] == ["What is the price?", "", "64210.5", "And now?"]
    (call,) = asked.messages[1]["calls"]
    assert (call["name"], call["arguments"]) == ("ticker", {"symbol": "BTC"})
    assert asked.messages[2]["call_id"] == ("" if door == "ollama" else "call_1")  # its client drops the id
    assert asked.tools == ["ticker"]
    assert asked.tool_schemas[0]["parameters"]["required"] == ["symbol"]
    assert asked.provider == {"chat": "openai", "responses": "openai"}.get(door, door)
