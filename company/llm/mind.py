"""What a role thinks with, and what is known about it: the seam between the governor and every model.

A mind is asked once and streams its answer. Retries, fallback, budgets and the journal belong to the governor
(company/governor/thinking.py); which mind a role has belongs to company/llm/models.py.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from company.errors import UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk, BaseMessage

AUTOPILOT = "autopilot"
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model call.

    Attributes:
        input: Tokens read, cached ones included.
        output: Tokens written, reasoning included.
        cached: Of `input`, those the provider had in its cache.
        cache_written: Of `input`, those the provider put into its cache.
        reasoning: Of `output`, those that are not part of the answer.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        """Tokens read and written."""
        return self.input + self.output

    @property
    def is_impossible(self) -> bool:
        """A count is below zero, or a part is larger than its whole."""
        parts = (self.input, self.output, self.cached, self.cache_written, self.reasoning)
        return min(parts) < 0 or self.cached + self.cache_written > self.input or self.reasoning > self.output


@dataclass(frozen=True, slots=True)
class Prices:
    """What a model costs, in US dollars for a million tokens.

    Attributes:
        input: Tokens read.
        output: Tokens written.
        cached: Tokens read from the provider's cache; as `input` when None.
        cache_written: Tokens put into the provider's cache; as `input` when None.
        as_of: The day the prices were looked up; None when a person gave them.
    """

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_written: Decimal | None = None
    as_of: date | None = None

    def cost(self, usage: Usage) -> Decimal:
        """Return the dollars of a call, exact."""
        cached = self.input if self.cached is None else self.cached
        written = self.input if self.cache_written is None else self.cache_written
        fresh = max(usage.input - usage.cached - usage.cache_written, 0)
        tokens = fresh * self.input + usage.cached * cached + usage.cache_written * written + usage.output * self.output
        return tokens / _MILLION


FREE = Prices(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """What a company asks of a provider that a package brings.

    Attributes:
        name: The provider's name in `company.toml`.
        base_url: Address of its API; empty for the package's own.
        timeout: Seconds that one call may take.
        silence: Seconds that may pass without a piece of the answer.
        max_parallel: Calls in flight at the same time.
        options: What `[models.facts."provider:model"] options` says of the model.
    """

    name: str
    base_url: str = ""
    timeout: float = 180.0
    silence: float = 60.0
    max_parallel: int = 8
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do, and what it costs.

    Attributes:
        context: Tokens that prompt and answer may have together.
        max_output: Longest answer, in tokens.
        tools: It can call tools.
        parallel_tools: It can call several tools in one answer.
        structured: It can be held to a JSON schema.
        streaming: It answers piece by piece.
        prices: None when unknown.
        known: False when nothing in the table fits the name, so that all of this is a careful guess.
    """

    context: int
    max_output: int
    tools: bool = True
    parallel_tools: bool = True
    structured: bool = True
    streaming: bool = True
    prices: Prices | None = None
    known: bool = True


UNBOUNDED = Capabilities(context=10_000_000, max_output=1_000_000, prices=FREE)
"""What the autopilot can do: it reads everything and costs nothing."""


def unpriced(name: str, provider: str) -> UsageError:
    """Return the error of a model whose cost cannot be capped."""
    return UsageError(
        f"model {name!r} has no known price, so its cost cannot be capped",
        where="company.toml [models]",
        cure=f'set price_in and price_out in [models.facts."{name}"], or `free = true` in [providers.{provider}] '
        "when it runs on your own machine",
    )


class Mind(Protocol):
    """A model as the governor asks it."""

    @property
    def id(self) -> str:
        """Its name, `provider:model`, as costs are booked under."""

    @property
    def provider(self) -> str:
        """Name of the provider whose limits it shares; empty when nothing leaves this machine."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, and what it costs."""

    def stream(
        self, messages: "Sequence[BaseMessage]", *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> "AsyncGenerator[AIMessageChunk, None]":
        """Ask once; yield the answer piece by piece.

        Args:
            messages: The conversation, standing instructions first.
            tools: Tools it may call: `{"name", "description", "parameters"}`.
            max_output: Most tokens the answer may have.
        """


@dataclass(frozen=True, slots=True)
class AbsentMind:
    """A model that cannot be asked as things are; what stands behind it in a chain still can.

    Attributes:
        id: Its name.
        provider: Name of its provider.
        capabilities: What it could do.
        error: What is missing, and how to get it.
    """

    id: str
    provider: str
    capabilities: Capabilities
    error: UsageError

    async def stream(
        self, messages: "Sequence[BaseMessage]", *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> "AsyncGenerator[AIMessageChunk, None]":
        """Raise the error."""
        raise self.error
        yield


@dataclass(frozen=True, slots=True)
class LocalMind:
    """A chat model that runs in this process: the autopilot, or a script in a test.

    Attributes:
        model: The LangChain chat model.
        id: Its name.
        provider: Always empty.
        capabilities: What it can do.
    """

    model: "BaseChatModel"
    id: str = AUTOPILOT
    provider: str = ""
    capabilities: Capabilities = field(default=UNBOUNDED)

    async def stream(
        self, messages: "Sequence[BaseMessage]", *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> "AsyncGenerator[AIMessageChunk, None]":
        """Ask once; yield the answer piece by piece."""
        from langchain_core.messages import AIMessageChunk

        model = self.model.bind_tools(tools) if tools else self.model
        async for chunk in model.astream(list(messages)):
            if isinstance(chunk, AIMessageChunk):
                yield chunk
            else:  # a model that does not stream gives the whole as one message
                yield AIMessageChunk(**chunk.model_dump(exclude={"type"}))
