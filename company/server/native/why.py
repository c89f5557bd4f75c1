"""Why something happened: the trail of an approval, an order, a run, an effect or a single tool call."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Query

from company.engine import Engine
from company.errors import UsageError
from company.governor import effect_key
from company.server.faults import Refusal, found
from company.server.native.memory import visible
from company.server.native.routing import Routes, Who
from company.server.native.trail import TYPES, Step, led_to, trail_of
from company.server.native.views import View
from company.store import Run

LONGEST = 20_000
"""Events of a run that are read; the budget of a run ends it long before."""


class StepView(View):
    """One step.

    Attributes:
        seq: Number of the journal's event that says so.
        agent: Who did it, as an agent path.
        text: What happened, in words.
        detail: All that the event says; of what a role was reminded of also the `text` of each memory, as far as you
            may see it.
    """

    seq: int
    at: datetime
    agent: str
    kind: Literal[
        "request",
        "recalled",
        "plan",
        "call",
        "verdict",
        "asked",
        "decided",
        "effect",
        "result",
        "fault",
        "report",
        "end",
    ]
    text: str
    detail: Any

    @classmethod
    def of(cls, step: Step) -> Self:
        """Return the view of a step."""
        return cls(**{name: getattr(step, name) for name in cls.model_fields})


class WhyView(View):
    """How something came about; `what` says what it is, the steps are in the order of the journal."""

    subject: str
    what: str
    run: str
    steps: list[StepView]


@dataclass(frozen=True, slots=True)
class _Found:
    """A run, and what of it was asked for: one call of one agent, or all of it."""

    run: Run
    what: str
    steps: list[Step]


class WhyDoors:
    """The endpoint about decision trails.

    Args:
        engine: Runs the company.
    """

    def __init__(self, engine: Engine) -> None:
        self._store, self._memory = engine.company.store, engine.company.memory

    def router(self) -> APIRouter:
        """Return the route."""
        routes = Routes("why")
        routes.door("GET", "/why/{subject:path}", self.why, "read", refuses=(404,))
        return routes

    async def why(
        self,
        who: Who,
        subject: Annotated[
            str,
            Path(
                min_length=1,
                max_length=200,
                examples=["A1"],
                description="Id of an approval (`A1`), a run (`R3`), an order, a receipt, or with `run` a tool call.",
            ),
        ],
        run: Annotated[str | None, Query(max_length=40, description="The run of a tool call.")] = None,
    ) -> WhyView:
        """Return the steps that led to something, each with the number of the event that says so.

        They are: the request, what roles were reminded of, the CEO's plan, what the role called with which arguments,
        the governor's verdicts, who approved, what happened outside, and what came out.
        """
        found = self._of_call(self._run(run), subject) if run else self._find(subject)
        steps = [StepView.of(self._with_words(step, who.person)) for step in found.steps]
        return WhyView(subject=subject, what=found.what, run=found.run.id, steps=steps)

    def _with_words(self, step: Step, person: str) -> Step:
        """Add to memories that a role was reminded of what they say, as far as a person may read it."""
        if step.kind != "recalled" or self._memory is None:
            return step
        memory = self._memory
        seen = {item["id"]: visible(memory, person, item["id"]) for item in step.detail["items"]}
        items = [{**item, "text": known.text if (known := seen[item["id"]]) else ""} for item in step.detail["items"]]
        return replace(step, detail={**step.detail, "items": items})

    def _find(self, subject: str) -> _Found:
        if re.fullmatch(r"R[0-9]+", subject):
            return self._whole(self._run(subject))
        found = self._of_approval(subject) or self._of_order(subject) or self._of_receipt(subject)
        if found is None:
            what = f"{subject!r} is no approval, run, order or receipt of this company"
            raise Refusal(404, f"{what}; name the run of a tool call, as in ?run=R3")
        return found

    def _whole(self, run: Run) -> _Found:
        steps = self._steps(run)
        return _Found(run, f'"{run.request}"' if run.request else f"cycle {run.number}", steps)

    def _of_approval(self, subject: str) -> _Found | None:
        if not re.fullmatch(r"A[0-9]+", subject):
            return None
        try:
            approval = self._store.approvals.get(subject)
        except UsageError:  # a venue may call its orders like this
            return None
        run = self._run(approval.run_id)
        return _cut(run, self._steps(run), approval.path, approval.call_id)

    def _of_order(self, subject: str) -> _Found | None:
        event = self._store.journal.order(subject)
        if event is None:
            return None
        run = self._run(event.run_id)
        steps = self._steps(run)
        step = next(step for step in steps if step.seq == event.seq)
        return _cut(run, steps, step.agent, step.call)

    def _of_receipt(self, subject: str) -> _Found | None:
        effect = self._store.effects.get(subject)
        if effect is None:
            return None
        run = self._run(effect.run_id)
        steps, home = self._steps(run), self._store.home_id
        calls = {(step.agent, step.call) for step in steps if step.call}
        made = next((call for call in calls if effect_key(home, run.id, *call) == subject), None)
        return _cut(run, steps, *made) if made else None

    def _of_call(self, run: Run, call: str) -> _Found:
        steps = self._steps(run)
        agent = next((step.agent for step in steps if step.call == call), None)
        if agent is None:
            raise Refusal(404, f"run {run.id} has no tool call {call!r}; GET /api/v1/why/{run.id} shows all it has")
        return _cut(run, steps, agent, call)

    def _steps(self, run: Run) -> list[Step]:
        return trail_of(run, self._store.journal.read(run_id=run.id, types=TYPES, limit=LONGEST))

    def _run(self, run_id: str) -> Run:
        return found(self._store.runs.get, run_id)


def _cut(run: Run, steps: list[Step], agent: str, call: str) -> _Found:
    """Return what led to one call, told by the call itself."""
    made = next((step.text for step in steps if (step.agent, step.call, step.kind) == (agent, call, "call")), call)
    return _Found(run, f"{agent} {made}", led_to(steps, agent, call))
