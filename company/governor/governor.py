"""The single door: every tool call of every role passes `Governor.perform`.

The rules decide first (company/governor/rules.py);
then budget, then the effect ledger (intent row with idempotency key -> call -> result row). Everything from reading the
limits to the intent row is one transaction, so two processes cannot use the same headroom; so are the result and its
events. An effect whose outcome is not known after a crash or time-out is looked up before anything is decided anew; it
is sent again only when the look-up proves that nothing happened, or when sending it again is safe.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from company import events
from company.config import ApprovalSettings, Mandate, ProgressSettings
from company.errors import Stopped, ToolError
from company.events import Draft
from company.governor import taped, tracing
from company.governor.allowance import Allowance, Tripped
from company.governor.attempt import Attempt, is_kept
from company.governor.breaker import USUAL, Breaker
from company.governor.execution import Ran
from company.governor.hold import what_holds
from company.governor.inbox import Inbox
from company.governor.minutes import Minutes
from company.governor.rules import Case, Standing, decide
from company.governor.scope import Scope
from company.governor.standing import Mandates
from company.governor.stop import UntilStopped, raise_if_stopped
from company.governor.turns import NOT_SENT, Turns
from company.governor.verdict import Call, Outcome, Verdict, effect_key, fingerprint, label, unique
from company.ports import Clock
from company.store import Approval, Effect, Reservation, Store
from company.toolkit import Context, Registry, Stakes, Tool

UNKNOWN = "unknown"
"""Name of a tool that there is not, in traces and steps: what a model made up is its text."""

_SETTLED: Mapping[str, Literal["done", "failed", "unknown"]] = {
    "ok": "done",
    "unknown": "unknown",
    "failed": "failed",
    "retryable": "failed",
    "denied": "failed",
}


class Governor:
    """Decides, performs and records.

    Args:
        store: Journal, effects, approvals, budgets and flags.
        registry: All tools of the company.
        mandates: Standing permissions of `company.toml`.
        allowance: The budget tree.
        clock: Company time.
        services: Departments and ports that tools may reach.
        approvals: `[approvals]` of the company.
        progress: `[progress]` of the company.
        redact: Takes secrets out of what tools return and say, before anybody reads or keeps it.
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
        approvals: ApprovalSettings,
        progress: ProgressSettings = USUAL,
        redact: Callable[[Any], Any] = lambda data: data,
    ) -> None:
        self._store, self._registry, self._allowance = store, registry, allowance
        self._clock, self._services, self._redact = clock, services, redact
        self._mandates = Mandates(given=mandates, store=store)
        self._minutes = Minutes(store)
        self._inbox = Inbox(store=store, minutes=self._minutes, settings=approvals)
        self._breaker = Breaker(store=store, allowance=allowance, settings=progress)
        self._turns = Turns()

    async def perform(self, scope: Scope, call: Call) -> Outcome:
        """Decide one proposed call and, when allowed, carry it out once.

        A secret among its arguments is taken out first: it reaches no tool, no journal and no ledger.

        Raises:
            Stopped: A person stopped the company; what was begun is found out when the run goes on.
        """
        raise_if_stopped(self._store, scope.run.id)
        call = replace(call, arguments=self._redact(call.arguments))
        return await self._traced(scope, call, approved=False)

    async def perform_approved(self, scope: Scope, approval: Approval) -> Outcome:
        """Carry out a call exactly as a person approved it.

        Raises:
            Stopped: A person stopped the company; what was begun is found out when the run goes on.
        """
        raise_if_stopped(self._store, scope.run.id)
        call = Call(approval.call_id, approval.tool, approval.arguments)
        if approval.state != "approved":
            return self._minutes.refuse(
                scope, call, Verdict("deny", "approval.void", f"{approval.id} is {approval.state}")
            )
        if fingerprint(approval.arguments) != approval.arguments_hash:
            return self._minutes.refuse(
                scope, call, Verdict("deny", "approval.void", "the arguments changed after approval")
            )
        return await self._traced(scope, call, approved=True)

    def note_report(self, scope: Scope, report: events.Json, round_number: int) -> None:
        """Tell the breaker what came back of work that a role gave to another.

        Args:
            scope: Who gave it.
            report: What came back.
            round_number: In which round it was given.
        """
        self._breaker.note_report(scope, report, round_number)

    async def _traced(self, scope: Scope, call: Call, *, approved: bool) -> Outcome:
        name = call.tool if call.tool in self._registry else UNKNOWN
        with UntilStopped(self._store, scope.run.id), tracing.tool_call(scope, name, call.id) as span:
            return span.came_to(await self._pass(scope, call, approved=approved))

    async def _pass(self, scope: Scope, call: Call, *, approved: bool) -> Outcome:
        if call.tool not in self._registry:
            return self._refuse_unknown(scope, call)
        attempt = self._attempt(scope, call, self._registry[call.tool])
        if (outcome := await self._recover(attempt)) is not None:
            return outcome
        case, arguments = await self._weigh(attempt, approved=approved)
        await taped.turn(attempt)
        passed = self._dispose(attempt, case)
        if isinstance(passed, Outcome):
            return passed
        assert arguments is not None  # a case without valid arguments is denied
        return await self._carry_out(attempt, arguments, *passed)

    def _refuse_unknown(self, scope: Scope, call: Call) -> Outcome:
        with self._store.transaction():
            missing = Verdict("deny", "grant.missing", f"there is no tool {call.tool!r}")
            outcome = self._minutes.refuse(scope, call, missing)
            self._breaker.note(scope, call, outcome, tool=UNKNOWN, is_effect=False)
            return outcome

    def _noted(self, attempt: Attempt, outcome: Outcome) -> Outcome:
        """Tell the breaker what a call came to."""
        tool, is_effect = attempt.tool.name, attempt.tool.effect != "read"
        self._breaker.note(attempt.scope, attempt.call, outcome, tool=tool, is_effect=is_effect)
        return outcome

    def _attempt(self, scope: Scope, call: Call, tool: Tool) -> Attempt:
        drafts: list[Draft] = []
        named: list[str] = []

        def emit(name: str, value: Mapping[str, Any]) -> None:
            drafts.append(scope.draft(self._redact(events.custom(name, value))))

        context = Context(
            role=scope.role.id,
            run_id=scope.run.id,
            person=scope.run.person,
            key=effect_key(self._store.home_id, scope.run.id, scope.path, call.id),
            clock=self._clock,
            sources=scope.taint,
            services=self._services,
            distrust=lambda source: named.append(label(self._redact(source), tool.name)),
            emit=emit,
        )
        return Attempt(scope, call, tool, context, drafts, named, self._earlier(tool, call, context.key))

    def _earlier(self, tool: Tool, call: Call, key: str) -> Effect | None:
        effect = self._store.effects.get(key) if is_kept(tool) else None
        return effect if effect is not None and effect.arguments_hash == fingerprint(call.arguments) else None

    async def _recover(self, attempt: Attempt) -> Outcome | None:
        """Return what an effect came to that an earlier attempt began; None when it may be decided and sent anew."""
        effect = attempt.earlier
        if effect is None:
            return None
        reason = f"this effect was begun at {effect.at:%Y-%m-%d %H:%M}; here is what it came to"
        verdict = Verdict("allow", "effect.replayed", reason, mandate=effect.mandate_id)
        if effect.state in {"done", "failed"}:
            return self._replay(attempt, effect, verdict)
        if attempt.tool.lookup is None and not attempt.tool.idempotent and attempt.tool.effect != "read":
            return self._ask_to_repeat(attempt, effect)
        ran = await self._reconcile(attempt)
        if ran is None:
            return None
        self._minutes.announce(attempt.scope, attempt.call, verdict)
        return self._conclude(attempt, verdict, ran)

    def _ask_to_repeat(self, attempt: Attempt, effect: Effect) -> Outcome:
        """Leave an effect that nobody can look up as it is, and ask whether to do it again, as a call of its own."""
        scope, call = attempt.scope, attempt.call
        sources = unique([*scope.taint, *scope.informed])
        verdict = Verdict("ask", "effect.unknown", _unsettled(effect), sources=sources)
        with self._store.transaction():
            self._store.effects.finish(attempt.key, "unknown", verdict.reason)
            asked = self._inbox.ask(scope, replace(call, id=f"{call.id}.again"), verdict, Stakes())
            return self._noted(attempt, self._minutes.record(scope, replace(asked, call=call)))

    async def _weigh(self, attempt: Attempt, *, approved: bool) -> tuple[Case, BaseModel | None]:
        """Put together what the rules look at, with what the tool's department says is at stake."""
        scope, tool = attempt.scope, attempt.tool
        case = Case(
            tool=tool,
            role=scope.role.id,
            granted=tool.name in scope.role.tools,
            now=self._clock.now(),
            taint=scope.taint,
            informed=scope.informed,
            approved=approved,
        )
        try:
            arguments = tool.arguments.model_validate(attempt.call.arguments)
        except ValidationError as error:
            return replace(case, invalid=_explain(error)), None
        if tool.effect == "read" or not case.granted:
            return case, arguments
        try:
            stakes = await taped.assess(attempt, arguments)
        except ToolError as error:
            return replace(case, invalid=self._redact(str(error))), None
        if isinstance(stakes, Ran):
            self._minutes.note_fault(scope, attempt.call, stakes := self._clean(stakes))
            attempt.doubt(stakes)
            return replace(case, unweighed=stakes.error), None
        denials = tuple(replace(denial, reason=self._redact(denial.reason)) for denial in stakes.denials)
        sources = tuple(label(self._redact(source), tool.name) for source in stakes.sources)
        attempt.named.extend(sources)  # what is said of the call from here on may quote them
        stakes = replace(stakes, denials=denials, preview=self._redact(stakes.preview), sources=sources)
        return replace(case, stakes=stakes, taint=unique([*scope.taint, *sources])), arguments

    def _clean(self, ran: Ran) -> Ran:
        return replace(ran, value=self._redact(ran.value), error=self._redact(ran.error), what=self._redact(ran.what))

    def _decide(self, case: Case) -> Verdict:
        return decide(case)

    def _dispose(self, attempt: Attempt, case: Case) -> Outcome | tuple[Verdict, Reservation]:
        """Decide, and reserve and announce what is allowed, in one transaction."""
        scope, call = attempt.scope, attempt.call
        with self._store.transaction():
            case = taped.complete(attempt, case, lambda: self._situation(attempt))
            verdict = self._decide(case)
            if verdict.rule == "stop.requested":  # not a result: the call is proposed again when the run goes on
                raise Stopped(verdict.reason)
            if verdict.decision == "ask":
                return self._noted(attempt, self._inbox.ask(scope, call, verdict, case.stakes))
            if verdict.decision == "deny":
                status: Literal["failed", "denied"] = "failed" if case.unweighed else "denied"
                quotes = case.invalid or case.unweighed or case.stakes.denials
                sources, notes = attempt.sources if quotes else (), attempt.drafts
                return self._noted(attempt, self._deny(attempt, verdict, status=status, notes=notes, sources=sources))
            try:
                usd = attempt.tool.manifest.cost
                charge = taped.reserve(attempt, lambda: self._allowance.reserve_call(scope.run.id, scope.role, usd=usd))
            except Tripped as trip:
                return self._deny(attempt, Verdict("deny", trip.rule, str(trip)), notes=[scope.draft(trip.event)])
            if attempt.key:
                self._begin(attempt, verdict, case.stakes.notional)
            self._minutes.announce(scope, call, verdict)
            return verdict, charge

    async def _carry_out(
        self, attempt: Attempt, arguments: BaseModel, verdict: Verdict, charge: Reservation
    ) -> Outcome:
        started = time.perf_counter()
        try:
            ran = await self._run(attempt, arguments)
        except BaseException:
            with self._store.transaction():
                self._settle(attempt, charge, started, sent=attempt.progress.sent, outcome="stopped")
            raise
        with self._store.transaction():  # one commit for the result and what it cost
            self._settle(attempt, charge, started, sent=ran.rule not in NOT_SENT, outcome=ran.status)
            return self._conclude(attempt, verdict, ran)

    def _settle(self, attempt: Attempt, charge: Reservation, started: float, *, sent: bool, outcome: str) -> None:
        """Replace what was reserved by what was used; a tool that was called costs what it declares."""
        usd = attempt.tool.manifest.cost if sent else Decimal(0)
        self._allowance.settle(charge, elapsed=time.perf_counter() - started, usd=usd)
        self._minutes.note_cost(attempt.scope, attempt.tool.name, usd, outcome)

    async def _run(self, attempt: Attempt, arguments: BaseModel) -> Ran:
        def look() -> None:
            raise_if_stopped(self._store, attempt.scope.run.id)

        ran = self._clean(await taped.run(attempt, arguments, self._turns, look))
        self._minutes.note_fault(attempt.scope, attempt.call, ran)
        if ran.status == "unknown" and attempt.tool.lookup is not None:
            return await self._reconcile(attempt) or ran
        return ran

    def _situation(self, attempt: Attempt) -> events.Json:
        """Read what the rules have to know of the company as it is at this moment."""
        now = self._clock.now()  # weighing took its time
        stopped, hold = what_holds(self._store, attempt.scope)
        return {
            "now": now,
            "stopped": stopped,
            "tripped": str(hold or ""),
            "unsettled": self._earlier_unknown(attempt),
            "standings": self._standings(attempt, now),
        }

    def _standings(self, attempt: Attempt, now: datetime) -> tuple[Standing, ...]:
        if not attempt.key:
            return ()
        role, tool = attempt.scope.role.id, attempt.tool.name
        return self._mandates.covering(role, tool, now=now, own=attempt.earlier)

    def _earlier_unknown(self, attempt: Attempt) -> str:
        """Say whether the same call was made before, under another key, and nobody knows what it came to."""
        if not attempt.key:
            return ""
        found = self._store.effects.unknown(attempt.tool.name, attempt.arguments_hash)
        return "" if found is None or found.key == attempt.key else _unsettled(found)

    def _begin(self, attempt: Attempt, verdict: Verdict, notional: Decimal | None) -> None:
        self._store.effects.begin(
            key=attempt.key,
            run_id=attempt.scope.run.id,
            role=attempt.scope.role.id,
            tool=attempt.tool.name,
            arguments_hash=attempt.arguments_hash,
            mandate_id=verdict.mandate,
            notional=notional,
        )

    async def _reconcile(self, attempt: Attempt) -> Ran | None:
        """Find out what an effect of unknown outcome came to.

        Returns:
            Its outcome; None when it certainly did not happen, or when repeating it is safe.
        """
        tool, context = attempt.tool, attempt.context
        if tool.lookup is None:
            return None
        attempt.drafts.clear()  # what happened is announced by the look-up, not by the call that was cut off
        found = await taped.find(attempt)
        ran = self._clean(found) if found else None
        if ran is not None and ran.status == "unknown":
            self._minutes.note_fault(attempt.scope, attempt.call, ran)
            return ran
        note = {"key": context.key, "tool": tool.name, "found": ran is not None}
        self._store.journal.append([attempt.scope.draft(events.custom("effect.reconciled", note))])
        return ran

    def _deny(
        self,
        attempt: Attempt,
        verdict: Verdict,
        *,
        status: Literal["denied", "failed"] = "denied",
        notes: Sequence[Draft] = (),
        sources: Sequence[str] = (),
    ) -> Outcome:
        """Refuse a call; an effect that a crash had cut off is not left open."""
        if attempt.earlier is not None:
            gone = attempt.tool.lookup or attempt.tool.effect == "read"
            state: Literal["failed", "unknown"] = "failed" if gone else "unknown"
            self._store.effects.finish(attempt.key, state, verdict.reason)
        scope, call = attempt.scope, attempt.call
        return self._minutes.refuse(scope, call, verdict, status=status, notes=notes, sources=sources)

    def _replay(self, attempt: Attempt, effect: Effect, verdict: Verdict) -> Outcome:
        """Return what an effect already came to, without touching the outside again."""
        call, rule = attempt.call, verdict.rule
        if effect.state == "done":
            value, sources = effect.result["value"], _sources(effect.result)
            outcome = Outcome(call, "ok", rule, value=value, sources=sources, receipt=_receipt(attempt))
        else:
            sources = attempt.sources or (f"effect {effect.key[:8]}",)  # whose words the error holds was not kept
            outcome = Outcome(call, "failed", rule, error=str(effect.result), sources=sources)
        with self._store.transaction():
            self._minutes.announce(attempt.scope, call, verdict)
            return self._minutes.record(attempt.scope, outcome)

    def _conclude(self, attempt: Attempt, verdict: Verdict, ran: Ran) -> Outcome:
        """Settle the effect, if it is one, and record the result, in one transaction."""
        attempt.doubt(ran)
        scope, key, sources = attempt.scope, attempt.key, attempt.sources
        outcome = Outcome(attempt.call, ran.status, ran.rule or verdict.rule, error=ran.error, sources=sources)
        result: Any = ran.error
        drafts: Sequence[Draft] = ()
        if ran.status == "ok":
            outcome = replace(outcome, value=ran.value, receipt=_receipt(attempt))
            result, drafts = {"value": ran.value, "sources": sources}, attempt.drafts
        with self._store.joined():
            if key:
                self._store.effects.finish(key, _SETTLED[ran.status], result)
            return self._noted(attempt, self._minutes.record(scope, outcome, drafts))


def _unsettled(effect: Effect) -> str:
    return (
        f"{effect.tool} was called with these arguments at {effect.at:%Y-%m-%d %H:%M} and nobody knows whether it "
        f"happened: allow it only if it did not, or say what happened with `company effects settle {effect.key[:8]}`"
    )


def _receipt(attempt: Attempt) -> str:
    """Return what proves that an effect happened; a read proves nothing by its key."""
    return "" if attempt.tool.effect == "read" else attempt.key


def _sources(result: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the sources of a result that was kept, also in the form of earlier versions."""
    if "sources" in result:
        return tuple(result["sources"])
    return tuple(filter(None, result["taint"].split(", ")))


def _explain(error: ValidationError) -> str:
    """Say what is wrong with a call's arguments, for the model that wrote them."""
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()[:5])
