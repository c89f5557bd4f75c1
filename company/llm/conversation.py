"""Messages of a working context as plain data, and as LangChain objects for a model.

Checkpoints hold only the plain form: `{"type": "system" | "human" | "ai" | "tool", "content": str, ...}`; an `ai`
message carries `calls`, a `tool` message `call_id` and `name`, a `human` message may carry `extra`, structured data
behind its text.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from company.events import Json

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def system(text: str) -> Json:
    """Standing instructions."""
    return {"type": "system", "content": text}


def human(text: str, **extra: object) -> Json:
    """Words from outside the model, with the same as data in `extra`."""
    return {"type": "human", "content": text, "extra": extra}


def ai(text: str, calls: Sequence[Json] = ()) -> Json:
    """What a model answered; a call is `{"id", "name", "args"}`."""
    return {"type": "ai", "content": text, "calls": list(calls)}


def tool(content: str, *, call_id: str, name: str) -> Json:
    """What a tool call came to."""
    return {"type": "tool", "content": content, "call_id": call_id, "name": name}


def to_langchain(messages: Sequence[Json]) -> "list[BaseMessage]":
    """Return the messages as a chat model takes them."""
    convert = _conversions()
    return [convert[message["type"]](message) for message in messages]


@cache
def _conversions() -> "dict[str, Callable[[Json], BaseMessage]]":
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

    return {
        "system": lambda message: SystemMessage(content=message["content"]),
        "human": lambda message: HumanMessage(content=message["content"], additional_kwargs=message["extra"]),
        "ai": lambda message: AIMessage(
            content=message["content"], tool_calls=[{**call, "type": "tool_call"} for call in message["calls"]]
        ),
        "tool": lambda message: ToolMessage(
            content=message["content"], tool_call_id=message["call_id"], name=message["name"]
        ),
    }
