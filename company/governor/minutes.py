"""What the governor writes down: each call with its verdict, and what it came to."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from company import events
from company.events import Draft
from company.governor import tracing
from company.governor.execution import UNDECLARED, Ran
from company.governor.scope import Scope
from company.governor.verdict import Call, Outcome, Verdict
from company.store import Store


class Minutes:
    """Writes verdicts and outcomes into the journal.

    Args:
        store: The journal, and the transaction it is written in.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def announce(self, scope: Scope, call: Call, verdict: Verdict) -> None:
        """Write a call and what was decided about it."""
        tracing.judged(verdict)
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

    def record(self, scope: Scope, outcome: Outcome, before: Sequence[Draft] = ()) -> Outcome:
        """Write what a call came to, after the events that belong to it."""
        result = events.tool_result(outcome.call.id, outcome.content(), scope.agent)
        self._store.journal.append([*before, scope.draft(result)])
        return outcome

    def refuse(
        self,
        scope: Scope,
        call: Call,
        verdict: Verdict,
        *,
        status: Literal["denied", "failed"] = "denied",
        notes: Sequence[Draft] = (),
        sources: Sequence[str] = (),
    ) -> Outcome:
        """Write that a call was refused, and return what it came to; `sources` are whose words the reason may quote."""
        error = f"{verdict.rule}: {verdict.reason}"
        outcome = Outcome(call, status, verdict.rule, error=error, sources=tuple(sources))
        with self._store.transaction():
            self.announce(scope, call, verdict)
            return self.record(scope, outcome, notes)

    def note_fault(self, scope: Scope, call: Call, ran: Ran) -> None:
        """Write that a tool hung, crashed, broke its contract or reached for what it does not declare, if it did."""
        if ran.rule.startswith(UNDECLARED):
            capability = ran.rule.removeprefix(UNDECLARED)
            denied = {"toolCallId": call.id, "tool": call.tool, "capability": capability, "what": ran.what}
            self._store.journal.append([scope.draft(events.custom("tool.denied", denied))])
        if ran.fault:
            note = {"toolCallId": call.id, "tool": call.tool, "fault": ran.fault, "error": ran.error}
            self._store.journal.append([scope.draft(events.custom("tool.failed", note))])

    def note_cost(self, scope: Scope, tool: str, usd: Decimal, outcome: str) -> None:
        """Write what a call of a tool cost, if it cost anything, as what a model costs is written."""
        if usd:
            counts = (
                "inputTokens",
                "cachedTokens",
                "cacheWrittenTokens",
                "outputTokens",
                "reasoningTokens",
                "elapsedMs",
            )
            bill = {"role": scope.role.id, "model": f"tool {tool}", "provider": "", "tool": tool, "usd": usd}
            bill |= {**dict.fromkeys(counts, 0), "firstTokenMs": None, "outcome": outcome}
            self._store.journal.append([scope.draft(events.custom("cost", bill), debug=True)])
