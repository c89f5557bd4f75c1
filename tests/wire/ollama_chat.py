"""Ollama's chat: `POST /api/chat`."""

from collections.abc import Callable
from typing import Any

from tests.wire import tokens
from tests.wire.format import LINES, Flow, Problem, cut, dumps, message, output, timestamp
from tests.wire.script import Asked, Fault, Reply, ToolUse

Json = dict[str, Any]
_BUSY = "server busy, please try again.  maximum pending requests exceeded"
_CRASH = "llama runner process has terminated: exit status 2"


class OllamaChat:
    """The format of models on one's own machine: one JSON object a line; calls are never cut into pieces."""

    content_type = LINES
    garbage = b'{"model":"local","created_at":"2026-01-01T00:00:00Z","mess\n'

    def read(self, path: str, headers: dict[str, str], body: Json) -> Asked:
        """Understand a request; it streams unless told not to."""
        said = body["messages"]
        schemas = [_schema(tool) for tool in body.get("tools") or ()]
        return Asked(
            provider="ollama",
            path=path,
            model=body["model"],
            system="\n\n".join(m["content"] for m in said if m["role"] == "system"),
            messages=[_message(m) for m in said if m["role"] != "system"],
            tools=[schema["name"] for schema in schemas],
            tool_schemas=schemas,
            stream=body.get("stream", True),
            max_output=(body.get("options") or {}).get("num_predict"),
            headers=headers,
            body=body,
        )

    def objection(self, asked: Asked) -> Problem | None:
        """Return None: Ollama takes every shape."""
        return None

    def whole(self, asked: Asked, reply: Reply, mark: str) -> Json:
        """Return the answer."""
        said: Json = {"role": "assistant", "content": reply.text}
        if reply.calls:
            said["tool_calls"] = _calls(reply, mark)
        return {**_line(asked, said), **_end(asked, reply)}

    def flow(self, asked: Asked, reply: Reply, mark: str) -> Flow:
        """Return the answer as lines."""
        before, _, after = dumps(_line(asked, {"role": "assistant", "content": "@"}) | {"done": False}).partition('"@"')
        pieces = [f"{before}{dumps(text)}{after}\n".encode() for text in cut(reply.text, reply.pieces)]
        if reply.calls:
            said = {"role": "assistant", "content": "", "tool_calls": _calls(reply, mark)}
            pieces.append(f"{dumps(_line(asked, said) | {'done': False})}\n".encode())
        closing = _line(asked, {"role": "assistant", "content": ""}) | _end(asked, reply)
        return Flow(b"", pieces, f"{dumps(closing)}\n".encode())

    def problem(self, asked: Asked, fault: Fault) -> Problem:
        """Return the error of a fault that comes before the answer; 401 and 429 come from Ollama's cloud models."""
        status, say = _FAULTS[fault.kind]
        patience = {"retry-after": f"{fault.retry_after:g}"} if fault.retry_after else {}
        return Problem(status, {"error": say(asked)}, patience)

    def midway(self, asked: Asked, mark: str) -> bytes:
        """Return the error that ends a stream."""
        return f"{dumps({'error': _CRASH})}\n".encode()


def _message(given: Json) -> Json:
    calls = [
        {"id": call.get("id", ""), **{key: call["function"][key] for key in ("name", "arguments")}}
        for call in given.get("tool_calls") or ()
    ]
    call_id = given.get("tool_call_id") or given.get("tool_name") or ""
    return message(given["role"], given.get("content") or "", calls=calls, call_id=call_id)


def _schema(tool: Json) -> Json:
    return {key: tool["function"].get(key) for key in ("name", "description", "parameters")}


def _line(asked: Asked, said: Json) -> Json:
    return {"model": asked.model, "created_at": timestamp(), "message": said}


def _end(asked: Asked, reply: Reply) -> Json:
    return {
        "done": True,
        "done_reason": "length" if reply.finish == "length" else "stop",
        "total_duration": 1_000_000,
        "load_duration": 100_000,
        "prompt_eval_count": tokens.estimate(asked),
        "prompt_eval_duration": 300_000,
        "eval_count": output(reply),
        "eval_duration": 600_000,
    }


def _calls(reply: Reply, mark: str) -> list[Json]:
    return [
        {"id": f"call_{mark}{number}", "function": {"index": number, "name": use.name, "arguments": _object(use)}}
        for number, use in enumerate(reply.calls)
    ]


def _object(use: ToolUse) -> Json:
    return {"raw": use.arguments} if isinstance(use.arguments, str) else use.arguments


_FAULTS: dict[str, tuple[int, Callable[[Asked], str]]] = {
    "rate": (429, lambda _: "too many requests"),
    "quota": (429, lambda _: "you've reached your hourly usage limit, please upgrade to continue"),
    "busy": (500, lambda _: _CRASH),
    "overloaded": (503, lambda _: _BUSY),
    "overflow": (400, lambda _: "the input length exceeds the context length"),
    "auth": (401, lambda _: "unauthorized"),
    "unknown_model": (404, lambda asked: f"model '{asked.model}' not found"),
    "rejected": (400, lambda asked: f"registry.ollama.ai/library/{asked.model} does not support tools"),
}
