"""Reads a conversation: where the present turn begins, what was asked, and what came back.

The words of the messages are for a real model. The same facts stand as data in `additional_kwargs` of human messages,
and that is what is read here:

    {"brief": {"kind": "chat" | "cycle", "request": str, "cycle": int, "memories": [...]}}   to the CEO: opens a turn
    {"assignment": {...}}                                                                  to a role: opens a turn
    {"reports": [{...}, ...]}                                                              to the CEO: later in a turn
    {"note": true}                                              to anybody: words about the model's last answer

A human message without data opens a turn too, as a chat request. Tool messages hold
`{"status": ..., "value": ..., "error": ..., "approval": ...}` as JSON.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from company.llm.missing import Unavailable
from company.llm.numbers import Number, bound
from company.roles import Assignment


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as far as it went.

    Attributes:
        request: What the turn asks for, in words.
        brief: What the CEO plans from; empty for other roles.
        assignment: What a role was asked; None for the CEO.
        results: Results of this turn's calls, bound, by call id.
        reports: Reports by role, bound; None before anything was delegated.
        earlier: Messages before this turn.
    """

    request: str
    brief: dict[str, Any]
    assignment: Assignment | None
    results: dict[str, Any]
    reports: dict[str, Any] | None
    earlier: tuple[BaseMessage, ...]

    @property
    def autonomous(self) -> bool:
        """True in a cycle that no person asked for."""
        return self.brief.get("kind") == "cycle"

    @property
    def asked_before(self) -> str:
        """The last thing a person said before this turn; empty when there is none."""
        said = [str(message.text) for message in self.earlier if isinstance(message, HumanMessage)]
        return said[-1] if said else ""

    def was_said(self, sentence: str) -> bool:
        """Return whether an earlier answer held `sentence`."""
        return any(isinstance(message, AIMessage) and sentence in message.text for message in self.earlier)


def read_talk(messages: Sequence[BaseMessage]) -> Talk:
    """Read a conversation that ends in the present turn.

    Raises:
        ValueError: There is no human message, or a tool message is not the JSON described above.
    """
    start = _turn_start(messages)
    opening, turn = messages[start].additional_kwargs, messages[start:]
    brief = bound(opening.get("brief", {}))
    given = opening.get("assignment")
    assignment = Assignment.model_validate(given) if given else None
    text = str(messages[start].text)
    return Talk(
        request=assignment.task if assignment else str(brief.get("request") or text),
        brief=brief,
        assignment=assignment,
        results={str(m.tool_call_id): read_result(str(m.text)) for m in turn if isinstance(m, ToolMessage)},
        reports=_reports(turn),
        earlier=tuple(messages[:start]),
    )


@lru_cache(maxsize=256)  # a role looks at each of its results once a turn, and expressions cannot change one
def read_result(content: str) -> Any:
    """Return what a tool message holds: the value, its numbers exact, or why there is none."""
    result = json.loads(content, parse_float=Number)
    if result["status"] == "ok":
        return bound(result.get("value"))
    error = " ".join(str(result.get("error") or result["status"]).split())
    return Unavailable(result["status"], error, str(result.get("approval") or ""))


def _turn_start(messages: Sequence[BaseMessage]) -> int:
    for number in range(len(messages) - 1, -1, -1):
        message = messages[number]
        if isinstance(message, HumanMessage) and _opens(message.additional_kwargs):
            return number
    raise ValueError("no human message opens a turn")


def _opens(extra: Mapping[str, Any]) -> bool:
    return "brief" in extra or "assignment" in extra or not ("reports" in extra or "note" in extra)


def _reports(turn: Sequence[BaseMessage]) -> dict[str, Any] | None:
    given = [m.additional_kwargs["reports"] for m in turn if "reports" in m.additional_kwargs]
    return {report["role"]: bound(report) for report in given[-1]} if given else None
