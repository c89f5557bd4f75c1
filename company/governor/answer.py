"""One answer as it comes in: its words into the journal, its calls, its tokens, and what it cost.

What was heard is counted piece by piece, never from the whole: an answer that cannot be put together has to be paid for
too.
"""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from company.events import Json
from company.governor.scope import Scope
from company.governor.speech import Speech
from company.governor.tracing import ModelSpan
from company.governor.verdict import Call
from company.llm import Mind, Usage
from company.llm.compaction import estimate_tokens
from company.llm.conversation import to_langchain
from company.llm.endings import reason_of
from company.llm.faults import Fault, inspect
from company.llm.wire import text_of, usage_of

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk


@dataclass(frozen=True)
class Question:
    """What a model is asked.

    Attributes:
        scope: Who asks, in which run.
        talk: The conversation as plain messages (company/llm/conversation.py).
        tools: Tools it may propose.
        message_id: Id of the message its words become.
        debug: True for a role's working words, which only a curious person wants to see.
    """

    scope: Scope
    talk: Sequence[Json]
    tools: Sequence[dict[str, Any]]
    message_id: str
    debug: bool

    @cached_property
    def tokens(self) -> int:
        """Tokens of the prompt, estimated high."""
        return estimate_tokens(self.talk, self.tools)


@dataclass(frozen=True, slots=True)
class Thought:
    """What a model answered.

    Attributes:
        text: Its words.
        calls: Calls it proposes.
        figures: Numbers it named, when the model can name them as data.
        model: Name of the model that answered.
        notices: What a reader of the answer has to know about how it came about.
        message_id: Id of the message its words became.
    """

    text: str
    calls: tuple[Call, ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    notices: tuple[str, ...] = ()
    message_id: str = ""


class Answer:
    """An answer on its way.

    Args:
        question: What was asked.
        mind: Who answers.
        speech: The message its words become.

    Attributes:
        outcome: How the call ended: `ok`, the kind of its fault, `stopped` by a person, or `failed` by a bug of ours.
        is_heard: Some of its words are in the journal, or on their way there.
        unaccounted: Nobody can tell what it took; the worst case counts as spent.
    """

    def __init__(self, question: Question, mind: Mind, speech: Speech) -> None:
        self.question, self.mind, self.speech = question, mind, speech
        self.outcome, self.is_heard, self.unaccounted = "failed", False, False
        self._longest = 0
        self._pieces: list[AIMessageChunk] = []
        self._notices: tuple[str, ...] = ()
        self._is_counted = False
        self._began = self._first = self._ended = 0.0

    async def listen(self, longest: int) -> Fault | None:
        """Hear the answer to its end and return what makes it useless; one that breaks off and can be used is kept.

        Args:
            longest: Most tokens it may have.

        Raises:
            Exception: What the model's client raises.
        """
        stream = self.mind.stream(to_langchain(self.question.talk), tools=self.question.tools, max_output=longest)
        self._began, self._longest = time.perf_counter(), longest
        try:
            async with aclosing(stream):
                async for piece in stream:
                    self._hear(piece)
        finally:
            self._ended = time.perf_counter()
        fault = inspect(self._whole, provider=self.mind.provider) if self.mind.provider else None
        self._is_counted = fault is None or fault.kind != "broken"
        if fault and fault.usable:
            self._notices = (f"{self.question.scope.role.title} breaks off: {fault}",)
            return None
        return fault

    def thought(self) -> Thought:
        """Return the answer, once it is there."""
        return Thought(
            text=text_of(self._whole),
            calls=self._calls(),
            figures=self._whole.additional_kwargs.get("figures", {}),
            model=self.mind.id,
            notices=self._notices,
            message_id=self.question.message_id,
        )

    @property
    def elapsed(self) -> float:
        """Seconds from asking to the end of the answer."""
        return self._ended - self._began

    @cached_property
    def usage(self) -> Usage:
        """Tokens as the provider counted them; of an answer without its end, no less than was heard."""
        if self.unaccounted:
            return Usage(self.question.tokens, self._longest)
        if not self._pieces:
            return Usage()
        counted = _total([usage for piece in self._pieces if (usage := usage_of(piece))])
        if self._is_counted and counted.total:
            return counted
        calls = (call["args"] or "" for piece in self._pieces for call in piece.tool_call_chunks)
        heard = -(-sum(map(len, (*map(text_of, self._pieces), *calls))) // 4)
        return Usage(
            counted.input or self.question.tokens,
            max(counted.output, heard),
            counted.cached,
            counted.cache_written,
            counted.reasoning,
        )

    def trace(self, span: ModelSpan) -> None:
        """Tell the call's span what it took."""
        said = self._whole if self._is_counted else None
        reason = reason_of(said) if said else ""
        span.answered(
            self.usage,
            model=said.response_metadata.get("model_name", "") if said else "",
            finish_reasons=[reason] if reason else [],
            first_token=self._first - self._began if self._first else None,
        )

    def bill(self, usd: Decimal) -> Json:
        """Return the value of the call's `cost` event."""
        return {
            "role": self.question.scope.role.id,
            "model": self.mind.id,
            "provider": self.mind.provider,
            "inputTokens": self.usage.input,
            "cachedTokens": self.usage.cached,
            "cacheWrittenTokens": self.usage.cache_written,
            "outputTokens": self.usage.output,
            "reasoningTokens": self.usage.reasoning,
            "usd": usd,
            "elapsedMs": round(self.elapsed * 1000),
            "firstTokenMs": round((self._first - self._began) * 1000) if self._first else None,
            "outcome": self.outcome,
            "tool": "",
        }

    def _hear(self, piece: "AIMessageChunk") -> None:
        self._first = self._first or time.perf_counter()
        self._pieces.append(piece)
        if words := text_of(piece):
            self.is_heard = True
            self.speech.feed(words)

    @cached_property
    def _whole(self) -> "AIMessageChunk":
        from langchain_core.messages import AIMessageChunk
        from langchain_core.messages.ai import add_ai_message_chunks

        return add_ai_message_chunks(*self._pieces) if self._pieces else AIMessageChunk(content="")

    def _calls(self) -> tuple[Call, ...]:
        """Return what the model proposes.

        Ids of a provider are not kept: some give none, some give the same one twice. `tool_calls` of the message is not
        used: LangChain completes JSON that breaks off, and would make 10 of a quantity of 100.
        """
        own = self.question.message_id
        return tuple(
            Call(
                f"{own}.{number}" if self.mind.provider or not piece["id"] else piece["id"],
                piece["name"] or "",
                _arguments(piece["args"]),
            )
            for number, piece in enumerate(self._whole.tool_call_chunks)
        )


_COUNTS = [attrgetter(kind.name) for kind in fields(Usage)]


def _total(parts: Sequence[Usage]) -> Usage:
    return Usage(*(sum(map(count, parts)) for count in _COUNTS))


def _arguments(text: str | None) -> Json:
    """Read a call's arguments; what is no JSON object is kept, so that the governor refuses it by name."""
    try:
        found = json.loads(text or "{}")
    except (json.JSONDecodeError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"unreadable": text}
