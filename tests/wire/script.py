"""What a scripted model is asked, and what it answers, with the differences between the providers removed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "rate",
    "quota",
    "busy",
    "overloaded",
    "overflow",
    "auth",
    "unknown_model",
    "rejected",
    "silent",
    "stall",
    "cut",
    "garbage",
    "midway",
    "empty",
    "unfinished",
]


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call of the scripted model.

    Attributes:
        name: The tool.
        arguments: What it is called with; a string is sent as it is, which allows broken JSON (Ollama, which sends no
            string, then carries it under the key `raw`).
    """

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the scripted model answers.

    Attributes:
        text: Its words.
        calls: Its tool calls, sent side by side.
        pieces: Pieces a stream cuts the words into; about four characters each when None.
        refusal: The words are a refusal, sent the way the provider sends one.
        finish: Why it ends: "" the natural reason, "length" cut at the token limit, "content_filter".
        cached: Of the prompt's tokens, those that came from the provider's cache.
        cache_written: Of the prompt's tokens, those put into the cache; Anthropic only.
        reasoning: Tokens of thought, part of the output.
        delay: Seconds before the first byte.
        pace: Seconds between two pieces.
    """

    text: str = ""
    calls: tuple[ToolUse, ...] = ()
    pieces: int | None = None
    refusal: bool = False
    finish: Literal["", "length", "content_filter"] = ""
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0
    delay: float = 0.0
    pace: float = 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong instead of an answer.

    Before the answer: `rate` (429 with retry-after), `quota` (nothing left to pay with), `busy` (500), `overloaded`
    (503, at Anthropic 529), `overflow` (the provider's 400 for a prompt that is too long), `auth` (401),
    `unknown_model` (404), `rejected` (400), `silent` (accepts and never answers).

    In the answer, after some pieces of it: `stall` (nothing more comes), `cut` (the connection is closed), `garbage`
    (a piece that cannot be decoded), `midway` (an error event, as the provider sends it), `unfinished` (the stream
    ends politely without its closing events). `empty` is a well-formed answer without words or calls.

    Attributes:
        kind: One of the above.
        retry_after: Seconds in the `retry-after` header, and as `retry-after-ms` where OpenAI sends it; 0 sends none.
        after: Pieces that come before it happens.
        begun: The answer in which it happens.
    """

    kind: Kind
    retry_after: float = 0.0
    after: int = 3
    begun: Reply = Reply("The desk holds 10,000 USDT, and nothing has happened since the morning.")


@dataclass(slots=True)
class Asked:
    """One request as the server understood it.

    Attributes:
        provider: `openai`, `anthropic` or `ollama`.
        path: Path of the request.
        model: Model asked for.
        system: Standing instructions.
        messages: The rest of the conversation: `{"role": "user" | "assistant" | "tool", "text": str, "calls":
            [{"id", "name", "arguments"}], "call_id": str}`; arguments are an object, or text when they are no JSON.
        tools: Names of the tools offered.
        tool_schemas: Their `{"name", "description", "parameters"}`.
        stream: A stream is asked for.
        max_output: Most tokens the answer may have.
        headers: Headers, names in lower case.
        body: The body as it came.
        aborted: The client hung up before the end.
    """

    provider: str
    path: str
    model: str
    system: str
    messages: list[dict[str, Any]]
    tools: list[str]
    tool_schemas: list[dict[str, Any]]
    stream: bool
    max_output: int | None
    headers: dict[str, str]
    body: dict[str, Any]
    aborted: bool = False


Script = Callable[[Asked], Reply | Fault]
