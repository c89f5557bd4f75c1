"""A model that does none of the work: the CEO hands nothing on, a role looks nothing up, both say that all is well."""

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage

from company.grading.instruments.instrument import Instrument


class Lazy(Instrument):
    """Answers in place of every call."""

    def twist(self, read: Sequence[BaseMessage], said: AIMessage) -> AIMessage:
        """Return words where the autopilot would call a tool or delegate."""
        return AIMessage("I have looked into it: everything is as it should be.") if said.tool_calls else said
