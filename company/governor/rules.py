"""The table of rules that every tool call passes, in order; the first rule with an opinion decides.

All rules are pure functions of a `Case`. What a person approved or mandated never overrides a department's own limits:
denials come first. A case that no rule decides is denied.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from company.config import Mandate
from company.governor.verdict import Verdict, brief, unique
from company.toolkit import Stakes, Tool


@dataclass(frozen=True, slots=True)
class Standing:
    """A mandate that covers this role and tool, with what was used of it today."""

    mandate: Mandate
    calls: int
    notional: Decimal


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the rules look at.

    Attributes:
        tool: The tool called.
        role: Id of the calling role.
        granted: The role was granted the tool.
        now: Company time.
        stopped: Why the company stands still; empty when it runs.
        tripped: Why the role is held; empty when it is not.
        invalid: What is wrong with the arguments; empty when nothing is.
        unweighed: Why nobody could say what the call would put at stake; empty when somebody could.
        stakes: What the call would put at stake.
        unsettled: Why a repetition has to be asked for: the same call was made before and nobody knows what it came to;
            empty when there is no such call.
        taint: The documents whose untrusted text entered the caller's context.
        informed: The documents behind typed values that the caller was handed.
        standings: Mandates for this role and tool.
        approved: A person approved exactly these arguments for exactly this call.
    """

    tool: Tool
    role: str
    granted: bool
    now: datetime
    stopped: str = ""
    tripped: str = ""
    invalid: str = ""
    unweighed: str = ""
    stakes: Stakes = field(default_factory=Stakes)
    unsettled: str = ""
    taint: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    approved: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """Everything of strangers that had a part in the call."""
        return unique([*self.taint, *self.informed])


def _stop(case: Case) -> Verdict | None:
    return Verdict("deny", "stop.requested", case.stopped) if case.stopped else None


def _grant(case: Case) -> Verdict | None:
    if case.granted:
        return None
    return Verdict("deny", "grant.missing", f"role {case.role!r} was not granted {case.tool.name!r}")


def _tripped(case: Case) -> Verdict | None:
    if not case.tripped or case.approved:
        return None
    return Verdict("deny", "progress.tripped", case.tripped)


def _arguments(case: Case) -> Verdict | None:
    return Verdict("deny", "arguments.invalid", case.invalid) if case.invalid else None


def _read(case: Case) -> Verdict | None:
    if case.tool.effect != "read" or case.tool.asks:
        return None
    return Verdict("allow", "effect.read", "reading changes nothing")


def _stakes(case: Case) -> Verdict | None:
    return Verdict("deny", "stakes.unknown", case.unweighed) if case.unweighed else None


def _department(case: Case) -> Verdict | None:
    if not case.stakes.denials:
        return None
    first = case.stakes.denials[0]
    return Verdict("deny", first.rule, "; ".join(denial.reason for denial in case.stakes.denials))


def _unsettled(case: Case) -> Verdict | None:
    if not case.unsettled or case.approved:
        return None
    return Verdict("ask", "effect.unknown", case.unsettled, sources=case.sources)


def _mandate(case: Case) -> Verdict | None:
    for standing in case.standings:
        if not objections(standing, case.stakes, case.now):
            name = standing.mandate.id
            return Verdict("allow", f"mandate.{name}", f"inside mandate {name!r}", mandate=name, sources=case.sources)
    return None


def _approval(case: Case) -> Verdict | None:
    if not case.approved:
        return None
    return Verdict("allow", "approval.given", "a person approved these arguments", sources=case.sources)


def _labelled(case: Case) -> Verdict | None:
    if not (case.taint and case.tool.labelled) or case.tool.asks:
        return None
    return Verdict("allow", "effect.labelled", "what it writes keeps the label of its sources", sources=case.sources)


def _provenance(case: Case) -> Verdict | None:
    if not case.taint:
        return None
    reason = f"text of strangers ({brief(case.taint)}) entered this context" + _outside(case)
    return Verdict("ask", "provenance.untrusted", reason, sources=case.sources)


def _irreversible(case: Case) -> Verdict | None:
    if case.tool.effect != "irreversible":
        return None
    reason = f"{case.tool.name} cannot be taken back" + _outside(case)
    return Verdict("ask", "effect.irreversible", reason, sources=case.sources)


def _asks(case: Case) -> Verdict | None:
    if not case.tool.asks:
        return None
    reason = f"{case.tool.name} is called only when a person says so" + _outside(case)
    return Verdict("ask", "effect.asks", reason, sources=case.sources)


def _write(case: Case) -> Verdict | None:
    if case.tool.effect != "write":
        return None
    return Verdict("allow", "effect.write", "an untainted change that can be undone", sources=case.sources)


RULES: tuple[Callable[[Case], Verdict | None], ...] = (
    _stop,
    _grant,
    _tripped,
    _arguments,
    _read,
    _stakes,
    _department,
    _unsettled,
    _mandate,
    _approval,
    _labelled,
    _provenance,
    _irreversible,
    _asks,
    _write,
)


def decide(case: Case) -> Verdict:
    """Return the verdict of the first rule that has one."""
    for rule in RULES:
        if verdict := rule(case):
            return verdict
    return Verdict("deny", "rule.none", "no rule allows this call")


def objections(standing: Standing, stakes: Stakes, now: datetime) -> list[str]:
    """Return why a mandate does not cover these stakes; empty when it does."""
    mandate, found = standing.mandate, []
    if mandate.has_ended(now):
        found.append(f"expired {mandate.expires:%Y-%m-%d}")
    if mandate.symbols and stakes.symbol not in mandate.symbols:
        found.append(f"symbol {stakes.symbol or 'none'!r} is not in it")
    if mandate.recipients and stakes.recipient not in mandate.recipients:
        found.append(f"recipient {stakes.recipient or 'none'!r} is not in it")
    if mandate.max_calls_day is not None and standing.calls + 1 > mandate.max_calls_day:
        found.append(f"{standing.calls} of {mandate.max_calls_day} calls used today")
    return found + _over(standing, stakes)


def _over(standing: Standing, stakes: Stakes) -> list[str]:
    each, day = standing.mandate.max_notional, standing.mandate.max_notional_day
    if each is None and day is None:
        return []
    if stakes.notional is None or not (stakes.notional.is_finite() and stakes.notional >= 0):
        return ["the call's worth is not known"]
    found = []
    if each is not None and stakes.notional > each:
        found.append(f"{stakes.notional:,.2f} is over {each:,.2f} a call")
    if day is not None and standing.notional + stakes.notional > day:
        found.append(f"{standing.notional:,.2f} used today and {stakes.notional:,.2f} more is over {day:,.2f} a day")
    return found


def _outside(case: Case) -> str:
    """Say why the mandates at hand do not cover the call."""
    notes = [f"{s.mandate.id}: {', '.join(objections(s, case.stakes, case.now))}" for s in case.standings]
    return f"; outside mandate {'; '.join(notes)}" if notes else "; no mandate covers it"
