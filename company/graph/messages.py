"""Messages of a working context as plain data, and as LangChain objects for a model.

Checkpoints hold only the plain form: `{"type": "system" | "human" | "ai" | "tool", "content": str, ...}`; an `ai`
message carries `calls`, a `tool` message `call_id`, a `human` message may carry `extra`, structured data behind its
text.
"""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from company.events import Json
from company.governor import Outcome, Thought


def system(text: str) -> Json:
    """Standing instructions."""
    return {"type": "system", "content": text}


def human(text: str, **extra: Any) -> Json:
    """Words from outside the model, with the same as data in `extra`."""
    return {"type": "human", "content": text, "extra": extra}


def ai(thought: Thought) -> Json:
    """What a model answered."""
    calls = [{"id": call.id, "name": call.tool, "args": call.arguments} for call in thought.calls]
    return {"type": "ai", "content": thought.text, "calls": calls}


def tool(outcome: Outcome) -> Json:
    """What a tool call came to."""
    return {"type": "tool", "content": outcome.content(), "call_id": outcome.call.id, "name": outcome.call.tool}


def to_langchain(messages: Sequence[Json]) -> list[BaseMessage]:
    """Return the messages as a chat model takes them."""
    return [_CONVERT[message["type"]](message) for message in messages]


def _ai(message: Json) -> BaseMessage:
    calls = [{**call, "type": "tool_call"} for call in message["calls"]]
    return AIMessage(content=message["content"], tool_calls=calls)


def _tool(message: Json) -> BaseMessage:
    return ToolMessage(content=message["content"], tool_call_id=message["call_id"], name=message["name"])


_CONVERT = {
    "system": lambda message: SystemMessage(content=message["content"]),
    "human": lambda message: HumanMessage(content=message["content"], additional_kwargs=message["extra"]),
    "ai": _ai,
    "tool": _tool,
}
