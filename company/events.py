"""The one event vocabulary: AG-UI 1.0 types, and `CUSTOM` for what only a company has.

The journal stores exactly what a front end reads: `body` is an AG-UI event as JSON object (camelCase, no timestamp).
Each builder writes the object down as it is; tests/test_events.py holds every one to the `ag-ui-protocol` model of its
type, which costs 30 times as much to build. Around it stands the envelope: which run, which agent path, who may see it.
Names of CUSTOM events are listed in `CUSTOM_NAMES`; a name that is not there is a bug.

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
        "approval.escalated",  # nobody answered for a while
        "approval.voted",  # one of several people said yes
        "breaker.cleared",  # a person let a role go on
        "breaker.tripped",  # a role goes in circles and is held
        "budget.tripped",
        "company.idle",  # nobody is concerned by anything; from now on no run begins and no model is asked
        "company.stopped",  # what a stop came to: runs, orders and processes that ended
        "context.compacted",  # a conversation was too long for a model and was cut
        "cost",  # one model call's tokens and dollars, or what a tool was paid
        "desk.reconciled",  # what the desk's books and the venues do not agree about
        "effect.reconciled",  # an unknown outcome was looked up
        "effect.settled",  # a person said what an unknown outcome was
        "ensemble.weights",  # closed trades moved what the temperaments count
        "feedback.given",  # a person says what a run was worth
        "journal.erased",  # a person had words taken out of earlier events; signed
        "live.disabled",
        "live.enabled",  # a person lets orders leave for an exchange with real money
        "live.sent",  # an order or a cancellation leaves for one
        "mandate.added",
        "mandate.restored",  # one of company.toml holds again
        "mandate.revoked",
        "memory.decided",  # a person accepted or refused a proposed memory
        "memory.forgotten",  # the receipt of an erasure
        "memory.imported",
        "memory.kept",
        "memory.recalled",  # a role was reminded of something before it began
        "memory.retained",  # a person had the old memories archived
        "memory.rolled_back",  # a person put the memory back as it was
        "memory.shared",  # a person gave a memory to all roles
        "message.withdrawn",  # the words of a message came to nothing; another try follows
        "model.fallback",  # a model could not be used, the next of the chain was asked
        "model.retried",
        "order.abandoned",  # a person closed an order of which nobody knows what became
        "order.placed",
        "order.cancelled",
        "persona.changed",  # a role has another version of its persona
        "persona.decided",  # a person decided about a proposed one
        "persona.experiment",  # a candidate is on trial, was promoted or rolled back
        "persona.proposed",
        "persona.used",  # who plays whom in a run
        "post.published",
        "post.scheduled",
        "report",  # a role's typed report
        "risk.clamped",  # a limit cut or refused what was asked for
        "risk.paused",  # a person lets nothing of a symbol be bought
        "risk.rearmed",  # a person lets a desk go on that a drawdown had stopped
        "risk.resumed",
        "run.resumed",
        "roles.woken",  # code decided whom a cycle wakes
        "run.stopped",
        "source.blocked",
        "tool.changed",  # a tool of an MCP server is not as it was confirmed, and is not called
        "tool.denied",  # a tool reached for what its manifest does not declare
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
WALL_FIELDS = frozenset({"at", "elapsedMs", "expiresAt", "firstTokenMs", "waitsSince"})


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

    @classmethod
    def of_person(cls, body: Json) -> "Draft":
        """Return an event of the company that a person brought about, outside of any run."""
        return cls("", "", "person", "user", body)


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


_JSON_ALREADY = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """Return `value` as JSON data: Decimal and datetime become strings, models become objects."""
    if type(value) in _JSON_ALREADY:  # most values are, and the questions below cost ten times as much
        return value
    if type(value) is dict:
        return {str(key): plain(item) for key, item in value.items()}
    return _plainer(value)


def _plainer(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return plain(value.model_dump(by_alias=True))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def run_started(run_id: str, thread_id: str) -> Json:
    """A run begins."""
    return {"type": "RUN_STARTED", "threadId": thread_id, "runId": run_id}


def run_finished(run_id: str, thread_id: str, *, result: Mapping[str, Any], waiting: Sequence[Json] = ()) -> Json:
    """A run ended, or parked while the approvals in `waiting` (AG-UI interrupts) are open."""
    outcome = {"type": "interrupt", "interrupts": list(waiting)} if waiting else {"type": "success"}
    return _finished(run_id, thread_id, result, outcome)


def run_cancelled(run_id: str, thread_id: str, *, result: Mapping[str, Any]) -> Json:
    """A person stopped the run."""
    return _finished(run_id, thread_id, result, {"type": "cancelled"})


def _finished(run_id: str, thread_id: str, result: Mapping[str, Any], outcome: Json) -> Json:
    return {
        "type": "RUN_FINISHED",
        "threadId": thread_id,
        "runId": run_id,
        "result": plain(result),
        "outcome": outcome,
    }


def run_error(message: str, code: str) -> Json:
    """A run failed; `code` is the error's class name."""
    return {"type": "RUN_ERROR", "message": message, "code": code}


def agent_started(path: str, name: str, description: str, parent: str | None) -> Json:
    """A role begins its assignment; `path` is its sub-agent run id."""
    above = {} if parent is None else {"parentSubagentRunId": parent}
    return {"type": "SUBAGENT_STARTED", "subagentRunId": path, "name": name, "description": description, **above}


def agent_finished(path: str) -> Json:
    """A role handed in its report."""
    return {"type": "SUBAGENT_FINISHED", "subagentRunId": path, "outcome": {"type": "success"}}


def text_start(message_id: str, role: Literal["assistant", "user"] = "assistant", agent: str | None = None) -> Json:
    """A message begins."""
    return {"type": "TEXT_MESSAGE_START", **_of(agent), "messageId": message_id, "role": role}


def text_delta(message_id: str, delta: str, agent: str | None = None) -> Json:
    """A piece of a message; pieces in order make the whole text."""
    return {"type": "TEXT_MESSAGE_CONTENT", **_of(agent), "messageId": message_id, "delta": delta}


def text_end(message_id: str, agent: str | None = None) -> Json:
    """A message is complete."""
    return {"type": "TEXT_MESSAGE_END", **_of(agent), "messageId": message_id}


def tool_call(call_id: str, name: str, arguments: str, agent: str | None = None) -> list[Json]:
    """A tool call with its arguments as JSON text: start, arguments, end."""
    of = _of(agent)
    return [
        {"type": "TOOL_CALL_START", **of, "toolCallId": call_id, "toolCallName": name},
        {"type": "TOOL_CALL_ARGS", **of, "toolCallId": call_id, "delta": arguments},
        {"type": "TOOL_CALL_END", **of, "toolCallId": call_id},
    ]


def tool_result(call_id: str, content: str, agent: str | None = None) -> Json:
    """What a tool call gave back, as the text the model reads."""
    return {
        "type": "TOOL_CALL_RESULT",
        **_of(agent),
        "messageId": f"{call_id}.result",
        "toolCallId": call_id,
        "content": content,
        "role": "tool",
    }


def plan_snapshot(message_id: str, steps: Sequence[Mapping[str, Any]]) -> Json:
    """The CEO's plan as an AG-UI activity."""
    return {
        "type": "ACTIVITY_SNAPSHOT",
        "messageId": message_id,
        "activityType": "PLAN",
        "content": {"steps": plain(steps)},
    }


def custom(name: str, value: Mapping[str, Any]) -> Json:
    """A company's own event.

    Raises:
        ValueError: `name` is not in `CUSTOM_NAMES`.
    """
    if name not in CUSTOM_NAMES:
        raise ValueError(f"unknown custom event {name!r}; add it to company/events.py CUSTOM_NAMES")
    return {"type": "CUSTOM", "name": name, "value": plain(value)}


def _of(agent: str | None) -> Json:
    return {} if agent is None else {"subagentRunId": agent}
