"""The governor's side of the approval inbox: a call becomes a question to a person."""

from company import events
from company.config import ApprovalSettings
from company.governor.minutes import Minutes
from company.governor.scope import Scope
from company.governor.verdict import Call, Outcome, Verdict, fingerprint
from company.store import Store
from company.toolkit import Stakes


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
        """Ask about one call with exactly these arguments; asking again is the same question."""
        reason = f"{verdict.reason}\n{stakes.preview}" if stakes.preview else verdict.reason
        with self._store.transaction():
            self._minutes.announce(scope, call, verdict)
            known = {approval.id for approval in self._store.approvals.for_run(scope.run.id)}
            approval = self._store.approvals.ask(
                run_id=scope.run.id,
                thread_id=scope.run.thread_id,
                role=scope.role.id,
                path=scope.path,
                call_id=call.id,
                tool=call.tool,
                arguments=call.arguments,
                arguments_hash=fingerprint(call.arguments),
                reason=reason,
                rule=verdict.rule,
                sources=list(verdict.sources),
                expires_seconds=self._settings.expires.total_seconds(),
            )
            note = {
                "approval": approval.id,
                "toolCallId": call.id,
                "tool": call.tool,
                "arguments": call.arguments,
                "rule": verdict.rule,
                "reason": reason,
                "sources": list(verdict.sources),
                "expiresAt": approval.expires_at,
            }
            error = f"waits for a person: {approval.id} ({verdict.reason})"
            outcome = Outcome(call, "waiting", verdict.rule, error=error, approval=approval.id)
            asked = [] if approval.id in known else [scope.draft(events.custom("approval.asked", note))]
            return self._minutes.record(scope, outcome, asked)
