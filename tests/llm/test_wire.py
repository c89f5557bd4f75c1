"""What leaves for a provider and what comes back, without any provider."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from company.llm.mind import Usage
from company.llm.wire import Kind, call_id, offered, outgoing, text_of, usage_of
from company.roles import Plan

KINDS: tuple[Kind, ...] = ("openai", "anthropic", "ollama")
OUR_ID = "trading.playbook[4].do[0]#2"


def _call(name: str, **args: Any) -> Any:
    return {"name": "look", "args": args, "id": name, "type": "tool_call"}


def _shown(messages: list[BaseMessage]) -> list[tuple[str, str]]:
    return [(message.type, str(message.text)) for message in messages]


def test_a_safe_id_stays_and_another_becomes_safe_always_in_the_same_way() -> None:
    assert call_id("call_9-Z") == "call_9-Z"
    assert call_id(OUR_ID) == call_id(OUR_ID)
    assert call_id(OUR_ID) != call_id(f"{OUR_ID}1")
    assert call_id(OUR_ID).replace("_", "").isalnum()
    assert len(call_id("x" * 41)) <= 40


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_words_calls_and_results_leaves(kind: Kind) -> None:
    talk = [
        SystemMessage("law", additional_kwargs={"secret": 1}),
        HumanMessage("hi", additional_kwargs={"brief": {"person": "anna"}}, name="anna"),
        AIMessage("yes", additional_kwargs={"figures": {"net": "1"}}, response_metadata={"id": "resp_1"}),
        HumanMessage("more", additional_kwargs={"reports": []}),
    ]

    sent = outgoing(talk, kind)

    assert _shown(sent) == [("system", "law"), ("human", "hi"), ("ai", "yes"), ("human", "more")]
    assert not any(message.additional_kwargs or message.response_metadata or message.name for message in sent)
    assert talk[1].additional_kwargs == {"brief": {"person": "anna"}}


@pytest.mark.parametrize("kind", KINDS)
def test_results_stand_behind_their_call_in_its_order_and_a_missing_one_is_said(kind: Kind) -> None:
    talk = [
        HumanMessage("go"),
        AIMessage("", tool_calls=[_call("a"), _call("b"), _call("c")]),
        HumanMessage("meanwhile"),
        ToolMessage("third", tool_call_id="c"),
        ToolMessage("first", tool_call_id="a"),
    ]

    sent = outgoing(talk, kind)

    results = [message for message in sent if isinstance(message, ToolMessage)]
    assert [message.tool_call_id for message in results] == ["a", "b", "c"]
    assert [str(message.text) for message in results] == ["first", "(This call was not carried out.)", "third"]
    assert [message.type for message in sent] == ["human", "ai", "tool", "tool", "tool", "human"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_without_its_call_is_told_in_words(kind: Kind) -> None:
    sent = outgoing([HumanMessage("go"), AIMessage("ok"), ToolMessage("42", tool_call_id="gone")], kind)

    assert [message.type for message in sent] == ["human", "ai", "human"]
    assert str(sent[-1].text) == "The result of an earlier call: 42"


@pytest.mark.parametrize("kind", KINDS)
def test_empty_messages_are_left_out_and_later_instructions_become_words(kind: Kind) -> None:
    talk = [SystemMessage("law"), HumanMessage("go"), AIMessage(" "), AIMessage("ok"), SystemMessage("note")]

    assert _shown(outgoing(talk, kind)) == [("system", "law"), ("human", "go"), ("ai", "ok"), ("human", "note")]


@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_human_words_in_a_row_become_one_message(kind: Kind) -> None:
    talk = [SystemMessage("law"), SystemMessage("more law"), HumanMessage("brief"), HumanMessage("reports")]

    assert _shown(outgoing(talk, kind)) == [("system", "law\n\nmore law"), ("human", "brief\n\nreports")]


def test_definitions_are_put_in_place_and_titles_left_out_except_those_that_are_names() -> None:
    schema = {
        "$defs": {"Leg": {"title": "Leg", "type": "object", "properties": {"title": {"type": "string"}}}},
        "type": "object",
        "title": "Order",
        "properties": {"legs": {"type": "array", "items": {"$ref": "#/$defs/Leg"}, "title": "Legs"}},
    }

    tool = offered([{"name": "order", "description": "Orders.", "parameters": schema}], "openai")[0]

    leg = {"type": "object", "properties": {"title": {"type": "string"}}}
    assert tool["function"]["parameters"] == {
        "type": "object",
        "properties": {"legs": {"type": "array", "items": leg}},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_definition_that_holds_itself_comes_to_an_end(kind: Kind) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    schema = {"$defs": {"Node": node}, "type": "object", "properties": {"first": {"$ref": "#/$defs/Node"}}}

    tool = offered([{"name": "walk", "description": "Walks.", "parameters": schema}], kind)[0]

    assert "$ref" not in str(tool)


@pytest.mark.parametrize("kind", KINDS)
def test_the_plan_of_the_ceo_is_offered_without_references(kind: Kind) -> None:
    tool = {"name": "delegate", "description": "Delegates.", "parameters": Plan.model_json_schema()}

    assert "$" not in str(offered([tool], kind))
    assert offered([tool], kind) == offered([tool], kind)


def test_ollama_gets_what_its_client_would_drop_in_words() -> None:
    optional = {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "How long."}
    nested = {"type": "object", "properties": {"low": {"type": "number"}}, "description": "The band."}
    schema = {"type": "object", "properties": {"wait": optional, "band": nested}, "required": ["band"]}

    found = offered([{"name": "t", "description": "d", "parameters": schema}], "ollama")[0]["function"]["parameters"]

    assert found["properties"]["wait"] == {"type": "integer", "description": "How long."}
    assert found["properties"]["band"]["type"] == "object"
    assert '"low":{"type":"number"}' in found["properties"]["band"]["description"]
    assert found["required"] == ["band"]


def test_anthropic_marks_the_last_tool_when_there_are_no_instructions() -> None:
    tools = [{"name": name, "description": "d", "parameters": {"type": "object"}} for name in "ab"]

    assert [("cache_control" in tool) for tool in offered(tools, "anthropic", instructed=False)] == [False, True]
    assert not any("cache_control" in tool for tool in offered(tools, "anthropic"))


def test_usage_counts_what_was_cached_written_and_thought() -> None:
    details = {
        "input_tokens": 90,
        "output_tokens": 20,
        "total_tokens": 110,
        "input_token_details": {"cache_read": 40, "cache_creation": 0, "ephemeral_5m_input_tokens": 30},
        "output_token_details": {"reasoning": 12},
    }

    found = usage_of(AIMessageChunk(content="", usage_metadata=details))  # type: ignore[arg-type]

    assert found == Usage(input=90, output=20, cached=40, cache_written=30, reasoning=12)


def test_usage_is_none_when_the_provider_gave_none() -> None:
    assert usage_of(AIMessageChunk(content="hi")) is None


def test_the_text_is_the_words_alone() -> None:
    blocks: list[Any] = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "text", "text": "Net "},
        {"type": "input_json_delta", "partial_json": '{"a'},
        {"type": "function_call", "arguments": "{}"},
        "+12",
        {"type": "text", "annotations": []},
    ]

    assert text_of(AIMessageChunk(content=blocks)) == "Net +12"
    assert text_of(AIMessageChunk(content="plain")) == "plain"
