"""The governor's door for model calls: reserve the worst case, stream, settle, record the cost.

The worst case is the prompt as estimated plus the longest answer the model may give, at the model's price. A model
without a price is refused: what cannot be priced cannot be capped.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_ai_message_chunks

from company import events
from company.errors import UsageError
from company.events import Json
from company.governor.allowance import Allowance, Tripped
from company.governor.scope import Scope
from company.governor.speech import Speech
from company.governor.stop import raise_if_stopped
from company.governor.verdict import Call
from company.llm import Mind
from company.ports import Clock
from company.store import Reservation, Store

MAX_ANSWER_TOKENS = 4_096


@dataclass(frozen=True, slots=True)
class Thought:
    """What a model answered.

    Attributes:
        text: Its words.
        calls: Calls it proposes.
        figures: Numbers it named, when the model can name them as data.
    """

    text: str
    calls: tuple[Call, ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)


class Thinking:
    """Calls models on behalf of roles.

    Args:
        store: Journal of words and costs.
        allowance: The budget tree.
        clock: Company time.
    """

    def __init__(self, *, store: Store, allowance: Allowance, clock: Clock) -> None:
        self._store, self._allowance, self._clock = store, allowance, clock

    async def think(
        self,
        scope: Scope,
        mind: Mind,
        messages: Sequence[BaseMessage],
        *,
        message_id: str,
        tools: Sequence[dict[str, Any]] = (),
        debug: bool = False,
    ) -> Thought:
        """Ask a model once, stream its words into the journal, and charge what it cost.

        Raises:
            Stopped: A person stopped the company; the model was not called.
            Tripped: The worst case does not fit the budget; the model was not called.
            UsageError: The model has no price.
        """
        raise_if_stopped(self._store)
        prompt = _estimate(messages, tools)
        charge = self._reserve(scope, prompt + MAX_ANSWER_TOKENS, _price(mind, prompt, MAX_ANSWER_TOKENS))
        speech = Speech(journal=self._store.journal, scope=scope, clock=self._clock, message_id=message_id, debug=debug)
        started, answer = time.perf_counter(), AIMessageChunk(content="")
        try:
            model = mind.model.bind_tools(tools) if tools else mind.model
            async for chunk in model.astream(list(messages)):
                speech.feed(_text(chunk))
                answer = add_ai_message_chunks(answer, _chunk(chunk))
        finally:
            speech.end()
            elapsed, used = time.perf_counter() - started, _usage(answer, prompt)
            usd = _price(mind, *used)
            self._allowance.settle(charge, elapsed=elapsed, tokens=sum(used), usd=usd)
            self._record(scope, mind, used, usd, elapsed)
        return Thought(_text(answer), _calls(answer, message_id), answer.additional_kwargs.get("figures", {}))

    def _reserve(self, scope: Scope, tokens: int, usd: Decimal) -> Reservation:
        try:
            return self._allowance.reserve_model(scope.run.id, scope.role, tokens=tokens, usd=usd)
        except Tripped as trip:
            self._store.journal.append([scope.draft(trip.event)])
            raise

    def _record(self, scope: Scope, mind: Mind, used: tuple[int, int], usd: Decimal, elapsed: float) -> None:
        note = {
            "role": scope.role.id,
            "model": mind.model_id,
            "inputTokens": used[0],
            "outputTokens": used[1],
            "usd": usd,
            "elapsedMs": round(elapsed * 1000),
        }
        self._store.journal.append([scope.draft(events.custom("cost", note), debug=True)])


def _chunk(message: BaseMessage) -> AIMessageChunk:
    """Return a piece of an answer; a provider that does not stream gives the whole as one message."""
    if isinstance(message, AIMessageChunk):
        return message
    return AIMessageChunk(**message.model_dump(exclude={"type"}))


def _calls(answer: AIMessageChunk, message_id: str) -> tuple[Call, ...]:
    """Return what a model proposes. Not every provider gives ids.

    `answer.tool_calls` is not used: LangChain completes JSON that breaks off, and would make 10 of a quantity of 100.
    """
    return tuple(
        Call(piece["id"] or f"{message_id}.{number}", piece["name"] or "", _arguments(piece["args"]))
        for number, piece in enumerate(answer.tool_call_chunks)
    )


def _arguments(text: str | None) -> Json:
    """Read a call's arguments; what is no JSON object is kept, so that the governor refuses it by name."""
    try:
        found = json.loads(text or "{}")
    except json.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"unreadable": text}


def _text(message: AIMessageChunk | BaseMessage) -> str:
    return message.content if isinstance(message.content, str) else str(message.text)


def _estimate(messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]]) -> int:
    """Tokens of a prompt by the rule of thumb of four characters a token, rounded up."""
    characters = sum(len(_text(message)) for message in messages) + len(json.dumps(list(tools)))
    return -(-characters // 4)


def _usage(answer: AIMessageChunk, prompt: int) -> tuple[int, int]:
    if usage := answer.usage_metadata:
        return usage["input_tokens"], usage["output_tokens"]
    return prompt, -(-len(_text(answer)) // 4)


def _price(mind: Mind, tokens_in: int, tokens_out: int) -> Decimal:
    if mind.price_in is None or mind.price_out is None:
        raise UsageError(
            f"model {mind.model_id!r} has no price, so its cost cannot be capped",
            where="company.toml [models]",
            cure="choose a priced model",
        )
    return (mind.price_in * tokens_in + mind.price_out * tokens_out) / 1000
