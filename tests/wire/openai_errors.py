"""OpenAI's errors, as its API words them: those of a fault, and those of a request it would not take."""

import re
from collections.abc import Callable
from typing import Any

from tests.wire import tokens
from tests.wire.format import Problem
from tests.wire.script import Asked, Fault

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_BUSY = "The server had an error while processing your request. Sorry about that!"
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_WINDOW = 128_000


def error(text: str, kind: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    """Return an error body."""
    return {"error": {"message": text, "type": kind, "param": param, "code": code}}


SERVER_ERROR = error(_BUSY, "server_error", "server_error")


def problem(asked: Asked, fault: Fault) -> Problem:
    """Return the error of a fault that comes before the answer."""
    made = _FAULTS[fault.kind](asked)
    return Problem(made.status, made.body, _patience(fault))


def objection(asked: Asked) -> Problem | None:
    """Return why the API would refuse a request of this shape; None when it would not."""
    if not asked.headers.get("authorization", "").removeprefix("Bearer").strip():
        return Problem(401, error("You didn't provide an API key.", "invalid_request_error", None))
    text, param, code = _shape(asked)
    return _invalid(text, code, param) if text else None


def _shape(asked: Asked) -> tuple[str, str | None, str | None]:
    place = "input" if asked.path.endswith("responses") else "messages"
    for number, name in enumerate(asked.tools):
        if not _NAME.fullmatch(name):
            where = f"tools[{number}].name" if place == "input" else f"tools[{number}].function.name"
            return f"Invalid '{where}': string does not match pattern.", where, "invalid_value"
    if open_calls := _unanswered(asked):
        rule = "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
        text = f"{rule}'tool_call_id'. The following tool_call_ids did not have response messages: {open_calls}"
        return text, place, None
    return "", None, None


def _unanswered(asked: Asked) -> str:
    called = [call["id"] for message in asked.messages for call in message["calls"]]
    answered = {message["call_id"] for message in asked.messages if message["role"] == "tool"}
    return ", ".join(call for call in called if call not in answered)


def _patience(fault: Fault) -> dict[str, str]:
    if not fault.retry_after:
        return {}
    return {"retry-after": f"{fault.retry_after:g}", "retry-after-ms": f"{fault.retry_after * 1000:.0f}"}


def _invalid(text: str, code: str | None, param: str | None) -> Problem:
    return Problem(400, error(text, "invalid_request_error", code, param))


def _rate(asked: Asked) -> Problem:
    text = f"Rate limit reached for {asked.model} in organization org-local on tokens per min (TPM): Limit 200000."
    return Problem(429, error(text, "tokens", "rate_limit_exceeded"))


def _quota(asked: Asked) -> Problem:
    return Problem(429, error(_QUOTA, "insufficient_quota", "insufficient_quota"))


def _busy(asked: Asked) -> Problem:
    return Problem(500, SERVER_ERROR)


def _overloaded(asked: Asked) -> Problem:
    return Problem(503, error("The engine is currently overloaded, please try again later", "server_error", None))


def _overflow(asked: Asked) -> Problem:
    if asked.path.endswith("responses"):
        text = "Your input exceeds the context window of this model. Please adjust your input and try again."
        return _invalid(text, "context_length_exceeded", "input")
    text = (
        f"This model's maximum context length is {_WINDOW} tokens. However, your messages resulted in "
        f"{_WINDOW + tokens.estimate(asked)} tokens. Please reduce the length of the messages."
    )
    return _invalid(text, "context_length_exceeded", "messages")


def _auth(asked: Asked) -> Problem:
    key = asked.headers.get("authorization", "").removeprefix("Bearer ")
    where = "You can find your API key at https://platform.openai.com/account/api-keys."
    text = f"Incorrect API key provided: {key[:7]}{'*' * max(len(key) - 11, 0)}{key[-4:]}. {where}"
    return Problem(401, error(text, "invalid_request_error", "invalid_api_key"))


def _unknown_model(asked: Asked) -> Problem:
    text = f"The model `{asked.model}` does not exist or you do not have access to it."
    return Problem(404, error(text, "invalid_request_error", "model_not_found"))


def _rejected(asked: Asked) -> Problem:
    text = "Invalid schema for function: schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."
    return _invalid(text, "invalid_function_parameters", "tools[0].function.parameters")


_FAULTS: dict[str, Callable[[Asked], Problem]] = {
    "rate": _rate,
    "quota": _quota,
    "busy": _busy,
    "overloaded": _overloaded,
    "overflow": _overflow,
    "auth": _auth,
    "unknown_model": _unknown_model,
    "rejected": _rejected,
}
