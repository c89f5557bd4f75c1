"""What the company spends: against its limits, and by department, role, model and day."""

from typing import Self

from fastapi import APIRouter

from company.engine import Engine
from company.server.native.routing import Routes
from company.server.native.views import CostsView, Money, View
from company.store import CostRow, Records, Tally


class CostRowView(View):
    """What a department's, role's, model's or day's calls took; `failed` are part of `calls`, `cached` of `input`."""

    key: str
    calls: int
    failed: int
    input: int
    cached: int
    output: int
    usd: Money

    @classmethod
    def of(cls, row: CostRow) -> Self:
        """Return the view of a sum."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class CostReport(CostsView):
    """Spending against the limits, and the model calls of this UTC month by department, role, model and day."""

    by_department: list[CostRowView]
    by_role: list[CostRowView]
    by_model: list[CostRowView]
    by_day: list[CostRowView]


class CostDoors:
    """The endpoint about costs.

    Args:
        engine: Runs the company.
        tally: Sums of model calls.
    """

    def __init__(self, engine: Engine, tally: Tally) -> None:
        self._now, self._tally = engine.company.wall.now, tally
        self._records: Records = engine.company.services[Records]
        self._departments = {role.id: role.department for role in engine.company.roles.values()}

    def router(self) -> APIRouter:
        """Return the route."""
        routes = Routes("agents")
        routes.door("GET", "/costs", self.costs, "read")
        return routes

    async def costs(self) -> CostReport:
        """Return spending against the limits, and what the model calls of this UTC month took."""
        now = self._now()
        rows = {f"by_{key}": self._tally.by(key, now) for key in ("role", "model", "day")}
        rows["by_department"] = CostRow.grouped(rows["by_role"], self._departments)
        views = {name: [CostRowView.of(row) for row in found] for name, found in rows.items()}
        return CostReport.of(self._records.costs(), **views)
