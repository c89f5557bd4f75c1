"""Reserve, then spend: the budget tree of company > department > role > run > call, asked before every call.

Three places say what may be spent: `[budget]` of the settings for the company and for one call,
`[budget.departments.NAME]` for a department, a role's file for the role. Here they become limits of nodes and windows;
the store holds every reservation to them (company/store/budgets.py).
"""

from collections.abc import Mapping
from decimal import Decimal

from company import events
from company.config import BudgetSettings, DepartmentBudget
from company.errors import CompanyError
from company.events import Json
from company.roles import Limits, Role
from company.store import Amounts, Budgets, Reservation, Trip


class Tripped(CompanyError):
    """The worst case of a call does not fit the budget; the call was not made.

    Attributes:
        rule: Id of the rule, such as `budget.usd`.
    """

    def __init__(self, trip: Trip) -> None:
        super().__init__(_sentence(trip))
        self.rule = f"budget.{trip.kind}"

    @property
    def event(self) -> Json:
        """The event that tells of it."""
        return events.custom("budget.tripped", {"rule": self.rule, "reason": str(self)})


class Allowance:
    """Charges calls to a run of a role and to everything above it.

    Args:
        budgets: Where reservations are kept.
        limits: `[budget]` of the settings.
    """

    def __init__(self, *, budgets: Budgets, limits: BudgetSettings) -> None:
        self._budgets, self._limits = budgets, limits
        self._left: Decimal | None = None
        self._known_caps: dict[str, Mapping[str, Amounts]] = {}

    def limit_spending(self, usd: Decimal) -> None:
        """Let this process spend at most `usd` more."""
        self._left = usd

    def reserve_call(self, run_id: str, role: Role, *, usd: Decimal = Decimal(0)) -> Reservation:
        """Reserve one tool call, and the dollars that it costs at most.

        Raises:
            Tripped: It does not fit.
        """
        return self._reserve(run_id, role, Amounts(calls=1, usd=usd))

    def reserve_model(self, run_id: str, role: Role, *, tokens: int, usd: Decimal) -> Reservation:
        """Reserve the worst case of one model call.

        Raises:
            Tripped: It does not fit.
        """
        return self._reserve(run_id, role, Amounts(calls=1, tokens=tokens, usd=usd))

    def settle(self, charge: Reservation, *, elapsed: float, tokens: int = 0, usd: Decimal = Decimal(0)) -> None:
        """Replace the reserved worst case by what the call really used."""
        spent = Amounts(calls=1, tokens=tokens, usd=usd, seconds=Decimal(f"{elapsed:.3f}"))
        self._budgets.settle(charge, spent)
        if self._left is not None:
            self._left += charge.amounts.usd - usd

    def used_in_run(self, run_id: str, role: Role) -> tuple[Decimal, int]:
        """Return the dollars and tokens of one run that count for a role: spent, and reserved at worst case."""
        return self._budgets.used_in_run(_node(role), run_id)

    @property
    def of_a_run(self) -> tuple[Decimal, int]:
        """The dollars and tokens that one run may take."""
        return self._limits.run_usd, self._limits.run_tokens

    def _reserve(self, run_id: str, role: Role, amounts: Amounts) -> Reservation:
        if self._left is not None and amounts.usd > self._left:
            raise Tripped(Trip("this command", "run", "usd", self._left, Decimal(0), amounts.usd))
        if role.id not in self._known_caps:  # limits and roles do not change while a company is open
            self._known_caps[role.id] = self._caps(role)
        found = self._budgets.reserve(f"{_node(role)}/{run_id}", amounts, self._known_caps[role.id])
        if isinstance(found, Trip):
            raise Tripped(found)
        if self._left is not None:
            self._left -= amounts.usd
        return found

    def _caps(self, role: Role) -> Mapping[str, Amounts]:
        department = self._limits.departments.get(role.department, DepartmentBudget())
        limits = (
            _of_company(self._limits)
            | _of_department(f"company/{role.department}", department)
            | _of_role(_node(role), role.limits, self._limits.role_calls)
        )
        return {place: limit for place, limit in limits.items() if limit.model_fields_set}


def _node(role: Role) -> str:
    return f"company/{role.department}/{role.id}"


def _of_company(limits: BudgetSettings) -> dict[str, Amounts]:
    run = _limit(limits.run_usd, tokens=limits.run_tokens, calls=limits.run_calls, seconds=limits.run_seconds)
    return {
        "company": run,
        "company@call": _limit(limits.call_usd, tokens=limits.call_tokens),
        "company@day": _limit(limits.day_usd),
        "company@month": _limit(limits.month_usd),
    }


def _of_department(node: str, limits: DepartmentBudget) -> dict[str, Amounts]:
    run = _limit(limits.run_usd, tokens=limits.run_tokens, calls=limits.run_calls, seconds=limits.run_seconds)
    return {node: run, f"{node}@day": _limit(limits.day_usd), f"{node}@month": _limit(limits.month_usd)}


def _of_role(node: str, limits: Limits, most_calls: int) -> dict[str, Amounts]:
    calls = min(limits.calls or most_calls, most_calls)
    run = _limit(limits.usd, tokens=limits.tokens, calls=calls, seconds=limits.seconds)
    return {node: run, f"{node}@day": _limit(limits.day_usd), f"{node}@month": _limit(limits.month_usd)}


def _limit(
    usd: Decimal | None, *, tokens: int | None = None, calls: int | None = None, seconds: int | None = None
) -> Amounts:
    """Return a limit on the kinds that are not None."""
    given = {"usd": usd, "tokens": tokens, "calls": calls, "seconds": seconds}
    return Amounts.model_validate({kind: amount for kind, amount in given.items() if amount is not None})


def _sentence(trip: Trip) -> str:
    if trip.window == "call":
        return f"one call may take {trip.limit} {trip.kind} of {trip.node!r} at most, {trip.asked} were asked"
    return (
        f"the {trip.window} budget of {trip.node!r} allows {trip.limit} {trip.kind}, {trip.used} are used, "
        f"{trip.asked} more were asked"
    )
