"""The boundary to the providers: what leaves this machine, in which shape, and what comes back.

Our messages carry data for the autopilot beside their text, and call ids that name a playbook step; neither is sent.
What a provider would refuse is put right here, always in the same way, so that a conversation that grows keeps its
prefix and the provider finds it in its cache:

- call ids become ids that every provider takes; a call and its result get the same one;
- every call is followed by its result, in the order of the calls; a call that was never carried out says so;
- empty messages are left out, and words of the same side that follow each other become one message, except at
  Anthropic, where they stay apart inside one turn: its cache works by whole blocks.

Anthropic caches what is marked: the end of the standing instructions, behind the tools, and, once a conversation has
turns, its last block. A first call marks no more than the instructions, because a written cache costs a quarter more
and most roles need one call. OpenAI caches by itself and takes a hint which requests share a prefix.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from company.llm.mind import Usage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage

Kind = Literal["openai", "anthropic", "ollama"]
Json = dict[str, Any]

_SAFE_ID = re.compile(r"[a-zA-Z0-9_-]{1,40}")
_CACHED: Json = {"type": "ephemeral"}
_NOT_DONE = "(This call was not carried out.)"
_PLAIN_TYPES = ("string", "number", "integer", "boolean")


def call_id(name: str) -> str:
    """Return the id that stands for a call of ours outside; a safe one stays as it is."""
    if _SAFE_ID.fullmatch(name):
        return name
    return f"call_{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def outgoing(messages: "Sequence[BaseMessage]", kind: Kind) -> "list[BaseMessage]":
    """Return the conversation as a provider takes it; nothing but roles, words, calls and results.

    Args:
        messages: The conversation, standing instructions first.
        kind: Wire format of the provider.
    """
    plain = list(_answered([_plain(message) for message in messages if _says_something(message)]))
    if kind != "anthropic":
        return list(_joined(_instructed(plain)))
    plain = list(_instructed(plain))
    if plain and plain[0].type == "system":
        plain[0] = _marked(plain[0])
    if any(message.type == "ai" for message in plain) and plain[-1].type != "ai":
        plain[-1] = _marked(plain[-1])
    return plain


def _says_something(message: "BaseMessage") -> bool:
    return message.type == "tool" or bool(getattr(message, "tool_calls", ()) or _words(message).strip())


def _words(message: "BaseMessage") -> str:
    return message.content if isinstance(message.content, str) else str(message.text)


def _plain(message: "BaseMessage") -> "BaseMessage":
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

    if isinstance(message, AIMessage):
        calls = [{**call, "id": call_id(call["id"] or "")} for call in message.tool_calls]
        return AIMessage(content=_words(message), tool_calls=calls)
    if isinstance(message, ToolMessage):
        return ToolMessage(content=_words(message), tool_call_id=call_id(message.tool_call_id))
    return (SystemMessage if message.type == "system" else HumanMessage)(content=_words(message))


def _answered(messages: "Sequence[BaseMessage]") -> "Iterator[BaseMessage]":
    """Put every result right behind its call; one whose call is not there is told in words."""
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

    results = {message.tool_call_id: message for message in messages if isinstance(message, ToolMessage)}
    asked = {call["id"] for message in messages if isinstance(message, AIMessage) for call in message.tool_calls}
    for message in messages:
        if isinstance(message, AIMessage):
            yield message
            yield from _results(message, results)
        elif not isinstance(message, ToolMessage):
            yield message
        elif message.tool_call_id not in asked:
            yield HumanMessage(content=f"The result of an earlier call: {message.content}")


def _results(message: "AIMessage", results: "Mapping[str, ToolMessage]") -> "Iterator[ToolMessage]":
    from langchain_core.messages import ToolMessage

    for call in message.tool_calls:
        name = call["id"] or ""
        yield results.get(name) or ToolMessage(content=_NOT_DONE, tool_call_id=name)


def _instructed(messages: "Sequence[BaseMessage]") -> "Iterator[BaseMessage]":
    """Instructions stand at the beginning, as one; later ones become words, for not every provider takes them there."""
    from langchain_core.messages import HumanMessage, SystemMessage

    first = next((place for place, message in enumerate(messages) if message.type != "system"), len(messages))
    if first:
        yield SystemMessage(content="\n\n".join(_words(message) for message in messages[:first]))
    for message in messages[first:]:
        yield HumanMessage(content=message.content) if message.type == "system" else message


def _joined(messages: "Iterator[BaseMessage]") -> "Iterator[BaseMessage]":
    """Make one message of human words that follow each other: some local models insist that the sides take turns."""
    from langchain_core.messages import HumanMessage

    for side, group in groupby(messages, lambda message: message.type):
        if side == "human":
            yield HumanMessage(content="\n\n".join(_words(message) for message in group))
        else:
            yield from group


def _marked(message: "BaseMessage") -> "BaseMessage":
    block = {"type": "text", "text": _words(message), "cache_control": _CACHED}
    return message.model_copy(update={"content": [block]})


def offered(tools: Sequence[Mapping[str, Any]], kind: Kind, *, instructed: bool = True) -> list[Json]:
    """Return the tools as a provider takes them.

    References inside a schema are resolved and titles left out: fewer tokens, and some servers read neither.

    Args:
        tools: `{"name", "description", "parameters"}`, the parameters as JSON schema.
        kind: Wire format of the provider.
        instructed: The conversation has standing instructions, whose cache mark covers the tools too.
    """
    if kind == "anthropic":
        found = [_for_anthropic(tool) for tool in tools]
        if found and not instructed:
            found[-1] = {**found[-1], "cache_control": _CACHED}
        return found
    shape = _for_ollama if kind == "ollama" else _resolved
    return [{"type": "function", "function": {**tool, "parameters": shape(tool["parameters"])}} for tool in tools]


def _for_anthropic(tool: Mapping[str, Any]) -> Json:
    schema = _resolved(tool["parameters"])
    return {"name": tool["name"], "description": tool["description"], "input_schema": schema}


def _resolved(schema: Mapping[str, Any]) -> Json:
    """Put definitions where they are referred to; one that holds itself is an object of any kind inside itself."""
    return _inlined({key: value for key, value in schema.items() if key != "$defs"}, schema.get("$defs", {}), ())


def _inlined(schema: Mapping[str, Any], definitions: Mapping[str, Any], within: tuple[str, ...]) -> Json:
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        target: Mapping[str, Any] = {"type": "object"} if name in within else definitions.get(name, {"type": "object"})
        return _inlined({**target, **rest}, definitions, (*within, name))

    def part(value: Any) -> Any:
        if isinstance(value, Mapping):
            return _inlined(value, definitions, within)
        return [part(item) for item in value] if isinstance(value, list) else value

    found: Json = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: part(inner) for name, inner in value.items()}
        elif key in {"default", "enum", "const", "examples"}:
            found[key] = value
        elif key != "title":
            found[key] = part(value)
    return found


def _for_ollama(schema: Mapping[str, Any]) -> Json:
    """Ollama's own client keeps type, items, description and enum of a parameter; what else matters goes into words."""
    plain = _resolved(schema)
    properties = {name: _told(inner) for name, inner in plain.get("properties", {}).items()}
    return {"type": "object", "properties": properties, "required": plain.get("required", [])}


def _told(schema: Json) -> Json:
    branches = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
    whole = {**schema, **branches[0]} if len(branches) == 1 else schema
    kept = {key: whole[key] for key in ("type", "items", "description", "enum") if key in whole}
    if whole.get("type") in _PLAIN_TYPES or "enum" in kept or whole.get("type") == "array":
        return kept
    form = {key: value for key, value in whole.items() if key not in {"description", "default", "type"}}
    if form:
        shown = json.dumps(form, ensure_ascii=False, separators=(",", ":"))
        kept["description"] = f"{kept.get('description', '')} JSON by this schema: {shown}".strip()
    return {"type": "object", **kept} if "properties" in form else kept


def usage_of(answer: "AIMessageChunk") -> Usage | None:
    """Return the tokens an answer says it took; None when it does not say."""
    usage = answer.usage_metadata
    if not usage:
        return None
    read: Mapping[str, Any] = usage.get("input_token_details") or {}
    written: Mapping[str, Any] = usage.get("output_token_details") or {}
    by_age = sum(value or 0 for key, value in read.items() if key.startswith("ephemeral_"))
    return Usage(
        input=usage["input_tokens"],
        output=usage["output_tokens"],
        cached=read.get("cache_read") or 0,
        cache_written=(read.get("cache_creation") or 0) + by_age,
        reasoning=written.get("reasoning") or 0,
    )


def text_of(message: "AIMessageChunk") -> str:
    """Return the words of an answer or of a piece of it: no thoughts, no calls."""
    if isinstance(message.content, str):
        return message.content
    return "".join(
        block if isinstance(block, str) else block.get("text") or "" if block.get("type") == "text" else ""
        for block in message.content
    )
