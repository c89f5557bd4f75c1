"""Factories as a package may bring them: good ones, careless ones and hostile ones."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, ClassVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from company.errors import UsageError
from company.llm import ProviderRequest

USAGE = {"input_tokens": 40, "output_tokens": 7, "total_tokens": 47}


class Model(BaseChatModel):
    """Says what `play` yields; remembers how it was asked."""

    asked: ClassVar[list[dict[str, Any]]] = []
    play: Callable[..., AsyncIterator[Any]]
    max_retries: int = 0
    loop: Any = None

    @property
    def _llm_type(self) -> str:
        return "played"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self.bind(tools=list(tools), **kwargs)

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        Model.asked.append({"messages": messages, "loop": asyncio.get_running_loop(), **kwargs})
        async for piece in self.play():
            yield ChatGenerationChunk(message=piece)


class Closing(Model):
    """Notes when it is closed, and in which loop."""

    closed: ClassVar[list[Any]] = []

    async def aclose(self) -> None:
        Closing.closed.append(asyncio.get_running_loop())


class Whole(BaseChatModel):
    """Answers at once, knows no streaming and no tools."""

    @property
    def _llm_type(self) -> str:
        return "whole"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        call = {"name": "ticker", "args": {"symbol": "BTC"}, "id": "t1", "type": "tool_call"}
        said = AIMessage("Let me look.", tool_calls=[call], usage_metadata=USAGE)
        return ChatResult(generations=[ChatGeneration(message=said)])


def said(text: str, **more: Any) -> AIMessageChunk:
    return AIMessageChunk(content=text, **more)


async def _good() -> AsyncIterator[AIMessageChunk]:
    yield said("We are ")
    yield said("well.", usage_metadata=USAGE)


async def _slow() -> AsyncIterator[AIMessageChunk]:
    for _ in range(100):
        yield said("tick ")
        await asyncio.sleep(0.02)


async def _mute() -> AsyncIterator[AIMessageChunk]:
    yield said("One moment. ")
    await asyncio.sleep(30)


async def _clinging() -> AsyncIterator[AIMessageChunk]:
    yield said("I stay. ")
    for _ in range(20):
        try:
            await asyncio.sleep(0.2)
        except asyncio.CancelledError:
            continue


async def _giving_up() -> AsyncIterator[AIMessageChunk]:
    yield said("I ")
    raise asyncio.CancelledError


async def _counting_down() -> AsyncIterator[AIMessageChunk]:
    usage = {"input_tokens": 10, "output_tokens": -5_000_000, "total_tokens": -4_999_990}
    yield said("Paid back.", usage_metadata=usage)


def _raising(error: BaseException) -> Callable[[], AsyncIterator[AIMessageChunk]]:
    async def _play() -> AsyncIterator[AIMessageChunk]:
        yield said("Well, ")
        raise error

    return _play


def good(request: ProviderRequest, model: str, key: str | None) -> Model:
    return Model(play=_good)


def closing(request: ProviderRequest, model: str, key: str | None) -> Closing:
    return Closing(play=_good)


def named(request: ProviderRequest, model: str, key: str | None) -> BaseChatModel:
    """Return the model of that name: one of `_slow`, `_mute`, ..."""
    return Whole() if model == "whole" else Model(play=globals()[f"_{model}"])


RAISED: list[BaseException] = []
"""What the next model of `raising` raises."""


def raising(request: ProviderRequest, model: str, key: str | None) -> Model:
    return Model(play=_raising(RAISED[-1]))


def retrying(request: ProviderRequest, model: str, key: str | None) -> Model:
    return Model(play=_good, max_retries=2)


def nothing(request: ProviderRequest, model: str, key: str | None) -> Any:
    return {"model": model}


def broken(request: ProviderRequest, model: str, key: str | None) -> Any:
    raise RuntimeError(f"no luck with {key}")


def wanting(request: ProviderRequest, model: str, key: str | None) -> Any:
    raise UsageError(f"the key {key} is of another plan", cure="buy one")


REQUESTS: list[tuple[ProviderRequest, str, str | None]] = []


def noting(request: ProviderRequest, model: str, key: str | None) -> Model:
    REQUESTS.append((request, model, key))
    return Model(play=_good)


no_function = 7
