"""A run's journal events as one AG-UI client reads them.

The journal stores AG-UI, for readers who know the whole company. A client of the protocol knows one run under its own
names, so: the run and its thread carry the client's ids; the CEO is the agent itself, and only roles are subagents;
the person's message is left out, for the client has it; debug events are left out; tool calls, whose ids are unique
within an assignment, carry the assignment in their id; the end says what the models of providers used, and what each
interrupt wants to hear.
"""

from typing import Any

from company.events import Event, Json
from company.store import Store

VERDICT_SCHEMA: Json = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}, "note": {"type": "string"}},
    "required": ["approved"],
    "additionalProperties": False,
}
"""What an interrupt wants to hear."""

PROTOCOL = "1.0"


class Translation:
    """Translates the events of one run, in order.

    Args:
        store: Where approvals are.
        run: The run.
        thread_id: The client's name of the thread.
        run_id: The client's name of the run.
    """

    def __init__(self, store: Store, run: str, *, thread_id: str, run_id: str) -> None:
        self._store, self._run, self._root = store, run, f"{run}/ceo"
        self._ids = {"threadId": thread_id, "runId": run_id}
        self._theirs: set[str] = set()
        self._used: dict[tuple[str, str], Json] = {}

    def started(self) -> Json:
        """Return the first event."""
        return {"type": "RUN_STARTED", **self._ids, "protocolVersion": PROTOCOL}

    def read(self, event: Event) -> list[Json]:
        """Return what the client reads of an event: one event, or nothing."""
        if event.type == "cost":
            self._count(event.body["value"])
        if event.type == "RUN_STARTED" or event.visibility == "debug" or self._is_theirs(event.body):
            return []
        metadata = event.line()
        body = self._named(metadata.pop("event"))
        if event.type == "RUN_FINISHED":
            body |= {**self._ids, "outcome": self._outcome(body["outcome"])}
        if event.type in {"RUN_FINISHED", "RUN_ERROR"} and self._used:
            body["usage"] = list(self._used.values())
        return [{**body, "metadata": metadata}]

    def _is_theirs(self, body: Json) -> bool:
        """Tell whether an event is part of the message that the client itself sent."""
        if body.get("role") == "user":
            self._theirs.add(body["messageId"])
        return body.get("messageId") in self._theirs

    def _named(self, body: Json) -> Json:
        """Return an event in which the CEO is nobody's subagent and tool calls have ids of their own."""
        lane = body.get("subagentRunId", self._root)
        body = {
            name: value
            for name, value in body.items()
            if not (name in {"subagentRunId", "parentSubagentRunId"} and value == self._root)
        }
        if "toolCallId" in body:
            body["toolCallId"] = _call(lane, body["toolCallId"])
        if body["type"] == "TOOL_CALL_RESULT":
            body["messageId"] = _call(lane, body["messageId"])
        return body

    def _outcome(self, outcome: Json) -> Json:
        if outcome["type"] != "interrupt":
            return outcome
        return {**outcome, "interrupts": [self._interrupt(item) for item in outcome["interrupts"]]}

    def _interrupt(self, item: Json) -> Json:
        lane = f"{self._run}/{self._store.approvals.get(item['id']).path}"
        call = _call(lane, item["toolCallId"])
        return {**item, "subagentRunId": lane, "toolCallId": call, "responseSchema": VERDICT_SCHEMA}

    def _count(self, cost: Json) -> None:
        """Add up what a provider's model used; what the autopilot estimates about itself does not count."""
        if not cost["provider"]:
            return
        names = {"provider": cost["provider"], "model": cost["model"].removeprefix(f"{cost['provider']}:")}
        used = self._used.setdefault((cost["provider"], cost["model"]), {**names, **dict.fromkeys(_COUNTS.values(), 0)})
        for ours, theirs in _COUNTS.items():
            used[theirs] += cost[ours]
        used["totalTokens"] = used["inputTokens"] + used["outputTokens"]


_COUNTS = {
    "inputTokens": "inputTokens",
    "cachedTokens": "cachedInputTokens",
    "cacheWrittenTokens": "cacheWriteInputTokens",
    "outputTokens": "outputTokens",
    "reasoningTokens": "reasoningTokens",
}


def run_error(message: str, code: str) -> Json:
    """Return the event that ends a stream without the end of its run."""
    return {"type": "RUN_ERROR", "message": message, "code": code}


def _call(lane: str, call: Any) -> str:
    return f"{lane}:{call}"
