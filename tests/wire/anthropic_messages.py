"""Anthropic's messages: `POST /v1/messages`."""

from collections.abc import Iterator
from typing import Any

from tests.wire import anthropic_errors, tokens
from tests.wire.format import (
    EVENTS,
    Flow,
    Problem,
    arguments,
    cut,
    event,
    fill,
    message,
    output,
    parsed,
    template,
    words,
)
from tests.wire.script import Asked, Fault, Reply

Json = dict[str, Any]
_STOP = {"length": "max_tokens", "content_filter": "refusal"}


class AnthropicMessages:
    """The format of Claude: content in blocks, each opened and closed."""

    content_type = EVENTS
    garbage = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n'

    def read(self, path: str, headers: dict[str, str], body: Json) -> Asked:
        """Understand a request."""
        schemas = [_schema(tool) for tool in body.get("tools") or ()]
        return Asked(
            provider="anthropic",
            path=path,
            model=body["model"],
            system=words(body.get("system")),
            messages=[said for given in body["messages"] for said in _messages(given)],
            tools=[schema["name"] for schema in schemas],
            tool_schemas=schemas,
            stream=bool(body.get("stream")),
            max_output=body.get("max_tokens"),
            headers=headers,
            body=body,
        )

    def objection(self, asked: Asked) -> Problem | None:
        """Return why Anthropic would refuse the request."""
        return anthropic_errors.objection(asked)

    def whole(self, asked: Asked, reply: Reply, mark: str) -> Json:
        """Return the message."""
        content: list[Json] = [{"type": "text", "text": reply.text}] if reply.text else []
        content += [{**block, "input": parsed(text)} for block, text in _uses(reply, mark)]
        return {**_envelope(asked, mark), "content": content, **_stop(reply), "usage": _usage(asked, reply)}

    def flow(self, asked: Asked, reply: Reply, mark: str) -> Flow:
        """Return the message as events."""
        usage = _usage(asked, reply)
        start = {**_envelope(asked, mark), "content": [], "stop_reason": None, "stop_sequence": None}
        opening = event({"type": "message_start", "message": {**start, "usage": {**usage, "output_tokens": 1}}})
        pieces = list(_blocks(reply, mark))
        closing = event({"type": "message_delta", "delta": _stop(reply), "usage": usage})
        return Flow(opening + event({"type": "ping"}), pieces, closing + event({"type": "message_stop"}))

    def problem(self, asked: Asked, fault: Fault) -> Problem:
        """Return the error of a fault that comes before the answer."""
        return anthropic_errors.problem(asked, fault)

    def midway(self, asked: Asked, mark: str) -> bytes:
        """Return the error that ends a stream."""
        return event(anthropic_errors.OVERLOADED)


def _messages(given: Json) -> Iterator[Json]:
    blocks = given["content"] if isinstance(given["content"], list) else [{"type": "text", "text": given["content"]}]
    results = [block for block in blocks if block["type"] == "tool_result"]
    calls = [
        {"id": block["id"], "name": block["name"], "arguments": block["input"]}
        for block in blocks
        if block["type"] == "tool_use"
    ]
    for result in results:
        yield message("tool", words(result.get("content")), call_id=result["tool_use_id"])
    text = words([block for block in blocks if block["type"] == "text"])
    if text or calls or not results:
        yield message(given["role"], text, calls=calls)


def _schema(tool: Json) -> Json:
    return {"name": tool["name"], "description": tool.get("description"), "parameters": tool.get("input_schema")}


def _envelope(asked: Asked, mark: str) -> Json:
    return {"id": f"msg_{mark}", "type": "message", "role": "assistant", "model": asked.model}


def _uses(reply: Reply, mark: str) -> list[tuple[Json, str]]:
    return [
        ({"type": "tool_use", "id": f"toolu_{mark}{number}", "name": use.name, "input": {}}, arguments(use))
        for number, use in enumerate(reply.calls)
    ]


def _blocks(reply: Reply, mark: str) -> Iterator[bytes]:
    said = [({"type": "text", "text": ""}, "text_delta", "text", cut(reply.text, reply.pieces))] if reply.text else []
    used = [(block, "input_json_delta", "partial_json", ["", *cut(text, None)]) for block, text in _uses(reply, mark)]
    for index, (block, kind, key, texts) in enumerate([*said, *used]):
        delta = {"type": "content_block_delta", "index": index, "delta": {"type": kind, key: "@"}}
        framed = list(fill(template(delta), texts))
        framed[0] = event({"type": "content_block_start", "index": index, "content_block": block}) + framed[0]
        framed[-1] += event({"type": "content_block_stop", "index": index})
        yield from framed


def _stop(reply: Reply) -> Json:
    natural = "refusal" if reply.refusal else "tool_use" if reply.calls else "end_turn"
    reason = _STOP.get(reply.finish, natural)
    details = {"type": "refusal", "category": None, "explanation": None} if reason == "refusal" else None
    return {"stop_reason": reason, "stop_sequence": None, "stop_details": details}


def _usage(asked: Asked, reply: Reply) -> Json:
    fresh = max(tokens.estimate(asked) - reply.cached - reply.cache_written, 0)
    return {
        "input_tokens": fresh,
        "cache_creation_input_tokens": reply.cache_written,
        "cache_read_input_tokens": reply.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": reply.cache_written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output(reply),
        "output_tokens_details": {"thinking_tokens": reply.reasoning},
        "service_tier": "standard",
    }
