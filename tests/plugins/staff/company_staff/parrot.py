"""A model provider whose models repeat the last thing they were told, at a thousand tokens a call."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable

from company.errors import UsageError
from company.llm import ProviderRequest

TOOK = {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500}


class Parrot(BaseChatModel):
    """Repeats the last message, word by word."""

    name: str

    @property
    def _llm_type(self) -> str:
        return "parrot"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        """Know of the tools and never call one: a parrot has no hands."""
        return self.bind(tools=tools, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        said = AIMessage(content=self._words(messages), usage_metadata=TOOK)
        return ChatResult(generations=[ChatGeneration(message=said)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for word in self._words(messages).split(" "):
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=TOOK))

    def _words(self, messages: list[BaseMessage]) -> str:
        return f"{self.name} says: {messages[-1].text}"


def make(request: ProviderRequest, model: str, key: str | None) -> Parrot:
    """Return a parrot by name; it wants a key, as others do."""
    if not key:
        what = "a parrot does not talk without a key"
        raise UsageError(what, where=f"providers.{request.name}", cure=f"company key set {request.name}")
    return Parrot(name=model)
