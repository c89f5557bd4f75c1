"""LangChain's client of OpenAI over the SDK, without the detours that cost most of its time.

For a short answer the SDK spends more than half of all CPU on two things that change nothing: it holds every part of a
request against its types, and makes an object with all fields of every event, which LangChain turns back into a dict.
Here the request that LangChain made is posted as it is, with `client.post`, the SDK's documented way for what it has
no method for. Headers, errors, time-outs and the reading of the stream stay the SDK's. An answer that is not streamed
takes the long way.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.outputs import ChatGenerationChunk
    from langchain_openai import ChatOpenAI
    from openai.resources.chat import AsyncCompletions
    from openai.resources.responses import AsyncResponses

_OPTIONS: Any = {"security": {"bearer_auth": True}}
"""As in the SDK's own methods; left out, it would also use a key of administrators from the environment."""


@cache
def completions_class() -> "type[AsyncCompletions]":
    """Return the SDK's `chat.completions` with a stream of plain dicts."""
    from openai import AsyncStream
    from openai.resources.chat import AsyncCompletions

    stream: Any = AsyncStream[object]

    class Completions(AsyncCompletions):
        async def create(self, **fields: Any) -> Any:
            if not fields.get("stream"):
                return await super().create(**fields)
            return await self._client.post(
                "/chat/completions",
                body=_body(fields),
                options=_OPTIONS,
                cast_to=object,
                stream=True,
                stream_cls=stream,
            )

    return Completions


@cache
def responses_class() -> "type[AsyncResponses]":
    """Return the SDK's `responses`; LangChain needs its events as objects."""
    from openai import AsyncStream
    from openai.resources.responses import AsyncResponses
    from openai.types.responses import ResponseStreamEvent

    stream: Any = AsyncStream[ResponseStreamEvent]

    class Responses(AsyncResponses):
        async def create(self, **fields: Any) -> Any:
            if not fields.get("stream"):
                return await super().create(**fields)
            return await self._client.post(
                "/responses", body=_body(fields), options=_OPTIONS, cast_to=object, stream=True, stream_cls=stream
            )

    return Responses


def _body(fields: Mapping[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = fields.get("extra_body") or {}
    return {name: value for name, value in fields.items() if name != "extra_body"} | more


@cache
def chat_class() -> "type[ChatOpenAI]":
    """Return LangChain's client, but one that keeps the words of a refusal when it streams."""
    from langchain_openai import ChatOpenAI

    class Client(ChatOpenAI):
        def _convert_chunk_to_generation_chunk(
            self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
        ) -> "ChatGenerationChunk | None":
            choices = chunk.get("choices") or ()
            for choice in choices:
                _complete(choice)
            piece = super()._convert_chunk_to_generation_chunk(chunk, default_chunk_class, base_generation_info)
            refusal = next((choice["delta"].get("refusal") for choice in choices if choice["delta"]), None)
            if piece and refusal:
                piece.message.additional_kwargs["refusal"] = refusal
            return piece

    return Client


def _complete(choice: dict[str, Any]) -> None:
    """Add what LangChain insists on and not every server sends; the SDK's objects had all fields."""
    choice.setdefault("delta", None)
    for call in (choice["delta"] or {}).get("tool_calls") or ():
        call.setdefault("index", None)
