"""Anthropic's errors, as its API words them: those of a fault, and those of a request it would not take."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from tests.wire import tokens
from tests.wire.format import Problem
from tests.wire.script import Asked, Fault

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_CREDIT = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
    "credits."
)
_WINDOW = 200_000


def error(kind: str, text: str) -> dict[str, Any]:
    """Return an error body."""
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_local"}


OVERLOADED = error("overloaded_error", "Overloaded")


def problem(asked: Asked, fault: Fault) -> Problem:
    """Return the error of a fault that comes before the answer; an empty account is a 400 here, not a 429."""
    status, kind, say = _FAULTS[fault.kind]
    patience = {"retry-after": f"{fault.retry_after:g}"} if fault.retry_after else {}
    return Problem(status, error(kind, say(asked)), {"request-id": "req_local", **patience})


def objection(asked: Asked) -> Problem | None:
    """Return why the API would refuse a request of this shape; None when it would not."""
    if not (asked.headers.get("x-api-key") or asked.headers.get("authorization")):
        return Problem(401, error("authentication_error", "x-api-key header is required"))
    text = next(_shape(asked), "")
    return Problem(400, error("invalid_request_error", text)) if text else None


def _shape(asked: Asked) -> Iterator[str]:
    if asked.max_output is None:
        yield "max_tokens: Field required"
    for number, name in enumerate(asked.tools):
        if not _NAME.fullmatch(name):
            yield f"tools.{number}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
    said = asked.body["messages"]
    if not said or said[0]["role"] != "user":
        yield (
            "messages: at least one message is required"
            if not said
            else ('messages: first message must use the "user" role')
        )
    for number, given in enumerate(said):
        yield from _content(number, given)
    for number, (before, after) in enumerate(pairwise([*said, {"content": []}])):
        if lost := _ids(before, "tool_use", "id") - _ids(after, "tool_result", "tool_use_id"):
            yield (
                f"messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(sorted(lost))}. Each `tool_use` block must have a corresponding `tool_result` block in "
                "the next message."
            )


def _content(number: int, given: dict[str, Any]) -> Iterator[str]:
    content = given["content"]
    blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
    if any(block["type"] == "text" and not block["text"] for block in blocks):
        yield f"messages.{number}: text content blocks must be non-empty"
    if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
        yield f"messages.{number}: text content blocks must contain non-whitespace text"
    if any(block["type"] == "tool_use" and not isinstance(block["input"], dict) for block in blocks):
        yield f"messages.{number}.content: tool_use.input: Input should be a valid dictionary"


def _ids(given: dict[str, Any], kind: str, key: str) -> set[str]:
    blocks = given["content"] if isinstance(given["content"], list) else []
    return {block[key] for block in blocks if block["type"] == kind}


def _rate(asked: Asked) -> str:
    return (
        f"This request would exceed your organization's rate limit of 50,000 input tokens per minute ({asked.model})."
    )


def _overflow(asked: Asked) -> str:
    return f"prompt is too long: {_WINDOW + tokens.estimate(asked)} tokens > {_WINDOW} maximum"


_FAULTS: dict[str, tuple[int, str, Callable[[Asked], str]]] = {
    "rate": (429, "rate_limit_error", _rate),
    "quota": (400, "invalid_request_error", lambda _: _CREDIT),
    "busy": (500, "api_error", lambda _: "Internal server error"),
    "overloaded": (529, "overloaded_error", lambda _: "Overloaded"),
    "overflow": (400, "invalid_request_error", _overflow),
    "auth": (401, "authentication_error", lambda _: "invalid x-api-key"),
    "unknown_model": (404, "not_found_error", lambda asked: f"model: {asked.model}"),
    "rejected": (400, "invalid_request_error", lambda _: "tools.0.custom.input_schema: JSON schema is invalid."),
}
