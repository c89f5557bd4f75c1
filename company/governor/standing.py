"""Standing permissions in force, with what was used of them today."""

from collections.abc import Sequence
from datetime import datetime

from company.config import Mandate
from company.governor.rules import Standing
from company.store import Effect, Effects


class Mandates:
    """The standing permissions of a company.

    Args:
        given: Those of `company.toml`.
        effects: What was done by them.
    """

    def __init__(self, *, given: Sequence[Mandate], effects: Effects) -> None:
        self._given, self._effects = tuple(given), effects

    def covering(self, role: str, tool: str, *, now: datetime, own: Effect | None) -> tuple[Standing, ...]:
        """Return the mandates that name a tool for a role.

        Args:
            role: Id of the role that calls.
            tool: Name of the tool.
            now: Company time; the day's use is counted from its midnight.
            own: The effect itself, when an earlier attempt began it: one that is sent again counts once.
        """
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return tuple(
            self._standing(mandate, midnight, own)
            for mandate in self._given
            if tool in mandate.tools and (not mandate.roles or role in mandate.roles)
        )

    def _standing(self, mandate: Mandate, since: datetime, own: Effect | None) -> Standing:
        calls, notional = self._effects.mandate_use(mandate.id, since)
        if own is not None and own.mandate_id == mandate.id and own.at >= since:
            calls, notional = calls - 1, notional - (own.notional or 0)
        return Standing(mandate, calls, notional)
