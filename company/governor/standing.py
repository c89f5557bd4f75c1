"""Standing permissions in force, with what was used of them today.

Asked inside the transaction that decides, so a mandate that another process gave or revoked a moment ago counts for the
very next decision.
"""

from collections.abc import Sequence
from datetime import datetime

from company.config import Mandate
from company.governor.rules import Standing
from company.store import Effect, Store


class Mandates:
    """The standing permissions of a company.

    Args:
        given: Those of `company.toml`.
        store: Those that were given by command, those that were revoked, and what was done by all of them.
    """

    def __init__(self, *, given: Sequence[Mandate], store: Store) -> None:
        self._given, self._store = tuple(given), store

    def covering(self, role: str, tool: str, *, now: datetime, own: Effect | None) -> tuple[Standing, ...]:
        """Return the mandates that name a tool for a role; expired ones are among them.

        Args:
            role: Id of the role that calls.
            tool: Name of the tool.
            now: Company time; the day's use is counted from its midnight.
            own: The effect itself, when an earlier attempt began it: one that is sent again counts once.
        """
        since = midnight(now)
        return tuple(
            self._standing(mandate, since, own)
            for mandate in self._store.mandates.in_force(self._given)
            if tool in mandate.tools and (not mandate.roles or role in mandate.roles)
        )

    def _standing(self, mandate: Mandate, since: datetime, own: Effect | None) -> Standing:
        calls, notional = self._store.effects.mandate_use(mandate.id, since)
        if own is not None and own.mandate_id == mandate.id and own.at >= since:
            calls, notional = calls - 1, notional - (own.notional or 0)
        return Standing(mandate, calls, notional)


def midnight(now: datetime) -> datetime:
    """Return when the day of `now` began; the limits of a day count from there."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
