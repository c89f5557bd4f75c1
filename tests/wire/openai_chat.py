"""OpenAI's chat completions: `POST /v1/chat/completions`."""

from typing import Any

from tests.wire import openai_errors, tokens
from tests.wire.format import (
    EVENTS,
    Flow,
    Problem,
    arguments,
    cut,
    dumps,
    event,
    fill,
    message,
    now,
    output,
    parsed,
    template,
    words,
)
from tests.wire.script import Asked, Fault, Reply

_DONE = b"data: [DONE]\n\n"


class OpenAIChat:
    """The format every compatible server speaks."""

    content_type = EVENTS
    garbage = b'data: {"id":"chatcmpl-0","object":"chat.completion.chunk","choices":[{"ind\n\n'

    def read(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        """Understand a request."""
        said = body["messages"]
        schemas = [_schema(tool) for tool in body.get("tools") or ()]
        return Asked(
            provider="openai",
            path=path,
            model=body["model"],
            system="\n\n".join(words(m["content"]) for m in said if m["role"] in {"system", "developer"}),
            messages=[_message(m) for m in said if m["role"] not in {"system", "developer"}],
            tools=[schema["name"] for schema in schemas],
            tool_schemas=schemas,
            stream=bool(body.get("stream")),
            max_output=body.get("max_completion_tokens") or body.get("max_tokens"),
            headers=headers,
            body=body,
        )

    def objection(self, asked: Asked) -> Problem | None:
        """Return why OpenAI would refuse the request."""
        return openai_errors.objection(asked)

    def whole(self, asked: Asked, reply: Reply, mark: str) -> dict[str, Any]:
        """Return the completion."""
        said: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None, "annotations": []}
        if reply.refusal:
            said |= {"content": None, "refusal": reply.text}
        if reply.calls:
            said["tool_calls"] = _calls(reply, mark)
        choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": _finish(reply)}
        return {**_envelope(asked, mark, "chat.completion"), "choices": [choice], "usage": _usage(asked, reply)}

    def flow(self, asked: Asked, reply: Reply, mark: str) -> Flow:
        """Return the completion as chunks."""
        counted = (asked.body.get("stream_options") or {}).get("include_usage")
        base = _envelope(asked, mark, "chat.completion.chunk") | ({"usage": None} if counted else {})

        def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            return {**base, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

        spoken = "refusal" if reply.refusal else "content"
        pieces = list(fill(template(chunk({spoken: "@"}), named=False), cut(reply.text, reply.pieces)))
        for index, call in enumerate(_calls(reply, mark)):
            full = call["function"]["arguments"]
            head = {"index": index, **call, "function": {**call["function"], "arguments": ""}}
            pieces.append(event(chunk({"tool_calls": [head]}), named=False))
            rest = chunk({"tool_calls": [{"index": index, "function": {"arguments": "@"}}]})
            pieces += fill(template(rest, named=False), cut(full, None))
        opening = {"role": "assistant", "content": None if reply.calls and not reply.text else "", "refusal": None}
        closing = event(chunk({}, _finish(reply)), named=False)
        if counted:
            closing += event({**base, "choices": [], "usage": _usage(asked, reply)}, named=False)
        return Flow(event(chunk(opening), named=False), pieces, closing + _DONE)

    def problem(self, asked: Asked, fault: Fault) -> Problem:
        """Return the error of a fault that comes before the answer."""
        return openai_errors.problem(asked, fault)

    def midway(self, asked: Asked, mark: str) -> bytes:
        """Return the error that ends a stream."""
        return f"data: {dumps(openai_errors.SERVER_ERROR)}\n\n".encode()


def _message(given: dict[str, Any]) -> dict[str, Any]:
    calls = [
        {"id": call["id"], "name": call["function"]["name"], "arguments": parsed(call["function"]["arguments"])}
        for call in given.get("tool_calls") or ()
    ]
    return message(given["role"], words(given.get("content")), calls=calls, call_id=given.get("tool_call_id", ""))


def _schema(tool: dict[str, Any]) -> dict[str, Any]:
    return {key: tool["function"].get(key) for key in ("name", "description", "parameters")}


def _envelope(asked: Asked, mark: str, kind: str) -> dict[str, Any]:
    base = {"id": f"chatcmpl-{mark}", "object": kind, "created": now(), "model": asked.model}
    return {**base, "service_tier": "default", "system_fingerprint": "fp_local"}


def _calls(reply: Reply, mark: str) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{mark}{n}", "type": "function", "function": {"name": use.name, "arguments": arguments(use)}}
        for n, use in enumerate(reply.calls)
    ]


def _finish(reply: Reply) -> str:
    return reply.finish or ("tool_calls" if reply.calls else "stop")


def _usage(asked: Asked, reply: Reply) -> dict[str, Any]:
    read, written = tokens.estimate(asked), output(reply)
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": min(reply.cached, read), "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reply.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
