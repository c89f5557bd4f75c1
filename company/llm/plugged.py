"""Minds that a package brings: LangChain's chat models, asked by their interface and held to what the house holds.

An entry point of the group `company.providers` is a function `factory(request, model, key)` that returns a chat model.
It runs inside the company's process. Nothing of its wire is known here, so what the built-in kinds do there is done
around it: a call has its time, and its silence; it ends when nobody listens any more; prompts go to no tracing service.

Decisions:
- The model answers in a task of its own and hands over piece by piece. One that does not let go when it is told to end
  is left behind after `GRACE`, so that it holds up nobody but itself.
- What a package raises is taken for what it looks like when it is a provider's error that the house knows
  (company/llm/faults.py). Anything else is `unexplained`: it is not tried again, and because nobody can tell what it
  cost, the worst case counts as spent. So it does when the package breaks off or stays silent.
- A chat model that retries by itself is refused: retries are the governor's.
- A chat model may hold connections of one event loop, so each loop gets one of its own. If it has an `aclose`, it is
  called when the loop ends; LangChain's interface has nothing of the kind.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

from company.errors import ProviderError, UsageError
from company.llm.endings import reason_of
from company.llm.faults import Fault, Kind, classify, quoted
from company.llm.mind import Capabilities, ProviderRequest
from company.llm.wire import offered, outgoing, usage_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk, BaseMessage

GRACE = 1.0
"""Seconds that a chat model has to let go of a call that is over."""
_AHEAD = 64
"""Pieces that wait to be heard; a model that is faster waits."""


Factory = Callable[[ProviderRequest, str, str | None], "BaseChatModel"]
"""Makes the chat model of one model of a provider: what is asked for, the model's name there, the provider's key."""


class Maker:
    """Makes the chat models of one model, one for each event loop that asks.

    Args:
        point: The entry point of the factory.
        request: What is asked of the provider.
        model: The model's name there.
        key: The provider's key, if it has one.

    Raises:
        UsageError: The factory cannot be loaded, or makes nothing that may be used.
    """

    def __init__(self, point: EntryPoint, request: ProviderRequest, model: str, key: str | None) -> None:
        self._where = f"company.toml [providers.{request.name}], entry point {point.value!r}"
        self._request, self._model, self._key = request, model, key
        self._factory: Factory = self._loaded(point)
        self._spare: BaseChatModel | None = self._made()
        self._loops: dict[asyncio.AbstractEventLoop, tuple[BaseChatModel, AsyncGenerator[None, None]]] = {}

    async def of_this_loop(self) -> "BaseChatModel":
        """Return the chat model of the running event loop.

        Raises:
            UsageError: The factory makes nothing that may be used.
        """
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            made, self._spare = self._spare or self._made(), None
            self._loops[loop] = made, self._close_with(loop, made)
            await anext(self._loops[loop][1])
        return self._loops[loop][0]

    async def aclose(self) -> None:
        """Close the chat model of the running event loop."""
        if found := self._loops.get(asyncio.get_running_loop()):
            await found[1].aclose()

    async def _close_with(self, loop: asyncio.AbstractEventLoop, model: "BaseChatModel") -> AsyncGenerator[None, None]:
        """Wait for the loop to end, which ends its unfinished generators first, as in company/llm/transport.py."""
        try:
            yield
        finally:
            del self._loops[loop]
            if close := getattr(model, "aclose", None):
                async with asyncio.timeout(GRACE):
                    await close()

    def without_key(self, error: UsageError) -> UsageError:
        """Return an error of the package with the key taken out of its words."""
        what, where, cure = (
            text.replace(self._key, "[secret]") if self._key else text for text in (error.what, error.where, error.cure)
        )
        return UsageError(what, where=where or self._where, cure=cure)

    def refused(self, what: str, cure: str = "update the package, or take another model") -> UsageError:
        """Return the error of a package that cannot be used."""
        return UsageError(f"provider {self._request.name!r} {what}", where=self._where, cure=cure)

    def _loaded(self, point: EntryPoint) -> Any:
        loaded = self._run("cannot be loaded", point.load)
        if not callable(loaded):
            raise self.refused("is no function that makes a chat model")
        return loaded

    def _made(self) -> "BaseChatModel":
        from langchain_core.language_models import BaseChatModel

        made = self._run(
            f"cannot make the model {self._model!r}", lambda: self._factory(self._request, self._model, self._key)
        )
        if not isinstance(made, BaseChatModel):
            raise self.refused(f"makes a {type(made).__name__}, which is no LangChain chat model")
        if getattr(made, "max_retries", 0) != 0:  # None is the client's own number, which is two at OpenAI's
            cure = "have the package pass max_retries=0"
            raise self.refused("retries by itself, and retries are the governor's", cure)
        return made

    def _run(self, what: str, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except UsageError as error:
            problem = self.without_key(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  told without the key it may hold
            problem = self.without_key(self.refused(f"{what}: {_told(error)}"))
        raise problem


@dataclass(frozen=True, slots=True)
class PluggedMind:
    """A model of a provider that a package brings.

    Attributes:
        id: `provider:model`.
        provider: Name of the provider.
        capabilities: What it can do, and what it costs.
        maker: Makes its chat models.
        timeout: Seconds that one call may take.
        silence: Seconds that may pass without a piece of the answer.
    """

    id: str
    provider: str
    capabilities: Capabilities
    maker: Maker = field(repr=False)
    timeout: float
    silence: float

    async def stream(
        self, messages: "Sequence[BaseMessage]", *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> "AsyncGenerator[AIMessageChunk, None]":
        """Ask once; yield the answer piece by piece, in one piece when the model does not stream.

        Ending the iteration ends the call.

        Args:
            messages: The conversation, standing instructions first.
            tools: Tools it may call: `{"name", "description", "parameters"}`.
            max_output: Most tokens the answer may have; never more than the model can give.

        Raises:
            Fault: The model failed, or what it said cannot be used.
            UsageError: The package lacks something that a person has to give.
        """
        from langchain_core.messages import AIMessageChunk

        ended = False
        async with aclosing(self._told(messages, tools, min(max_output, self.capabilities.max_output))) as pieces:
            async for piece in pieces:
                ended = ended or bool(reason_of(piece))
                yield piece
        if not ended:  # LangChain's interface does not say why an answer ended, only that it did
            yield AIMessageChunk(content="", response_metadata={"finish_reason": "stop"})

    async def _told(
        self, messages: "Sequence[BaseMessage]", tools: Sequence[dict[str, Any]], most: int
    ) -> "AsyncGenerator[AIMessageChunk, None]":
        """Yield what the model's task hands over, as long as it keeps to its time."""
        loop = asyncio.get_running_loop()
        over = loop.time() + self.timeout
        line: asyncio.Queue[AIMessageChunk | Exception | None] = asyncio.Queue(_AHEAD)
        task = loop.create_task(self._answer(line, messages, tools, most))
        try:
            while (piece := await self._next(line, over)) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            task.cancel()
            await asyncio.wait([task], timeout=GRACE)

    async def _next(
        self, line: "asyncio.Queue[AIMessageChunk | Exception | None]", over: float
    ) -> "AIMessageChunk | Exception | None":
        left = over - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(min(self.silence, left), 0)):
                return await line.get()
        except TimeoutError:
            late = f"the answer was not over after {self.timeout:g} s"
            said = late if left <= self.silence else f"nothing came for {self.silence:g} s"
        return Fault("silent", said, provider=self.provider, unaccounted=True)

    async def _answer(
        self,
        line: "asyncio.Queue[AIMessageChunk | Exception | None]",
        messages: "Sequence[BaseMessage]",
        tools: Sequence[dict[str, Any]],
        most: int,
    ) -> None:
        """Have the model answer, and put its pieces, what went wrong, and the end into the line."""
        end: Exception | None = None
        try:
            async for piece in self._pieces(messages, tools, most):
                await line.put(piece)
        except asyncio.CancelledError:
            end = Fault("unexplained", "it gave up by itself", provider=self.provider, unaccounted=True)
        except UsageError as error:
            end = self.maker.without_key(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  a package may raise anything
            end = fault_of(error, provider=self.provider)
        if not ((task := asyncio.current_task()) and task.cancelling()):  # else nobody listens any more
            await line.put(end)

    async def _pieces(
        self, messages: "Sequence[BaseMessage]", tools: Sequence[dict[str, Any]], most: int
    ) -> "AsyncGenerator[AIMessageChunk, None]":
        from langsmith.run_helpers import tracing_context

        with tracing_context(enabled=False):
            asked: Any = await self.maker.of_this_loop()
            if tools:
                try:
                    asked = asked.bind_tools(offered(tools, "openai"))
                except NotImplementedError:
                    cure = f'write `tools = false` in [models.facts."{self.id}"], or take another model'
                    raise self.maker.refused("cannot be given tools", cure) from None
            async for piece in asked.astream(outgoing(messages, "openai"), max_tokens=most):
                yield self._checked(piece)

    def _checked(self, piece: Any) -> "AIMessageChunk":
        """Return what a model gave as a piece of an answer, if it is one and counts as one counts."""
        from langchain_core.messages import AIMessage, AIMessageChunk

        if not isinstance(piece, AIMessage):
            what = f"it gave a {type(piece).__name__} for an answer"
            raise Fault("broken", what, provider=self.provider, unaccounted=True)
        chunk = piece if isinstance(piece, AIMessageChunk) else AIMessageChunk(**piece.model_dump(exclude={"type"}))
        if (counted := usage_of(chunk)) and counted.is_impossible:
            raise Fault("broken", "it counts tokens that cannot be", provider=self.provider, unaccounted=True)
        return chunk


def fault_of(error: BaseException, *, provider: str) -> Fault:
    """Return what an error of a package means, the worst of it where it does not say.

    Args:
        error: What the chat model raised.
        provider: Name of its provider.
    """
    if isinstance(error, ProviderError) and not isinstance(error, Fault):  # the package speaks the house's language
        kind: Kind = "busy" if error.retryable else "unexplained"
        return Fault(kind, quoted(str(error)), provider=provider, unaccounted=not error.retryable)
    found = classify(error, provider=provider)
    if found is None:
        return Fault("unexplained", _told(error), provider=provider, unaccounted=True)
    found.unaccounted = found.unaccounted or found.kind in {"silent", "broken"}
    return found


def _told(error: BaseException) -> str:
    return quoted(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
