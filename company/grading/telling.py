"""Retells the journal of a trial as plain data: what a person reads when a case failed, and what it cost."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from company.events import Event, Json
from company.grading.story import Judged, RunStory, Step, ToolCall
from company.grading.transcript import model_bills, notes, planned
from company.store import Run, Store

CLIPPED = 600
"""Characters of a tool's result that are kept."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a journal tells of a trial.

    Attributes:
        runs: Its runs in order.
        cost_usd: What the model calls cost.
        model_calls: How many there were.
    """

    runs: tuple[RunStory, ...] = ()
    cost_usd: Decimal = Decimal(0)
    model_calls: int = 0


def tell(store: Store) -> Told:
    """Read a trial's whole journal, also that of a trial that came to no end."""
    events = list(store.journal.all())
    runs = dict.fromkeys(event.run_id for event in events if event.run_id)
    bills = [Decimal(value["usd"]) for _, value in notes(events, "cost")]
    return Told(
        runs=tuple(_story(store.runs.get(run_id), events) for run_id in runs),
        cost_usd=sum(bills, Decimal(0)),
        model_calls=len(model_bills(events)),
    )


def _story(run: Run, events: Sequence[Event]) -> RunStory:
    mine = [event for event in events if event.run_id == run.id]
    error = run.outcome.get("error")
    return RunStory(
        id=run.id,
        kind=run.kind,
        status=run.status,
        person=run.person,
        request=run.request,
        plan=tuple(Step(step["role"], step.get("task", "")) for step in planned(mine)),
        calls=tuple(_calls(mine)),
        answer=str(run.outcome.get("answer", "")),
        problems=(str(error),) if error else tuple(map(str, run.outcome.get("degraded", ()))),
    )


@dataclass(slots=True)
class _Draft:
    """A call as far as the journal has told of it."""

    agent: str
    tool: str
    arguments: str = ""
    verdict: Judged | None = None
    result: Json = field(default_factory=dict)

    def done(self) -> ToolCall:
        shown = self.result.get("value") if self.result.get("status") == "ok" else self.result.get("error", "")
        text = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
        return ToolCall(
            agent=self.agent,
            tool=self.tool,
            arguments=json.loads(self.arguments or "{}"),
            status=self.result.get("status", ""),
            verdict=self.verdict,
            result=text if len(text) <= CLIPPED else text[: CLIPPED - 1] + "…",
        )


def _calls(events: Iterable[Event]) -> Iterator[ToolCall]:
    """Read the calls; one that was approved is announced twice under one id and is told twice."""
    drafts: list[_Draft] = []
    newest: dict[tuple[str, str], _Draft] = {}
    for event in events:
        if event.type == "TOOL_CALL_START":
            drafts.append(_Draft(event.agent, event.body["toolCallName"]))
            newest[event.agent, event.body["toolCallId"]] = drafts[-1]
        elif event.type == "verdict":
            newest[event.agent, event.body["value"]["toolCallId"]].verdict = _judged(event.body["value"])
        elif event.type in {"TOOL_CALL_ARGS", "TOOL_CALL_RESULT"}:
            _fill(newest[event.agent, event.body["toolCallId"]], event)
    return (draft.done() for draft in drafts)


def _fill(draft: _Draft, event: Event) -> None:
    if event.type == "TOOL_CALL_ARGS":
        draft.arguments += event.body["delta"]
    else:
        draft.result = json.loads(event.body["content"])


def _judged(value: Json) -> Judged:
    return Judged(value["decision"], value["rule"], value["reason"], tuple(value["sources"]))
