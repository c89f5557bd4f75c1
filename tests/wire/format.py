"""What the wire formats have in common: the parts of a stream, how words are cut, how events are framed."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Protocol

from tests.wire import tokens
from tests.wire.script import Asked, Fault, Reply, ToolUse

EVENTS = "text/event-stream; charset=utf-8"
LINES = "application/x-ndjson"
JSON = "application/json"
CUT = 4
"""Characters of a piece, about those of a token."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A streamed answer, framed: what opens it, its pieces of words and arguments, what closes it."""

    opening: bytes
    pieces: list[bytes]
    closing: bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that is an error."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Format(Protocol):
    """One provider's way to be asked and to answer.

    Attributes:
        content_type: Of a stream.
        garbage: A piece of a stream that cannot be decoded.
    """

    content_type: str
    garbage: bytes

    def read(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        """Understand a request."""

    def objection(self, asked: Asked) -> Problem | None:
        """Return why the provider would refuse a request of this shape; None when it would not."""

    def whole(self, asked: Asked, reply: Reply, mark: str) -> dict[str, Any]:
        """Return the answer in one; `mark` makes its ids unique."""

    def flow(self, asked: Asked, reply: Reply, mark: str) -> Flow:
        """Return the answer as a stream."""

    def problem(self, asked: Asked, fault: Fault) -> Problem:
        """Return the error of a fault that comes before the answer."""

    def midway(self, asked: Asked, mark: str) -> bytes:
        """Return the error event of a stream that has begun."""


def cut(text: str, pieces: int | None) -> list[str]:
    """Cut a text into that many pieces as even as can be, or into pieces of about a token."""
    if pieces is None:
        return [text[at : at + CUT] for at in range(0, len(text), CUT)]
    bounds = [len(text) * number // pieces for number in range(pieces + 1)] if text else []
    return [text[start:end] for start, end in pairwise(bounds)]


def arguments(use: ToolUse) -> str:
    """Return a call's arguments as the text that goes over the wire."""
    return use.arguments if isinstance(use.arguments, str) else dumps(use.arguments)


def parsed(text: str) -> dict[str, Any] | str:
    """Return arguments as an object, or as the text they are when they are none."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def words(content: Any) -> str:
    """Return the text of a message's content: a string, or a list of parts."""
    if isinstance(content, str) or not content:
        return content or ""
    return "".join(part if isinstance(part, str) else str(part.get("text") or "") for part in content)


def output(reply: Reply) -> int:
    """Count the tokens of an answer, reasoning included."""
    calls = sum(tokens.count(use.name) + tokens.count(arguments(use)) for use in reply.calls)
    return tokens.count(reply.text) + calls + reply.reasoning


def event(body: Mapping[str, Any], *, named: bool = True) -> bytes:
    """Frame a server-sent event, with its type as its name or without a name."""
    name = f"event: {body['type']}\n" if named else ""
    return f"{name}data: {dumps(body)}\n\n".encode()


def template(body: Mapping[str, Any], *, named: bool = True) -> tuple[bytes, bytes]:
    """Frame an event that differs only in one text, given as "@", and return what stands before and after the text."""
    before, _, after = event(body, named=named).partition(b'"@"')
    return before, after


def fill(frame: tuple[bytes, bytes], texts: Sequence[str]) -> Iterator[bytes]:
    """Return the framed event of each text."""
    before, after = frame
    return (before + dumps(text).encode() + after for text in texts)


def dumps(value: Any) -> str:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def now() -> int:
    """Return the time as providers stamp it, in Unix seconds."""
    return int(time.time())


def timestamp() -> str:
    """Return the time as Ollama stamps it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def message(role: str, text: str, *, calls: Sequence[Mapping[str, Any]] = (), call_id: str = "") -> dict[str, Any]:
    """Return a message in the common form."""
    return {"role": role, "text": text, "calls": list(calls), "call_id": call_id}
