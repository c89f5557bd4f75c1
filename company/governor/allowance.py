"""Reserve, then spend: the budget tree of company > role > run, asked before every model and tool call."""

from collections.abc import Mapping
from decimal import Decimal

from company import events
from company.config import BudgetSettings
from company.errors import CompanyError
from company.events import Json
from company.roles import Role
from company.store import Amounts, Budgets, Reservation, Trip


class Tripped(CompanyError):
    """The worst case of a call does not fit the budget; the call was not made.

    Attributes:
        rule: Id of the rule, such as `budget.usd`.
    """

    def __init__(self, trip: Trip) -> None:
        super().__init__(
            f"the {trip.window} budget of {trip.node!r} allows {trip.limit} {trip.kind}, {trip.used} are used, "
            f"{trip.asked} more were asked"
        )
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

    def reserve_call(self, run_id: str, role: Role) -> Reservation:
        """Reserve one tool call.

        Raises:
            Tripped: It does not fit.
        """
        return self._reserve(run_id, role, Amounts(calls=1))

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

    def _reserve(self, run_id: str, role: Role, amounts: Amounts) -> Reservation:
        if self._left is not None and amounts.usd > self._left:
            raise Tripped(Trip("this command", "run", "usd", self._left, Decimal(0), amounts.usd))
        if role.id not in self._known_caps:  # limits and roles do not change while a company is open
            self._known_caps[role.id] = self._caps(role)
        found = self._budgets.reserve(f"company/{role.id}/{run_id}", amounts, self._known_caps[role.id])
        if isinstance(found, Trip):
            raise Tripped(found)
        if self._left is not None:
            self._left -= amounts.usd
        return found

    def _caps(self, role: Role) -> Mapping[str, Amounts]:
        top, own = self._limits, role.limits
        calls = min(own.calls, top.role_calls) if own.calls else top.role_calls
        limits: dict[str, Amounts] = {
            "company": Amounts(
                usd=top.run_usd, calls=top.run_calls, tokens=top.run_tokens, seconds=Decimal(top.run_seconds)
            ),
            "company@day": Amounts(usd=top.day_usd),
            "company@month": Amounts(usd=top.month_usd),
            f"company/{role.id}": Amounts.model_validate(
                {"calls": calls}
                | ({"usd": own.usd} if own.usd is not None else {})
                | ({"seconds": Decimal(own.seconds)} if own.seconds else {})
            ),
        }
        return limits
