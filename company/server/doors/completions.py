"""`/v1/chat/completions`: an answer as OpenAI's chat completion, whole or in chunks.

What roles are doing travels as `reasoning_content`, which front ends show folded away and SDKs ignore.
"""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from company.server.doors.answers import Answer
from company.server.doors.delivery import frame, text_of
from company.server.doors.openai_errors import OpenAiError
from company.server.doors.transcript import Piece, Usage

DONE = b"data: [DONE]\n\n"

_FIELD = {"answer": "content", "activity": "reasoning_content"}


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer to a chat request.

    Attributes:
        model: Who was asked, as the client named it.
        created: Unix time.
        id: Of the completion.
    """

    model: str
    created: int
    id: str

    @classmethod
    def begin(cls, model: str, created: int) -> "Completion":
        """Return a completion with an id of its own."""
        return cls(model, created, f"chatcmpl-{secrets.token_hex(12)}")

    def body(self, pieces: list[Piece], usage: Usage) -> dict[str, Any]:
        """Return the whole answer."""
        message = {"role": "assistant", "content": text_of(pieces), "refusal": None}
        if activity := text_of(pieces, "activity"):
            message["reasoning_content"] = activity
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {**self._head("chat.completion"), "choices": [choice], "usage": _usage(usage)}

    async def frames(self, answer: Answer, *, with_usage: bool) -> AsyncIterator[bytes]:
        """Give the answer in chunks.

        Args:
            answer: What is answered.
            with_usage: The client asked for a last chunk with the tokens used.
        """
        yield self._chunk({"role": "assistant", "content": ""})
        try:
            async for piece in answer.pieces():
                yield self._chunk({_FIELD[piece.kind]: piece.text})
        except OpenAiError as error:
            yield frame(error.body())
            return
        yield self._chunk({}, finish="stop")
        if with_usage:
            yield frame({**self._head("chat.completion.chunk"), "choices": [], "usage": _usage(answer.usage)})
        yield DONE

    def _chunk(self, delta: dict[str, str], *, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return frame({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
