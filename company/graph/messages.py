"""What a model said and what its calls came to, as messages of a working context (company/llm/conversation.py)."""

from company.events import Json
from company.governor import Outcome, Thought
from company.llm import conversation
from company.llm.conversation import human, system, to_langchain

__all__ = ["ai", "human", "system", "to_langchain", "tool"]


def ai(thought: Thought) -> Json:
    """What a model answered."""
    return conversation.ai(
        thought.text, [{"id": call.id, "name": call.tool, "args": call.arguments} for call in thought.calls]
    )


def tool(outcome: Outcome) -> Json:
    """What a tool call came to."""
    return conversation.tool(outcome.content(), call_id=outcome.call.id, name=outcome.call.tool)
