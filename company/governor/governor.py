"""The single door: every tool call of every role passes `Governor.perform`.

Order of decision: stop -> grant -> arguments -> department -> mandate -> approval -> provenance -> effect; then budget,
then the effect ledger (intent row with idempotency key -> call -> result row). Verdict, intent and events of one step
are written in one transaction; so are the result and its events. An effect whose outcome is not known after a crash or
time-out is looked up; it is sent again only when the lookup proves that nothing happened.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from company import events
from company.config import Mandate
from company.errors import Stopped, ToolError
from company.events import Draft
from company.governor.allowance import Allowance, Tripped
from company.governor.execution import Ran, checked, run
from company.governor.rules import Case, Standing, decide
from company.governor.scope import Scope
from company.governor.verdict import Call, Outcome, Verdict, effect_key, fingerprint
from company.ports import Clock
from company.store import Approval, Effect, Store
from company.toolkit import Context, Registry, Stakes, Tool

STOP_FLAG = "stop"
"""Name of the store's flag that makes the company stand still; its value is the reason."""


_SETTLED: Mapping[str, Literal["done", "failed", "unknown"]] = {
    "ok": "done",
    "unknown": "unknown",
    "failed": "failed",
    "retryable": "failed",
}


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One call on its way, with what its tool says through its context: events to record, sources it does not trust."""

    scope: Scope
    call: Call
    tool: Tool
    context: Context
    drafts: list[Draft]
    sources: list[str]

    @property
    def taint(self) -> str:
        return ", ".join(self.sources)


class Governor:
    """Decides, performs and records.

    Args:
        store: Journal, effects, approvals, budgets and flags.
        registry: All tools of the company.
        mandates: Standing permissions a person gave.
        allowance: The budget tree.
        clock: Company time.
        services: Departments and ports that tools may reach.
        approval_expires: Seconds after which an unanswered request counts as refused.
    """

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        mandates: Sequence[Mandate],
        allowance: Allowance,
        clock: Clock,
        services: Mapping[type, Any],
        approval_expires: float,
    ) -> None:
        self._store, self._registry, self._mandates = store, registry, tuple(mandates)
        self._allowance, self._clock, self._services = allowance, clock, services
        self._approval_expires = approval_expires

    async def perform(self, scope: Scope, call: Call) -> Outcome:
        """Decide one proposed call and, when allowed, carry it out once.

        Raises:
            Stopped: A person stopped the company; nothing was done.
        """
        self.raise_if_stopped()
        if call.tool not in self._registry:
            return self._refuse(scope, call, Verdict("deny", "grant.missing", f"there is no tool {call.tool!r}"))
        return await self._decided(scope, call, self._registry[call.tool], approved=False)

    async def perform_approved(self, scope: Scope, approval: Approval) -> Outcome:
        """Carry out a call exactly as a person approved it."""
        self.raise_if_stopped()
        call = Call(approval.call_id, approval.tool, approval.arguments)
        if fingerprint(approval.arguments) != approval.arguments_hash:
            return self._refuse(scope, call, Verdict("deny", "approval.void", "the arguments changed after approval"))
        return await self._decided(scope, call, self._registry[approval.tool], approved=True)

    def raise_if_stopped(self) -> None:
        """Raise `Stopped` when a person stopped the company."""
        if reason := self._store.flags.get(STOP_FLAG):
            raise Stopped(reason)

    async def _decided(self, scope: Scope, call: Call, tool: Tool, *, approved: bool) -> Outcome:
        attempt = self._attempt(scope, call, tool)
        case, arguments = await self._case(attempt, approved=approved)
        verdict = decide(case)
        if verdict.decision == "deny" or arguments is None:
            return self._refuse(scope, call, verdict)
        if verdict.decision == "ask":
            return self._ask(scope, call, verdict)
        try:
            charge = self._allowance.reserve_call(scope.run.id, scope.role)
        except Tripped as trip:
            return self._refuse(scope, call, Verdict("deny", trip.rule, str(trip)))
        started = time.perf_counter()
        try:
            if tool.effect != "read":
                return await self._effect(attempt, verdict, arguments, case.stakes)
            self._announce(scope, call, verdict)
            return self._conclude(attempt, verdict, await run(tool, arguments, attempt.context))
        finally:
            self._allowance.settle(charge, elapsed=time.perf_counter() - started)

    def _attempt(self, scope: Scope, call: Call, tool: Tool) -> _Attempt:
        drafts: list[Draft] = []
        sources = [tool.name] if tool.trust == "untrusted" else []

        def emit(name: str, value: Mapping[str, Any]) -> None:
            drafts.append(scope.draft(events.custom(name, value)))

        context = Context(
            role=scope.role.id,
            run_id=scope.run.id,
            person=scope.run.person,
            key=effect_key(self._store.home_id, scope.run.id, scope.path, call.id),
            clock=self._clock,
            tainted=bool(scope.taint),
            services=self._services,
            distrust=sources.append,
            emit=emit,
        )
        return _Attempt(scope, call, tool, context, drafts, sources)

    async def _case(self, attempt: _Attempt, *, approved: bool) -> tuple[Case, BaseModel | None]:
        scope, tool = attempt.scope, attempt.tool
        case = Case(
            tool=tool,
            role=scope.role.id,
            granted=tool.name in scope.role.tools,
            now=self._clock.now(),
            taint=scope.taint,
            approved=approved,
        )
        try:
            arguments = tool.arguments.model_validate(attempt.call.arguments)
        except ValidationError as error:
            return replace(case, invalid=_explain(error)), None
        if tool.effect == "read" or not case.granted:
            return case, arguments
        try:
            stakes = await _stakes(attempt, arguments)
        except ToolError as error:
            return replace(case, invalid=str(error)), None
        return replace(case, stakes=stakes, standings=self._standings(scope.role.id, tool.name)), arguments

    def _standings(self, role: str, tool: str) -> tuple[Standing, ...]:
        midnight = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return tuple(
            Standing(mandate, *self._store.effects.mandate_use(mandate.id, midnight))
            for mandate in self._mandates
            if tool in mandate.tools and (not mandate.roles or role in mandate.roles)
        )

    async def _effect(self, attempt: _Attempt, verdict: Verdict, arguments: BaseModel, stakes: Stakes) -> Outcome:
        """Carry an effect out once: intent, call, result; or return, or look up, what it came to before."""
        scope, call, key = attempt.scope, attempt.call, attempt.context.key
        with self._store.transaction():
            effect, new = self._store.effects.begin(
                key=key,
                run_id=scope.run.id,
                role=scope.role.id,
                tool=attempt.tool.name,
                arguments_hash=fingerprint(call.arguments),
                mandate_id=verdict.mandate,
                notional=stakes.notional,
            )
            self._announce(scope, call, verdict)
        if effect.state in {"done", "failed"}:
            return self._replay(attempt, effect)
        ran = None if new else await self._reconcile(attempt)
        if ran is None:
            ran = await run(attempt.tool, arguments, attempt.context)
        if ran.status == "unknown":
            ran = await self._reconcile(attempt) or ran
        return self._conclude(attempt, verdict, ran, key=key)

    async def _reconcile(self, attempt: _Attempt) -> Ran | None:
        """Find out what an effect of unknown outcome came to.

        Returns:
            Its outcome; None when it certainly did not happen, or when repeating it is safe.
        """
        tool, context = attempt.tool, attempt.context
        if tool.lookup is None:
            unknown = f"{tool.name} may or may not have happened and cannot be looked up: ask a person"
            return None if tool.idempotent else Ran("unknown", error=unknown)
        found = await tool.lookup(context)
        note = {"key": context.key, "tool": tool.name, "found": found is not None}
        self._store.journal.append([attempt.scope.draft(events.custom("effect.reconciled", note))])
        return None if found is None else checked(tool, found)

    def _announce(self, scope: Scope, call: Call, verdict: Verdict) -> None:
        arguments = json.dumps(events.plain(call.arguments), ensure_ascii=False, sort_keys=True)
        note = {
            "toolCallId": call.id,
            "tool": call.tool,
            "decision": verdict.decision,
            "rule": verdict.rule,
            "reason": verdict.reason,
            "mandate": verdict.mandate,
            "sources": list(verdict.sources),
        }
        drafts = [scope.draft(body) for body in events.tool_call(call.id, call.tool, arguments, scope.agent)]
        self._store.journal.append([*drafts, scope.draft(events.custom("verdict", note))])

    def _record(self, scope: Scope, outcome: Outcome, before: Sequence[Draft] = ()) -> Outcome:
        result = events.tool_result(outcome.call.id, outcome.content(), scope.agent)
        self._store.journal.append([*before, scope.draft(result)])
        return outcome

    def _refuse(self, scope: Scope, call: Call, verdict: Verdict) -> Outcome:
        outcome = Outcome(call, "denied", verdict.rule, error=f"{verdict.rule}: {verdict.reason}")
        with self._store.transaction():
            self._announce(scope, call, verdict)
            return self._record(scope, outcome)

    def _ask(self, scope: Scope, call: Call, verdict: Verdict) -> Outcome:
        with self._store.transaction():
            self._announce(scope, call, verdict)
            approval = self._store.approvals.ask(
                run_id=scope.run.id,
                thread_id=scope.run.thread_id,
                role=scope.role.id,
                path=scope.path,
                call_id=call.id,
                tool=call.tool,
                arguments=call.arguments,
                arguments_hash=fingerprint(call.arguments),
                reason=verdict.reason,
                rule=verdict.rule,
                sources=list(verdict.sources),
                expires_seconds=self._approval_expires,
            )
            note = {
                "approval": approval.id,
                "toolCallId": call.id,
                "tool": call.tool,
                "arguments": call.arguments,
                "rule": verdict.rule,
                "reason": verdict.reason,
                "sources": list(verdict.sources),
                "expiresAt": approval.expires_at,
            }
            error = f"waits for a person: {approval.id} ({verdict.reason})"
            outcome = Outcome(call, "waiting", verdict.rule, error=error, approval=approval.id)
            return self._record(scope, outcome, [scope.draft(events.custom("approval.asked", note))])

    def _replay(self, attempt: _Attempt, effect: Effect) -> Outcome:
        """Return what an effect already came to, without touching the outside again."""
        rule = "effect.replayed"
        outcome = Outcome(attempt.call, "ok", rule, value=effect.result, taint=attempt.taint, receipt=effect.key)
        if effect.state == "failed":
            outcome = Outcome(attempt.call, "failed", rule, error=str(effect.result))
        return self._record(attempt.scope, outcome)

    def _conclude(self, attempt: _Attempt, verdict: Verdict, ran: Ran, *, key: str = "") -> Outcome:
        """Settle the effect, if it is one, and record the result, in one transaction."""
        scope, call, done = attempt.scope, attempt.call, ran.status == "ok"
        outcome = Outcome(call, ran.status, verdict.rule, error=ran.error)
        if done:
            outcome = Outcome(call, "ok", verdict.rule, value=ran.value, taint=attempt.taint, receipt=key)
        drafts = list(attempt.drafts) if done else []
        if ran.fault:
            note = {"toolCallId": call.id, "tool": call.tool, "fault": ran.fault, "error": ran.error}
            drafts.append(scope.draft(events.custom("tool.failed", note)))
        with self._store.transaction():
            if key:
                self._store.effects.finish(key, _SETTLED[ran.status], ran.value if done else ran.error)
            return self._record(scope, outcome, drafts)


async def _stakes(attempt: _Attempt, arguments: BaseModel) -> Stakes:
    if attempt.tool.assess is None:
        return Stakes()
    values = {name: getattr(arguments, name) for name in type(arguments).model_fields}
    return await attempt.tool.assess(**values, context=attempt.context)


def _explain(error: ValidationError) -> str:
    """Say what is wrong with a call's arguments, for the model that wrote them."""
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()[:5])
