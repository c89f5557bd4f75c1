"""The governor's side of the approval inbox: a call becomes a question to a person.

A person who is asked all the time learns to say yes, so the company asks a limited number of times an hour. What comes
on top is denied, and the role is told to put it into its report.
"""

from datetime import timedelta

from company import events
from company.config import ApprovalSettings, Quorum
from company.governor import tape
from company.governor.minutes import Minutes
from company.governor.scope import Scope
from company.governor.verdict import Call, Outcome, Verdict, fingerprint
from company.store import Approval, Store
from company.toolkit import Stakes

RATED = timedelta(hours=1)
"""Stretch of wall time in which `[approvals] per_hour` is counted."""

_CROWDED, _YES = "crowded", tape.Form[bool](bool)


class Inbox:
    """Asks people.

    Args:
        store: Where questions are kept.
        minutes: Where they are written down.
        settings: `[approvals]` of the company.
    """

    def __init__(self, *, store: Store, minutes: Minutes, settings: ApprovalSettings) -> None:
        self._store, self._minutes, self._settings = store, minutes, settings

    def ask(self, scope: Scope, call: Call, verdict: Verdict, stakes: Stakes) -> Outcome:
        """Ask about one call with exactly these arguments; asking again is the same question.

        Returns:
            `waiting`; or `denied` by the rule `approval.rate`, when people were asked often enough in the last hour.
        """
        with self._store.transaction():
            known = self._store.approvals.find(scope.run.id, scope.path, call.id)
            if known is None and self._is_crowded(scope, call):
                return self._minutes.refuse(scope, call, self._crowded(verdict))
            self._minutes.announce(scope, call, verdict)
            approval = self._asked(scope, call, verdict, stakes)
            asked = [] if known else [scope.draft(events.custom("approval.asked", _told(approval)))]
            error = f"waits for a person: {approval.id} ({verdict.reason})"
            outcome = Outcome(call, "waiting", verdict.rule, error=error, approval=approval.id, sources=stakes.sources)
            return self._minutes.record(scope, outcome, asked)

    def _asked(self, scope: Scope, call: Call, verdict: Verdict, stakes: Stakes) -> Approval:
        return self._store.approvals.ask(
            run_id=scope.run.id,
            thread_id=scope.run.thread_id,
            role=scope.role.id,
            path=scope.path,
            call_id=call.id,
            tool=call.tool,
            arguments=call.arguments,
            arguments_hash=fingerprint(call.arguments),
            reason=f"{verdict.reason}\n{stakes.preview}" if stakes.preview else verdict.reason,
            rule=verdict.rule,
            sources=list(verdict.sources),
            expires_seconds=self._settings.expires.total_seconds(),
            needed=needed(self._settings.quorums, call.tool, stakes),
        )

    def _is_crowded(self, scope: Scope, call: Call) -> bool:
        """Tell, by the run's tape, whether a new question is one too many."""

        def look() -> bool | None:
            return self._is_one_too_many(scope, call) or None

        crowded = tape.current().warned(_CROWDED, f"{scope.path} {call.id}", look, _YES)
        return crowded is not None

    def _is_one_too_many(self, scope: Scope, call: Call) -> bool:
        """Tell whether a new question would begin one bundle more than an hour may have."""
        approvals, arguments_hash = self._store.approvals, fingerprint(call.arguments)
        if approvals.bundle_for(run_id=scope.run.id, role=scope.role.id, tool=call.tool, arguments_hash=arguments_hash):
            return False
        return approvals.bundles_asked(RATED) >= self._settings.per_hour

    def _crowded(self, verdict: Verdict) -> Verdict:
        reason = (
            f"a person is asked at most {self._settings.per_hour} times an hour, and was; say in the report what you "
            f"would have asked, and why: {verdict.reason}"
        )
        return Verdict("deny", "approval.rate", reason, sources=verdict.sources)


def needed(quorums: tuple[Quorum, ...], tool: str, stakes: Stakes) -> int:
    """Return how many people have to approve a call; one of unknown worth counts as worth more than any limit."""
    return max((quorum.people for quorum in quorums if tool in quorum.tools and _covers(quorum, stakes)), default=1)


def _covers(quorum: Quorum, stakes: Stakes) -> bool:
    worth = stakes.notional
    if quorum.above is None or worth is None:
        return True
    return not (worth.is_finite() and 0 <= worth <= quorum.above)


def _told(approval: Approval) -> events.Json:
    return {
        "approval": approval.id,
        "bundle": approval.bundle,
        "needed": approval.needed,
        "repeats": approval.repeats,
        "toolCallId": approval.call_id,
        "tool": approval.tool,
        "arguments": approval.arguments,
        "rule": approval.rule,
        "reason": approval.reason,
        "sources": approval.sources,
        "expiresAt": approval.expires_at,
    }
