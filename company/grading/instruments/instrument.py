"""The base of every instrument model: it works as the autopilot does, but for one vice.

It reads and writes the messages of any other chat model and is handed to the company as one, so graph, governor and
journal cannot tell it from a model that somebody pays for.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import PrivateAttr

from company.home import Company
from company.llm import LocalMind, Mind, Models
from company.roles import Role
from company.toolkit import Registry


class Instrument(BaseChatModel):
    """One role's model.

    Args:
        honest: What it would be without its vice.
        tools: All tools of the company.
    """

    _honest: BaseChatModel = PrivateAttr()
    _tools: Registry = PrivateAttr()

    def __init__(self, *, honest: BaseChatModel, tools: Registry) -> None:
        super().__init__()
        self._honest, self._tools = honest, tools

    @abstractmethod
    def twist(self, read: Sequence[BaseMessage], said: AIMessage) -> AIMessage:
        """Return what it says in place of what the autopilot would say.

        Args:
            read: The conversation.
            said: The autopilot's answer to it.
        """

    @property
    def _llm_type(self) -> str:
        return type(self).__name__.lower()

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to the autopilot that it would be; the vice may ask for any other."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        said = self._honest._generate(messages, stop, **kwargs).generations[0].message
        assert isinstance(said, AIMessage)  # the autopilot says nothing else
        return ChatResult(generations=[ChatGeneration(message=self.twist(messages, said))])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages, stop, **kwargs)


class InstrumentModels(Models):
    """The models of a company, every role's replaced by an instrument.

    Args:
        company: The company.
        instrument: What every role thinks with.
    """

    offline = True

    def __init__(self, company: Company, instrument: type[Instrument]) -> None:
        super().__init__(settings=company.settings, roles=company.roles)
        self._instrument, self._tools = instrument, company.registry

    def minds(self, role: Role) -> tuple[Mind, ...]:
        """Return the instrument, and nothing that stands in for it."""
        model = self._instrument(honest=self.procedure(role), tools=self._tools)
        return (LocalMind(model, model._llm_type),)

    def check(self) -> None:
        """Do nothing: an instrument needs no key."""
        self.checked = True

    def needs_no_judgement(self, request: str) -> bool:
        """Return False: everything is asked of the instrument."""
        return False
