"""The progress breaker: a role that goes in circles is stopped by code, long before its budget.

Every call that was answered is a step of its path (company/store/steps.py), written in the transaction of its outcome,
and compared with those before it (company/governor/progress.py). A finding holds the role (company/governor/hold.py) in
this run, in every other and after a restart: its calls are denied, its model is not asked, its assignment ends with
what there is, and the other roles go on. A company that spends more in an hour than `[progress] hour_usd` is held as a
whole. Only a person clears it, and the steps before that do not count any more.

What the budget, a stop or the breaker itself refused is no step: it says nothing about the role. What a person approved
is carried out also for a role that is held, because it is that person's act.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from company import events
from company.config import ProgressSettings
from company.errors import Stopped
from company.events import Json
from company.governor import tape
from company.governor.allowance import Allowance
from company.governor.hold import CLEARED, COMPANY, Hold, hold_flag, what_holds
from company.governor.progress import (
    DELEGATE,
    Circle,
    answer,
    circle,
    is_progress,
    question,
    report_answer,
    spent_in_vain,
)
from company.governor.scope import Scope
from company.governor.verdict import Call, Outcome
from company.store import Meter, Step, Store

USUAL = ProgressSettings()
"""`[progress]` of a company that says nothing about it."""

_HOUR = timedelta(hours=1)
_CIRCLE, _FOUND = "circle", tape.Form[Circle](Circle)
_HELD, _ERROR = "held", tape.Form[Json](Json)
_NOT_OF_THE_ROLE = ("approval.given", "approval.void", "budget.", "progress.", "stop.")
"""Beginnings of rules that say nothing about how a role goes about its work."""


class Breaker:
    """Watches for progress.

    Args:
        store: Steps, flags and journal.
        allowance: What was spent.
        settings: `[progress]` of the company.
    """

    def __init__(self, *, store: Store, allowance: Allowance, settings: ProgressSettings) -> None:
        self._store, self._allowance, self._settings = store, allowance, settings

    def admit(self, scope: Scope) -> None:
        """Let a role go on to its next model call.

        Raises:
            Stopped: A person stopped the company or this run.
            Held: The role goes in circles, or the company spends too fast.
        """
        stopped, hold = what_holds(self._store, scope)
        if stopped:
            raise Stopped(stopped)
        if hold := hold or self._spending_too_fast(scope):
            raise hold.error()

    def refuse_if_held(self, scope: Scope) -> None:
        """Refuse new work of a role that is held.

        Raises:
            Held: The role, or the company, is held.
        """

        def look() -> Json | None:
            hold = what_holds(self._store, scope)[1]
            return None if hold is None else tape.described(hold.error())

        if (refusal := tape.current().warned(_HELD, scope.path, look, _ERROR)) is not None:
            raise tape.revived(refusal)

    def note(self, scope: Scope, call: Call, outcome: Outcome, *, tool: str, is_effect: bool) -> None:
        """Write down that a call was answered, and hold its role if that shows that it goes in circles.

        Args:
            scope: Who called.
            call: The call.
            outcome: What it came to.
            tool: Name of its tool; one name for all tools that there are not.
            is_effect: The tool changes something.

        Raises:
            RuntimeError: No transaction is open: a step is written with what it records.
        """
        if outcome.rule.startswith(_NOT_OF_THE_ROLE):
            return
        asked, changed = question(call.arguments, exact=is_effect), is_effect and outcome.status == "ok"
        self._note(scope, call.id, tool, asked, answer(outcome), outcome.status, changed=changed)

    def note_report(self, scope: Scope, report: Json, round_number: int) -> None:
        """Write down what came back of work that was given to a role, as a step of who gave it.

        Args:
            scope: Who gave it.
            report: What came back.
            round_number: In which round it was given; a round is one turn.
        """
        scope, task = replace(scope, turn=round_number), {"role": report["role"], "task": report["task"]}
        with self._store.transaction():
            asked, came = question(task, exact=False), report_answer(report)
            self._note(scope, report["path"], DELEGATE, asked, came, report["status"], changed=False)

    def _note(
        self, scope: Scope, call_id: str, action: str, asked: str, came: str, status: str, *, changed: bool
    ) -> None:
        run_id, role, steps = scope.run.id, scope.role, self._store.steps
        earlier = steps.recent(run_id, scope.path)
        if any(step.call_id == call_id for step in earlier):  # a crash repeats it, or a person approved it meanwhile
            return
        times = steps.times_changed(run_id, role.id, action, asked) if changed else 0
        used = self._allowance.used_in_run(run_id, role)
        step = Step(
            run_id, scope.path, role.id, call_id, scope.turn, action, asked, came, status, changed, False, *used
        )
        step = replace(step, progress=is_progress(step, earlier, times))
        steps.record(step)
        self._judge(scope, (*earlier, step), times + changed)

    def _judge(self, scope: Scope, steps: Sequence[Step], times: int) -> None:
        def look() -> Circle | None:
            most, role = self._settings, scope.role.id
            found = circle(steps, times=times, repeats=most.repeats)
            found = found or spent_in_vain(steps, of_a_run=self._allowance.of_a_run, share=most.share)
            return None if found is None or self._store.flags.get(hold_flag(role)) else found

        if found := tape.current().warned(_CIRCLE, f"{scope.path} {steps[-1].call_id}", look, _FOUND):
            self._hold(scope, scope.role.id, found)

    def _spending_too_fast(self, scope: Scope) -> Hold | None:
        most = self._settings.hour_usd
        if not most:
            return None
        cleared = self._store.flags.get(CLEARED)
        since = self._store.now() - _HOUR
        since = max(since, datetime.fromisoformat(cleared)) if cleared else since
        spent = Meter(self._store).total(since=since).usd
        if spent <= most:
            return None
        reason = f"{spent.normalize():f} dollars were spent on models within an hour and {most} are allowed"
        return self._hold(scope, COMPANY, Circle("progress.velocity", reason, 0))

    def _hold(self, scope: Scope, role: str, found: Circle) -> Hold:
        hold = Hold(role, found.rule, found.reason, found.steps, scope.run.id, self._store.now())
        with self._store.transaction():
            self._store.flags.set(hold_flag(role), hold.flag())
            note: dict[str, Any] = {"role": role, "rule": found.rule, "reason": found.reason, "steps": found.steps}
            self._store.journal.append([scope.draft(events.custom("breaker.tripped", note))])
        return hold
