"""What an exception of a provider's client tells, in one shape for all of them.

Exceptions are told by their names, modules and attributes; no provider's package is imported to do so, and httpx counts
like httpx2, which the SDKs of OpenAI and Anthropic use. What it all means is company/llm/faults.py's business.

Three things hide: the ollama package keeps the HTTP response only in the context of its error; an error event inside a
stream has the status 200 or none, so its code stands in; langchain-openai raises what a response says of itself as a
plain ValueError.
"""

import json
import re
import socket
import ssl
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_CLIENTS = frozenset({"openai", "anthropic", "ollama", "httpx", "httpx2", "httpcore", "httpcore2"})
_ADAPTERS = frozenset({"langchain_core", "langchain_openai", "langchain_anthropic", "langchain_ollama"})
_READING = frozenset(
    {
        "__stream__",
        "_process_response_data",
        "_process_response",
        "inner",  # ollama's stream
        "_convert_chunk_to_generation_chunk",
        "_convert_delta_to_message_chunk",
        "_convert_responses_chunk_to_generation_chunk",
        "_construct_lc_result_from_responses_api",
        "_create_chat_result",
        "_make_message_chunk_from_anthropic_event",
        "_get_tool_calls_from_response",
        "_get_usage_metadata_from_generation_info",
        "merge_dicts",
        "merge_lists",
    }
)
"""Functions of those packages that read an answer; what fails below them is the answer's fault."""

_STATUS = {
    "invalid_request_error": 400,
    "badrequesterror": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "notfounderror": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "too_many_requests": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""HTTP status of an error inside a stream, by its type or code."""

_LOOPS = frozenset({"_astream", "_astream_responses", "_aiterate_over_stream"})
"""Functions that write a request and read its answer: what lacks an attribute or item there is a piece of an answer."""

_CODED = re.compile(
    r"(?:ResponseError\()?(?:code='(?P<field>\w+)',? message=|(?P<prefix>\w+): )(?P<text>.*?)\)?", re.DOTALL
)
_QUOTED = re.compile(r"""(?P<mark>['"])(?P<text>.*?)(?P=mark)(?:,? \w+=.*)?""", re.DOTALL)
"""A field of a pydantic object as text, and the fields behind it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a failed call.

    Attributes:
        names: Names of the error's classes, and of those it was raised from.
        status: HTTP status, or the one its code or type stands for.
        codes: The provider's code and type, lower case.
        text: The provider's words; of the transport when no provider answered.
        headers: Headers of the answer.
    """

    names: frozenset[str]
    status: int | None
    codes: str
    text: str
    headers: Mapping[str, str]


def read_evidence(error: BaseException) -> Evidence | None:
    """Return what an error tells; None when it did not come from outside."""
    told = _told(error)
    if told is None and not _is_from_outside(error):
        return None
    body, response = _body(error) if told is None else told, _response(error)
    code, kind = (str(body.get(name) or getattr(error, name, None) or "").lower() for name in ("code", "type"))
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    return Evidence(
        names=frozenset(kind.__name__ for link in _links(error) for kind in type(link).__mro__),
        status=_status(status, code, kind),
        codes=f"{code} {kind}",
        text=_text(body) or _transport_text(error),
        headers=getattr(response, "headers", None) or {},
    )


def was_reading(error: BaseException) -> bool:
    """Tell whether an error came up while a provider's package read an answer."""
    functions = [
        frame.f_code.co_name
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _CLIENTS | _ADAPTERS
    ]
    missing = isinstance(error, AttributeError | LookupError) and functions[-1:] and functions[-1] in _LOOPS
    return bool(missing or _READING.intersection(functions))


def _is_from_outside(error: BaseException) -> bool:
    roots = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    names = {kind.__name__ for kind in type(error).__mro__}
    if roots & _CLIENTS or names & {"ModelError", "OutputParserException", "OpenAIRefusalError"}:
        return True
    return isinstance(
        error,
        TimeoutError | ConnectionError | ssl.SSLError | socket.gaierror | json.JSONDecodeError | UnicodeDecodeError,
    )


def _links(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was explicitly raised from."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__


def _told(error: BaseException) -> Mapping[str, Any] | None:
    """Return the error object behind a plain ValueError of langchain-openai; None when it is something else."""
    if type(error) is not ValueError or not error.args or not was_reading(error):
        return None
    if isinstance(error.args[0], Mapping):
        return error.args[0]
    if found := _CODED.fullmatch(str(error)):
        quoted = _QUOTED.fullmatch(found["text"])
        return {"code": found["field"] or found["prefix"], "message": quoted["text"] if quoted else found["text"]}
    return {"code": "server_error", "message": str(error)} if str(error).endswith(" failed.") else None


def _status(status: Any, code: str, kind: str) -> int | None:
    if isinstance(status, int) and status >= 300:
        return status
    if code.isdecimal() and 300 <= int(code) < 600:
        return int(code)
    return _STATUS.get(code) or _STATUS.get(kind)


def _response(error: BaseException) -> Any:
    response = getattr(error, "response", None)
    return response if response is not None else getattr(error.__context__, "response", None)


def _body(error: BaseException) -> Mapping[str, Any]:
    """Return the error object of a body: OpenAI's package unwraps it, Anthropic's does not, ollama keeps its text."""
    body = getattr(error, "body", None) or getattr(error, "error", None)
    if isinstance(body, Mapping):
        body = body.get("error") or body
    if isinstance(body, Mapping):
        return body
    return {"message": body} if isinstance(body, str) and not body.lstrip().startswith("<") else {}


def _text(body: Mapping[str, Any]) -> str:
    """Return the words of an error object, and those of the provider behind a router."""
    said = next((body[name] for name in ("message", "detail", "error") if isinstance(body.get(name), str)), "")
    metadata = body.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    return f"{said} {raw}" if isinstance(raw, str) else said


def _transport_text(error: BaseException) -> str:
    """Return what the transport said, and nothing of a parser or SDK: those quote the answer or the request."""
    for link in _links(error):
        spoke = type(link).__module__.startswith(("httpx", "httpcore"))
        if spoke or isinstance(link, ConnectionError | ssl.SSLError | socket.gaierror):
            return "" if hasattr(link, "response") else str(link)
    return ""
