"""OpenAI's responses: `POST /v1/responses`."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.wire import openai_errors, tokens
from tests.wire.format import (
    EVENTS,
    Flow,
    Problem,
    arguments,
    cut,
    event,
    message,
    now,
    output,
    parsed,
    words,
)
from tests.wire.script import Asked, Fault, Reply

Json = dict[str, Any]


class OpenAIResponses:
    """The format of OpenAI's newer API: typed items, and typed events that are numbered."""

    content_type = EVENTS
    garbage = b'event: response.output_text.delta\ndata: {"type":"response.output_text.del\n\n'

    def read(self, path: str, headers: dict[str, str], body: Json) -> Asked:
        """Understand a request."""
        given = body["input"]
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        standing = [item for item in items if item.get("role") in {"system", "developer"}]
        schemas = [_schema(tool) for tool in body.get("tools") or ()]
        return Asked(
            provider="openai",
            path=path,
            model=body["model"],
            system="\n\n".join(filter(None, [body.get("instructions"), *(words(m["content"]) for m in standing)])),
            messages=list(_messages(item for item in items if item not in standing)),
            tools=[schema["name"] for schema in schemas],
            tool_schemas=schemas,
            stream=bool(body.get("stream")),
            max_output=body.get("max_output_tokens"),
            headers=headers,
            body=body,
        )

    def objection(self, asked: Asked) -> Problem | None:
        """Return why OpenAI would refuse the request."""
        return openai_errors.objection(asked)

    def whole(self, asked: Asked, reply: Reply, mark: str) -> Json:
        """Return the response."""
        return _response(asked, reply, mark, _status(reply), _items(reply, mark))

    def flow(self, asked: Asked, reply: Reply, mark: str) -> Flow:
        """Return the response as events."""
        numbers = count()
        begun = _response(asked, reply, mark, "in_progress", [])
        opening = b"".join(
            _event(numbers, kind, response=begun) for kind in ("response.created", "response.in_progress")
        )
        items = _items(reply, mark)
        pieces = [
            piece for index, item in enumerate(items) for piece in _item_pieces(numbers, index, item, reply.pieces)
        ]
        status = _status(reply)
        closing = _event(numbers, f"response.{status}", response=_response(asked, reply, mark, status, items))
        return Flow(opening, pieces, closing)

    def problem(self, asked: Asked, fault: Fault) -> Problem:
        """Return the error of a fault that comes before the answer."""
        return openai_errors.problem(asked, fault)

    def midway(self, asked: Asked, mark: str) -> bytes:
        """Return the event that ends a failed response; `error` is the other one OpenAI knows."""
        failed = _response(asked, Reply(), mark, "failed", [])
        said = {"code": "server_error", "message": openai_errors.SERVER_ERROR["error"]["message"]}
        return _event(count(1_000), "response.failed", response={**failed, "error": said, "usage": None})


def _messages(items: Iterator[Json]) -> Iterator[Json]:
    for item in items:
        match item.get("type", "message"):
            case "message":
                yield message(item["role"], words(item["content"]))
            case "function_call":
                call = {"id": item["call_id"], "name": item["name"], "arguments": parsed(item["arguments"])}
                yield message("assistant", "", calls=[call])
            case "function_call_output":
                yield message("tool", words(item["output"]), call_id=item["call_id"])


def _schema(tool: Json) -> Json:
    return {key: tool.get(key) for key in ("name", "description", "parameters")}


def _status(reply: Reply) -> str:
    return "incomplete" if reply.finish else "completed"


def _response(asked: Asked, reply: Reply, mark: str, status: str, items: list[Json]) -> Json:
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reply.finish)
    return {
        "id": f"resp_{mark}",
        "object": "response",
        "created_at": now(),
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if status == "incomplete" else None,
        "instructions": asked.body.get("instructions"),
        "max_output_tokens": asked.max_output,
        "metadata": {},
        "model": asked.model,
        "output": items,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": asked.body.get("tools") or [],
        "top_p": 1.0,
        "usage": None if status == "in_progress" else _usage(asked, reply),
    }


def _items(reply: Reply, mark: str) -> list[Json]:
    items: list[Json] = [{"id": f"rs_{mark}", "type": "reasoning", "summary": []}] if reply.reasoning else []
    if reply.text:
        items.append(_spoken(reply, mark))
    items += [
        {
            "id": f"fc_{mark}{number}",
            "type": "function_call",
            "status": "completed",
            "arguments": arguments(use),
            "call_id": f"call_{mark}{number}",
            "name": use.name,
        }
        for number, use in enumerate(reply.calls)
    ]
    return items


def _spoken(reply: Reply, mark: str) -> Json:
    text = {"type": "output_text", "annotations": [], "logprobs": [], "text": reply.text}
    part = {"type": "refusal", "refusal": reply.text} if reply.refusal else text
    status = "incomplete" if reply.finish else "completed"
    return {"id": f"msg_{mark}", "type": "message", "status": status, "role": "assistant", "content": [part]}


def _item_pieces(numbers: "count[int]", index: int, item: Json, pieces: int | None) -> Iterator[bytes]:
    """Yield an item's deltas, its opening events joined to the first and its closing ones to the last."""
    match item["type"]:
        case "message":
            yield from _joined(numbers, index, item, *_message_events(numbers, index, item, pieces))
        case "function_call":
            yield from _joined(numbers, index, item, *_call_events(numbers, index, item))
        case _:
            yield _added(numbers, index, item) + _finished(numbers, index, item)


def _message_events(
    numbers: "count[int]", index: int, item: Json, pieces: int | None
) -> tuple[Json, Iterator[bytes], Iterator[bytes]]:
    part = item["content"][0]
    key = "refusal" if part["type"] == "refusal" else "text"
    kind = "response.refusal" if key == "refusal" else "response.output_text"
    at = {"item_id": item["id"], "output_index": index, "content_index": 0}
    extra: Json = {} if key == "refusal" else {"logprobs": []}

    def said() -> Iterator[bytes]:
        opened = _event(numbers, "response.content_part.added", **at, part={**part, key: ""})
        for text in cut(part[key], pieces):
            yield opened + _event(numbers, f"{kind}.delta", **at, delta=text, **extra)
            opened = b""

    def done() -> Iterator[bytes]:
        yield _event(numbers, f"{kind}.done", **at, **{key: part[key]}, **extra)
        yield _event(numbers, "response.content_part.done", **at, part=part)

    return {**item, "status": "in_progress", "content": []}, said(), done()


def _call_events(numbers: "count[int]", index: int, item: Json) -> tuple[Json, Iterator[bytes], Iterator[bytes]]:
    at, kind = {"item_id": item["id"], "output_index": index}, "response.function_call_arguments"

    def said() -> Iterator[bytes]:
        for text in cut(item["arguments"], None):
            yield _event(numbers, f"{kind}.delta", **at, delta=text)

    def done() -> Iterator[bytes]:
        yield _event(numbers, f"{kind}.done", **at, name=item["name"], arguments=item["arguments"])

    return {**item, "status": "in_progress", "arguments": ""}, said(), done()


def _joined(
    numbers: "count[int]", index: int, item: Json, begun: Json, said: Iterator[bytes], done: Iterator[bytes]
) -> Iterator[bytes]:
    before = _added(numbers, index, begun)
    for piece in said:
        yield before + piece
        before = b""
    yield before + b"".join(done) + _finished(numbers, index, item)


def _added(numbers: "count[int]", index: int, item: Json) -> bytes:
    return _event(numbers, "response.output_item.added", output_index=index, item=item)


def _finished(numbers: "count[int]", index: int, item: Json) -> bytes:
    return _event(numbers, "response.output_item.done", output_index=index, item=item)


def _event(numbers: "count[int]", kind: str, **body: Any) -> bytes:
    return event({"type": kind, "sequence_number": next(numbers), **body})


def _usage(asked: Asked, reply: Reply) -> Json:
    read, written = tokens.estimate(asked), output(reply)
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": min(reply.cached, read), "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": reply.reasoning},
        "total_tokens": read + written,
    }
