"""A decision trail: a run's events retold as the steps that led to something, in plain sentences.

Nothing is interpreted and nothing is judged: a step repeats what one event of the journal says, and carries its
number, so that every sentence can be held against the journal.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from company.events import Event, Json
from company.roles import CLAIMED
from company.store import Run

SHOWN = 300
"""Characters of a value in a sentence; the whole of it is in the step's detail."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trail.

    Attributes:
        seq: Number of the event.
        at: Wall-clock time.
        agent: Who did it, as an agent path.
        kind: `request`, `recalled`, `plan`, `call`, `verdict`, `asked`, `decided`, `effect`, `result`, `fault`,
            `report`, `end`.
        text: What happened, in words.
        detail: All that the event says, as JSON.
        call: Id of the tool call it belongs to, empty for none.
    """

    seq: int
    at: datetime
    agent: str
    kind: str
    text: str
    detail: Any
    call: str = ""


def trail_of(run: Run, events: Sequence[Event]) -> list[Step]:
    """Return the steps of a whole run, in the order of the journal."""
    teller = _Teller(run, _owners(events))
    return [step for event in events for step in teller.tell(event)]


def led_to(steps: Sequence[Step], agent: str, call: str) -> list[Step]:
    """Return the steps that led to one tool call of one agent, and what came of it.

    That is: the request, what the agent and who gave it the task were reminded of, the CEO's plan for this agent, what
    the agent called before, the call itself with its verdict, approval, effect and result, and how the agent and the
    run ended.
    """
    first = next((step.seq for step in steps if (step.agent, step.call) == (agent, call)), 0)
    return [step for step in steps if _leads(step, agent, call, first)]


def _leads(step: Step, agent: str, call: str, first: int) -> bool:
    if step.kind in {"request", "end"}:
        return True
    if step.kind == "plan":
        return bool(step.detail.get("path") == agent)
    if step.kind == "recalled":  # what the one who gave the task was reminded of led to it too
        return f"{agent}/".startswith(f"{step.agent}/")
    if step.call:
        return step.agent == agent and (step.call == call or step.seq < first)
    return step.agent == agent


def _owners(events: Iterable[Event]) -> dict[int, str]:
    """Return the call of each effect by number: effects are written right before the result of their call."""
    owners: dict[int, str] = {}
    following: dict[str, str] = {}
    for event in reversed(list(events)):
        if event.type == "TOOL_CALL_RESULT":
            following[event.agent] = event.body["toolCallId"]
        elif event.type in _EFFECTS:
            owners[event.seq] = following.get(event.agent, "")
    return owners


class _Teller:
    """Tells a run's events one after the other; remembers names that later events do not repeat."""

    def __init__(self, run: Run, owners: Mapping[int, str]) -> None:
        self._run, self._owners = run, owners
        self._tools: dict[tuple[str, str], str] = {}
        self._approvals: dict[str, tuple[str, str]] = {}

    def tell(self, event: Event) -> list[Step]:
        """Return the steps that an event makes."""
        told = _TELLERS.get(event.type)
        return told(self, event) if told else []

    def request(self, event: Event) -> list[Step]:
        run = self._run
        text = f'{run.person or "somebody"} asked: "{run.request}"' if run.request else f"cycle {run.number} began"
        return [_step(event, "request", text, {"run": run.id, "thread": run.thread_id, "as_of": run.as_of.isoformat()})]

    def recalled(self, event: Event) -> list[Step]:
        value = event.body["value"]
        return [_step(event, "recalled", f"was reminded of {', '.join(map(_memory, value['items']))}", value)]

    def plan(self, event: Event) -> list[Step]:
        steps = event.body["content"].get("steps", [])
        return [_step(event, "plan", f"gave {step['role']} the task: {step['task']}", step) for step in steps]

    def start(self, event: Event) -> list[Step]:
        self._tools[event.agent, event.body["toolCallId"]] = event.body["toolCallName"]
        return []

    def arguments(self, event: Event) -> list[Step]:
        call = event.body["toolCallId"]
        tool, arguments = self._tools.get((event.agent, call), "a tool"), json.loads(event.body["delta"])
        detail = {"call": call, "tool": tool, "arguments": arguments}
        return [_step(event, "call", f"called {tool}({_listed(arguments)})", detail, call)]

    def verdict(self, event: Event) -> list[Step]:
        value = event.body["value"]
        inside = f", mandate {value['mandate']}" if value["mandate"] else ""
        after = f"; had read: {', '.join(value['sources'])}" if value["sources"] else ""
        decided = {"allow": "allowed", "ask": "a person is asked", "deny": "refused"}.get(value["decision"], "decided")
        text = f"{decided} by rule {value['rule']}{inside}: {value['reason']}{after}"
        return [_step(event, "verdict", text, value, value["toolCallId"])]

    def asked(self, event: Event) -> list[Step]:
        value = event.body["value"]
        self._approvals[value["approval"]] = event.agent, value["toolCallId"]
        text = f"{value['approval']} waits for a person: {value['reason']}"
        return [_step(event, "asked", text, value, value["toolCallId"])]

    def decided(self, event: Event) -> list[Step]:
        value = event.body["value"]
        by, note = f" by {value['by']}" if value["by"] else "", f": {value['note']}" if value["note"] else ""
        text = f"{value['approval']} was {value['state']}{by}{note}"
        return self._on_the_call(event, "decided", text)

    def voted(self, event: Event) -> list[Step]:
        value = event.body["value"]
        note = f": {value['note']}" if value["note"] else ""
        text = f"{value['by']} said yes to {value['approval']}, {value['votes']} of {value['needed']}{note}"
        return self._on_the_call(event, "decided", text)

    def escalated(self, event: Event) -> list[Step]:
        value = event.body["value"]
        to = f" to {', '.join(value['to'])}" if value["to"] else ""
        text = f"nobody answered {value['approval']}, so it was passed on{to}"
        return self._on_the_call(event, "asked", text)

    def _on_the_call(self, event: Event, kind: str, text: str) -> list[Step]:
        """Tell something about an approval where the call is told that it was asked for."""
        value = event.body["value"]
        agent, call = self._approvals.get(value["approval"], (event.agent, ""))
        return [Step(event.seq, event.at, agent, kind, text, value, call)]

    def result(self, event: Event) -> list[Step]:
        call, content = event.body["toolCallId"], json.loads(event.body["content"])
        tool = self._tools.get((event.agent, call), "the tool")
        receipt = f", receipt {content['receipt']}" if content.get("receipt") else ""
        said = content.get("error") or (_short(content["value"]) if content.get("value") is not None else "")
        text = f"{tool} came to {content['status']}{receipt}" + (f": {said}" if said else "")
        return [_step(event, "result", text, content, call)]

    def effect(self, event: Event) -> list[Step]:
        value = event.body["value"]
        text = f"{_EFFECTS[event.type]}: {_listed(value)}"
        return [_step(event, "effect", text, value, self._owners[event.seq])]

    def fault(self, event: Event) -> list[Step]:
        value = event.body["value"]
        why = value.get("error") or value.get("reason") or f"{value.get('capability', '')} {value.get('what', '')}"
        text = f"{_FAULTS[event.type]}: {why.strip()}"
        return [_step(event, "fault", text, value, value.get("toolCallId", ""))]

    def report(self, event: Event) -> list[Step]:
        value = event.body["value"]
        claims = "".join(f"\n{CLAIMED}: {claim}" for claim in value.get("unproven", ()))
        return [_step(event, "report", f"reported {value['status']}: {value['summary']}{claims}", value)]

    def finished(self, event: Event) -> list[Step]:
        result, outcome = event.body["result"], event.body["outcome"]["type"]
        if outcome == "interrupt":
            text = f"the run waits for {', '.join(result['waiting'])}"
        elif outcome == "cancelled":
            text = f"the run was stopped: {result['reason']}"
        else:
            text = f"the run ended: {_cut(result.get('answer', ''))}"
        return [_step(event, "end", text, result)]

    def failed(self, event: Event) -> list[Step]:
        return [_step(event, "end", f"the run failed: {event.body['message']}", event.body)]


_EFFECTS = {
    "alert.raised": "an attack was found",
    "desk.reconciled": "books and venues were compared",
    "effect.reconciled": "an unknown outcome was looked up",
    "ensemble.weights": "closed trades moved what the temperaments count",
    "order.cancelled": "an order was taken out of the book",
    "order.placed": "a venue took an order",
    "post.published": "a post went out",
    "post.scheduled": "a post is on the agenda",
    "source.blocked": "an address is refused from now on",
    "trade.filled": "an order traded",
}
_FAULTS = {
    "breaker.tripped": "the role went in circles and is held",
    "budget.tripped": "a call did not fit the budget",
    "model.fallback": "a model could not be used",
    "tool.denied": "the tool was stopped at what it does not declare",
    "tool.failed": "the tool failed",
}
_TELLERS: Mapping[str, Callable[[_Teller, Event], list[Step]]] = {
    "RUN_STARTED": _Teller.request,
    "memory.recalled": _Teller.recalled,
    "ACTIVITY_SNAPSHOT": _Teller.plan,
    "TOOL_CALL_START": _Teller.start,
    "TOOL_CALL_ARGS": _Teller.arguments,
    "verdict": _Teller.verdict,
    "approval.asked": _Teller.asked,
    "approval.decided": _Teller.decided,
    "approval.escalated": _Teller.escalated,
    "approval.voted": _Teller.voted,
    "TOOL_CALL_RESULT": _Teller.result,
    **dict.fromkeys(_EFFECTS, _Teller.effect),
    **dict.fromkeys(_FAULTS, _Teller.fault),
    "report": _Teller.report,
    "RUN_FINISHED": _Teller.finished,
    "RUN_ERROR": _Teller.failed,
}
TYPES = frozenset(_TELLERS)
"""Types of events that a trail is told from."""


def _step(event: Event, kind: str, text: str, detail: Any, call: str = "") -> Step:
    return Step(event.seq, event.at, event.agent, kind, text, detail, call)


def _memory(item: Json) -> str:
    """Name a memory with its origin and how well it fitted; its words are those of who may read them."""
    return f"{item['id']} ({item['kind']}, said by {item['source']}, {item['date'][:10]}, score {item['score']:.2f})"


def _listed(values: Json) -> str:
    return ", ".join(f"{name}={_short(value)}" for name, value in values.items() if value not in (None, "", [], {}))


def _short(value: Any) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
