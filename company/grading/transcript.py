"""Reads the journal's events: who was asked, which tools were called, what they gave, how each call was decided."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from company.events import Event, Json


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool call and what came of it.

    Attributes:
        seq: Where its result stands in the journal.
        run_id: The run.
        agent: Path of the agent, `ceo/trading`.
        tool: The tool.
        status: `ok`, `retryable`, `denied`, `unknown`, `failed` or `waiting`.
        value: The result as JSON data when `ok`.
        receipt: Idempotency key of its effect, when it had one.
        untrusted: Words of strangers came with the result.
    """

    seq: int
    run_id: str
    agent: str
    tool: str
    status: str
    value: Any
    receipt: str
    untrusted: bool


@dataclass(frozen=True, slots=True)
class Ruling:
    """The governor's decision on one call.

    Attributes:
        role: Whose call it was.
        tool: The tool.
        decision: `allow`, `ask` or `deny`.
        rule: Id of the rule that decided.
    """

    role: str
    tool: str
    decision: str
    rule: str


def tool_uses(events: Iterable[Event], run_id: str | None = None) -> list[ToolUse]:
    """Return the tool calls that came to a result, in the order of their results."""
    return [_use(event, tool) for event, tool in _of_calls(events, "TOOL_CALL_RESULT", run_id)]


def _use(event: Event, tool: str) -> ToolUse:
    content = json.loads(event.body["content"])
    return ToolUse(
        seq=event.seq,
        run_id=event.run_id,
        agent=event.agent,
        tool=tool,
        status=content["status"],
        value=content.get("value"),
        receipt=content.get("receipt", ""),
        untrusted="untrusted" in content,
    )


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """One tool call as it was proposed, whatever came of it.

    Attributes:
        seq: Where it stands in the journal.
        run_id: The run.
        agent: Path of the agent.
        tool: The tool.
        arguments: Its arguments as JSON text with sorted keys.
    """

    seq: int
    run_id: str
    agent: str
    tool: str
    arguments: str

    @property
    def values(self) -> dict[str, Any]:
        """Its arguments by name."""
        said = json.loads(self.arguments)
        return said if isinstance(said, dict) else {}


def calls_of(events: Iterable[Event], run_id: str | None = None) -> list[ProposedCall]:
    """Return the tool calls that were proposed, in order; one that was approved is there once more."""
    return [
        ProposedCall(event.seq, event.run_id, event.agent, tool, event.body["delta"])
        for event, tool in _of_calls(events, "TOOL_CALL_ARGS", run_id)
    ]


def _of_calls(events: Iterable[Event], kind: str, run_id: str | None) -> Iterator[tuple[Event, str]]:
    """Yield the events of a kind about tool calls, each with the tool that its call named."""
    tools: dict[tuple[str, str, str], str] = {}
    for event in events:
        if event.type not in {"TOOL_CALL_START", kind} or run_id not in {None, event.run_id}:
            continue
        key = (event.run_id, event.agent, event.body["toolCallId"])
        if event.type == "TOOL_CALL_START":
            tools[key] = event.body["toolCallName"]
        else:
            yield event, tools[key]


def spans(events: Iterable[Event], run_id: str) -> dict[str, tuple[int, int]]:
    """Return where in the journal each role's first act stands in a run, and the end of its last report.

    That a role was told to begin is no act: the roles of one plan are told together, however they work then.
    """
    found: dict[str, tuple[int, int]] = {}
    for event in events:
        if event.run_id == run_id and "/" in event.agent and event.type != "SUBAGENT_STARTED":
            role = _role_of(event.agent)
            found[role] = (found.get(role, (event.seq, 0))[0], event.seq)
    return found


def rulings(events: Iterable[Event]) -> list[Ruling]:
    """Return the governor's decisions in order."""
    verdicts = [event for event in events if event.type == "verdict"]
    return [
        Ruling(
            role=_role_of(event.agent),
            tool=event.body["value"]["tool"],
            decision=event.body["value"]["decision"],
            rule=event.body["value"]["rule"],
        )
        for event in verdicts
    ]


def delegates(events: Sequence[Event], run_id: str) -> list[str]:
    """Return the roles a run's plans name, each once, in order of the first plan that names it."""
    return list(dict.fromkeys(step["role"] for step in planned(event for event in events if event.run_id == run_id)))


def planned(events: Iterable[Event]) -> Iterator[Json]:
    """Yield the steps of all plans, in order."""
    for event in events:
        if event.type == "ACTIVITY_SNAPSHOT" and event.body["activityType"] == "PLAN":
            yield from event.body["content"]["steps"]


def model_bills(events: Iterable[Event]) -> list[tuple[str, dict[str, Any]]]:
    """Return run id and value of every cost event of a model call; what tools were paid is none."""
    return [(run_id, value) for run_id, value in notes(events, "cost") if not value.get("tool")]


def notes(events: Iterable[Event], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield run id and value of every custom event called `name`."""
    return ((event.run_id, event.body["value"]) for event in events if event.type == name)


def _role_of(path: str) -> str:
    """Return the role at the end of an agent path; a second lane of a role, `trading~2`, is that role's."""
    return path.rsplit("/", 1)[-1].split("~", 1)[0]
