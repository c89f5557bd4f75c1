"""The one event vocabulary: AG-UI 1.0 types, and `CUSTOM` for what only a company has.

The journal stores exactly what a front end reads: `body` is an AG-UI event as JSON object (camelCase, no timestamp),
built and validated by the `ag-ui-protocol` models. Around it stands the envelope: which run, which agent path, who may
see it. Names of CUSTOM events are listed in `CUSTOM_NAMES`; a name that is not there is a bug.

Fields that hold ids, and fields that hold wall-clock readings, are listed in `ID_FIELDS` and `WALL_FIELDS`: two runs
of the same seed agree in everything else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

Visibility = Literal["user", "debug"]
Json = dict[str, Any]

CUSTOM_NAMES = frozenset(
    {
        "alert.raised",  # an attack or anomaly was found
        "approval.asked",
        "approval.decided",
        "budget.tripped",
        "cost",  # one model call's tokens and dollars
        "effect.reconciled",  # an unknown outcome was looked up
        "memory.kept",
        "order.placed",
        "order.cancelled",
        "post.published",
        "post.scheduled",
        "report",  # a role's typed report
        "run.resumed",
        "run.stopped",
        "source.blocked",
        "tool.failed",  # a tool hung, crashed or broke its contract
        "trade.filled",
        "verdict",  # what the governor decided of a call, and by which rule
        "world.clock",  # virtual time of the run
    }
)
ID_FIELDS = frozenset(
    {
        "clientOrderId",
        "client_order_id",
        "key",
        "messageId",
        "receipt",
        "receipts",
        "runId",
        "subagentRunId",
        "threadId",
        "toolCallId",
    }
)
WALL_FIELDS = frozenset({"at", "elapsedMs", "expiresAt"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before the journal numbers and seals it.

    Attributes:
        run_id: The run it belongs to; empty for the company's own events.
        thread_id: The conversation it belongs to; empty in autonomous cycles.
        agent: Path of the agent, `ceo` or `ceo/trading`.
        visibility: `user` for what a person sees, `debug` for the rest.
        body: The AG-UI event.
    """

    run_id: str
    thread_id: str
    agent: str
    visibility: Visibility
    body: Json


@dataclass(frozen=True, slots=True)
class Event:
    """A journal row.

    Attributes:
        seq: Position in the journal, from 1, without gaps.
        at: Wall-clock time of writing, UTC.
        previous: Hash of the row before; 64 zeros for the first.
        hash: SHA-256 over the canonical form of this row and `previous`, hex.
    """

    seq: int
    at: datetime
    run_id: str
    thread_id: str
    agent: str
    visibility: Visibility
    body: Json
    previous: str
    hash: str

    @property
    def type(self) -> str:
        """AG-UI type, or for CUSTOM events the custom name."""
        return str(self.body["name"] if self.body["type"] == "CUSTOM" else self.body["type"])

    def line(self) -> Json:
        """The event as `--json` prints it: envelope and body in one object, without the seal."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "runId": self.run_id,
            "threadId": self.thread_id,
            "agent": self.agent,
            "visibility": self.visibility,
            "event": self.body,
        }


def plain(value: Any) -> Any:
    """Return `value` as JSON data: Decimal and datetime become strings, models become objects."""
    if hasattr(value, "model_dump"):
        return plain(value.model_dump(by_alias=True))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def _body(kind: str, **fields: Any) -> Json:
    from ag_ui.core import events

    event: Json = getattr(events, kind)(**fields).model_dump(mode="json", by_alias=True, exclude_none=True)
    return event


def run_started(run_id: str, thread_id: str) -> Json:
    """A run begins."""
    return _body("RunStartedEvent", run_id=run_id, thread_id=thread_id)


def run_finished(run_id: str, thread_id: str, *, result: Mapping[str, Any], waiting: Sequence[Json] = ()) -> Json:
    """A run ended, or parked while the approvals in `waiting` (AG-UI interrupts) are open."""
    outcome = {"type": "interrupt", "interrupts": list(waiting)} if waiting else {"type": "success"}
    return _body("RunFinishedEvent", run_id=run_id, thread_id=thread_id, result=plain(result), outcome=outcome)


def run_cancelled(run_id: str, thread_id: str, *, result: Mapping[str, Any]) -> Json:
    """A person stopped the run."""
    return _body(
        "RunFinishedEvent", run_id=run_id, thread_id=thread_id, result=plain(result), outcome={"type": "cancelled"}
    )


def run_error(message: str, code: str) -> Json:
    """A run failed; `code` is the error's class name."""
    return _body("RunErrorEvent", message=message, code=code)


def agent_started(path: str, name: str, description: str, parent: str | None) -> Json:
    """A role begins its assignment; `path` is its sub-agent run id."""
    return _body(
        "SubagentStartedEvent",
        subagent_run_id=path,
        name=name,
        description=description,
        parent_subagent_run_id=parent,
    )


def agent_finished(path: str) -> Json:
    """A role handed in its report."""
    return _body("SubagentFinishedEvent", subagent_run_id=path, outcome={"type": "success"})


def text_start(message_id: str, role: Literal["assistant", "user"] = "assistant", agent: str | None = None) -> Json:
    """A message begins."""
    return _body("TextMessageStartEvent", message_id=message_id, role=role, subagent_run_id=agent)


def text_delta(message_id: str, delta: str, agent: str | None = None) -> Json:
    """A piece of a message; pieces in order make the whole text."""
    return _body("TextMessageContentEvent", message_id=message_id, delta=delta, subagent_run_id=agent)


def text_end(message_id: str, agent: str | None = None) -> Json:
    """A message is complete."""
    return _body("TextMessageEndEvent", message_id=message_id, subagent_run_id=agent)


def tool_call(call_id: str, name: str, arguments: str, agent: str | None = None) -> list[Json]:
    """A tool call with its arguments as JSON text: start, arguments, end."""
    return [
        _body("ToolCallStartEvent", tool_call_id=call_id, tool_call_name=name, subagent_run_id=agent),
        _body("ToolCallArgsEvent", tool_call_id=call_id, delta=arguments, subagent_run_id=agent),
        _body("ToolCallEndEvent", tool_call_id=call_id, subagent_run_id=agent),
    ]


def tool_result(call_id: str, content: str, agent: str | None = None) -> Json:
    """What a tool call gave back, as the text the model reads."""
    return _body(
        "ToolCallResultEvent",
        message_id=f"{call_id}.result",
        tool_call_id=call_id,
        content=content,
        role="tool",
        subagent_run_id=agent,
    )


def plan_snapshot(message_id: str, steps: Sequence[Mapping[str, Any]]) -> Json:
    """The CEO's plan as an AG-UI activity."""
    return _body("ActivitySnapshotEvent", message_id=message_id, activity_type="PLAN", content={"steps": plain(steps)})


def custom(name: str, value: Mapping[str, Any]) -> Json:
    """A company's own event.

    Raises:
        ValueError: `name` is not in `CUSTOM_NAMES`.
    """
    if name not in CUSTOM_NAMES:
        raise ValueError(f"unknown custom event {name!r}; add it to company/events.py CUSTOM_NAMES")
    return _body("CustomEvent", name=name, value=plain(value))
