"""Reads requests of OpenAI's two interfaces down to what a company needs: who is asked, what is new, how to answer.

Clients send the whole conversation each time. New is only its last user message; the rest is read to find the
conversation again, never to act on. What would change the meaning of an answer and cannot be kept is refused by name;
what only tunes a model is ignored, because no model of the caller's choosing is at work.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from company.server.doors.openai_errors import OpenAiError

LONGEST = 16_000
"""Characters of a message, as in the native API."""

_TEXT = frozenset({"text", "input_text", "output_text"})
_STANDING = frozenset({"system", "developer"})
"""Roles whose messages are no turn of the conversation."""


Body = TypeVar("Body", bound=BaseModel)


class Part(BaseModel):
    """One part of a message."""

    type: str
    text: str = ""


class Message(BaseModel):
    """One message, or another item of a `/v1/responses` input."""

    type: str = "message"
    role: str = ""
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """The words of the message, its text parts joined."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.type in _TEXT)


class _Streaming(BaseModel):
    include_usage: bool | None = None


class _Request(BaseModel):
    model: str
    stream: bool | None = None
    metadata: dict[str, Any] | None = None


class ChatRequest(_Request):
    """Body of `POST /v1/chat/completions`, as far as it is read."""

    messages: list[Message]
    stream_options: _Streaming | None = None


class ResponsesRequest(_Request):
    """Body of `POST /v1/responses`, as far as it is read."""

    input: str | list[Message]
    instructions: str | None = None
    previous_response_id: str | None = None
    store: bool | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a request's messages say.

    Attributes:
        new: The last user message.
        opening: The first user message.
        begins: `new` is the first message; nobody answered yet.
        system: The system messages.
    """

    new: str
    opening: str
    begins: bool
    system: str


def parse(kind: type[Body], body: bytes, refused: Mapping[str, Callable[[Any], bool]]) -> Body:
    """Return the body as `kind`.

    Args:
        kind: What is read of it.
        body: JSON.
        refused: For each parameter that cannot be kept, whether its value matters.

    Raises:
        OpenAiError: It is not JSON, has not the right shape, or holds a parameter that cannot be kept.
    """
    try:
        given = from_json(body, allow_inf_nan=False)  # json.loads takes what cannot be stored or sent again
    except ValueError as error:
        raise OpenAiError(400, f"the body is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise OpenAiError(400, "the body must be a JSON object")
    for name, matters in refused.items():
        if given.get(name) is not None and matters(given[name]):
            raise OpenAiError(400, f"{name!r} is not supported with this value: {_WHY}", param=name)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        param = _path(problem["loc"])
        raise OpenAiError(400, f"{param}: {problem['msg']}", param=param) from error


_WHY = "the company works with its own tools and answers once, in words; leave it out (docs/doors.md)"


def conversation(messages: Sequence[Message], field: str) -> Conversation:
    """Return what `messages` say.

    Args:
        messages: The conversation, oldest first.
        field: Name of the parameter they came in.

    Raises:
        OpenAiError: The last message is not a person's, has no words, is too long, or holds more than text.
    """
    turns = [(place, message) for place, message in enumerate(messages) if message.role not in _STANDING]
    if not turns or turns[-1][1].role != "user":
        raise OpenAiError(400, "the last message must be the user's; nothing else is new here", param=field)
    place, last = turns[-1]
    _require_words(last, f"{field}[{place}].content")
    said = [message.text for _, message in turns if message.role == "user"]
    system = "\n".join(message.text for message in messages if message.role in _STANDING)
    return Conversation(last.text.strip(), said[0].strip(), len(turns) == 1, system)


def _require_words(message: Message, where: str) -> None:
    for place, part in enumerate(message.content if isinstance(message.content, list) else ()):
        if part.type not in _TEXT:
            what = f"the company reads text only, no {part.type!r}; put what matters into words"
            raise OpenAiError(400, what, param=f"{where}[{place}]")
    if not message.text.strip():
        raise OpenAiError(400, "the message has no words", param=where)
    if (length := len(message.text)) > LONGEST:
        what = f"the message has {length} characters, {LONGEST} are allowed; say it shorter"
        raise OpenAiError(400, what, param=where, code="context_length_exceeded")


def _path(place: Sequence[int | str]) -> str:
    """Write a place as OpenAI does: `messages[0].content`; names of types, which only we know, are left out."""
    path = ""
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        elif re.fullmatch(r"[a-z_]+", part) and part != "str":
            path += f".{part}" if path else part
    return path
