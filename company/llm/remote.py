"""A mind behind an API: asks a LangChain chat model once and hangs up the moment nobody listens any more.

The chat model's own `_astream` is called, not `astream` around it: that adds callbacks and tracing, which would send
prompts to LangSmith when the environment says so, and adds up all pieces a second time, which takes longer than
everything else that LangChain does.
"""

import hashlib
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from company.llm import transport
from company.llm.mind import Capabilities
from company.llm.wire import Json, Kind, offered, outgoing

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk, BaseMessage
    from langchain_core.outputs import ChatGeneration

_REASONING = re.compile(r"gpt-[5-9]|o[1-9](-|$)")
"""OpenAI's models that refuse `max_tokens`; behind a gateway they keep their names."""
_ANTHROPIC_OPTIONS = ("thinking", "betas", "context_management", "mcp_servers", "container")
"""Options that change more than the body of the request, so that the SDK has to know them."""
_OLLAMA_OPTIONS = {"think": "reasoning", "keep_alive": "keep_alive", "format": "format"}


@dataclass(frozen=True, slots=True)
class RemoteMind:
    """A model that answers at a provider's address.

    Attributes:
        id: `provider:model`.
        provider: Name of the provider.
        capabilities: What it can do, and what it costs.
        model: The LangChain chat model.
        kind: Wire format.
        api: For OpenAI's wire format, `chat` or `responses`.
        own_address: It answers at the provider's own address, which knows what compatible servers do not.
        options: Further settings of the provider's API.
    """

    id: str
    provider: str
    capabilities: Capabilities
    model: "BaseChatModel" = field(repr=False)
    kind: Kind
    api: str = "chat"
    own_address: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    async def stream(
        self, messages: "Sequence[BaseMessage]", *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> "AsyncGenerator[AIMessageChunk, None]":
        """Ask once; yield the answer piece by piece, in one piece when the model does not stream.

        Ending the iteration ends the request.

        Args:
            messages: The conversation, standing instructions first.
            tools: Tools it may call: `{"name", "description", "parameters"}`.
            max_output: Most tokens the answer may have; never more than the model can give.

        Raises:
            Exception: What the SDK raises; company/llm/faults.py tells what it means.
        """
        sent = outgoing(messages, self.kind)
        details = self._details(sent, min(max_output, self.capabilities.max_output))
        if tools:
            details["tools"] = offered(tools, self.kind, instructed=sent[0].type == "system")
        answers: list[transport.Stream] = []
        transport.opened.set(answers)
        try:
            async with aclosing(self._pieces(sent, details)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            for answer in answers:
                await answer.aclose()

    async def _pieces(self, messages: "list[BaseMessage]", details: Json) -> "AsyncGenerator[AIMessageChunk, None]":
        from langchain_core.messages import AIMessageChunk

        if not self.capabilities.streaming:
            result = await self.model._agenerate(messages, **details)
            whole = _with_ending(result.generations[0], result.llm_output)
            yield AIMessageChunk(**whole.model_dump(exclude={"type"}), chunk_position="last")
            return
        async for generation in self.model._astream(messages, **details):
            yield _with_ending(generation)

    def _details(self, messages: "Sequence[BaseMessage]", most: int) -> Json:
        match self.kind:
            case "anthropic":
                return self._for_anthropic(messages, most)
            case "ollama":
                return self._for_ollama(most)
        return self._for_openai(messages, most)

    def _for_openai(self, messages: "Sequence[BaseMessage]", most: int) -> Json:
        body = dict(self.options)
        details: Json = {"extra_body": body}
        if self.own_address:
            details["prompt_cache_key"] = _prefix(messages)
        if self.api == "responses":
            details["store"] = body.pop("store", False)  # the journal remembers; nobody else has to
            details["max_completion_tokens"] = most
        elif self.own_address or _REASONING.match(self.id.partition(":")[2]):
            details["max_completion_tokens"] = most
        else:
            body["max_tokens"] = most  # the name that every compatible server knows
        return details

    def _for_anthropic(self, messages: "Sequence[BaseMessage]", most: int) -> Json:
        body = dict(self.options)
        details = {name: body.pop(name) for name in _ANTHROPIC_OPTIONS if name in body}
        if messages[-1].type == "tool":
            details.pop("thinking", None)  # would need the thoughts before the call, which are not kept
        return {**details, "max_tokens": most, "extra_body": body}

    def _for_ollama(self, most: int) -> Json:
        body = dict(self.options)
        details = {ours: body.pop(name) for name, ours in _OLLAMA_OPTIONS.items() if name in body}
        # Without `num_ctx` Ollama silently cuts the beginning off a prompt that is longer than its small default.
        details["options"] = {"num_ctx": self.capabilities.context, **body, "num_predict": most}
        return details if self.capabilities.streaming else {**details, "stream": False}


def _with_ending(generation: "ChatGeneration", output: Json | None = None) -> Any:
    """Return the message of a generation, with what LangChain keeps beside it: why the answer ended."""
    message = generation.message
    message.response_metadata |= (output or {}) | (generation.generation_info or {})
    return message


def _prefix(messages: "Sequence[BaseMessage]") -> str:
    """Name the requests that begin alike, so that OpenAI sends them to the machine that remembers the beginning."""
    return hashlib.sha256(str(messages[0].content).encode()).hexdigest()[:32]
