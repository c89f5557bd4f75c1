"""From a role's model tier to a chat model.

This version has one provider, the offline autopilot. The tiers stay, because roles name them and providers will fill
them. LangChain is imported when the first model is made, not before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from company.errors import UsageError
from company.llm.check import check_playbooks
from company.llm.routing import Router
from company.roles import Role

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

AUTOPILOT = "autopilot"


@dataclass(frozen=True, slots=True)
class Mind:
    """What a role thinks with.

    Attributes:
        model: The chat model.
        model_id: Its name, as costs are booked under.
        price_in: Dollars for 1,000 tokens read; None when unknown.
        price_out: Dollars for 1,000 tokens written; None when unknown.
        offline: True when nothing leaves this machine.
    """

    model: "BaseChatModel"
    model_id: str
    price_in: Decimal | None
    price_out: Decimal | None
    offline: bool


class Models:
    """The minds of a company.

    Args:
        tiers: Model name by tier (`fast`, `smart`, `deep`).
        roles: Roles by id, the CEO first.

    Raises:
        UsageError: A tier names an unknown provider, or a playbook is broken.
    """

    def __init__(self, *, tiers: Mapping[str, str], roles: Mapping[str, Role]) -> None:
        for tier, name in tiers.items():
            if name != AUTOPILOT:
                raise UsageError(
                    f"{name!r} needs a provider extra, which is not in this version",
                    where=f"company.toml [models] {tier}",
                    cure=f"write {tier} = {AUTOPILOT!r}, or leave it out",
                )
        check_playbooks(roles.values())
        self._tiers, self._roles = tiers, roles

    @property
    def offline(self) -> bool:
        """True when no tier leaves this machine."""
        return all(name == AUTOPILOT for name in self._tiers.values())

    def for_role(self, role: Role) -> Mind:
        """Return what `role` thinks with."""
        return Mind(self.procedure(role), AUTOPILOT, Decimal(0), Decimal(0), offline=True)

    def procedure(self, role: Role) -> "BaseChatModel":
        """Return the model that follows `role`'s playbook, whatever its tier thinks with."""
        from company.llm.autopilot import Autopilot

        return Autopilot(role=role, roles=self._roles, router=self._router)

    @cached_property
    def _router(self) -> Router:
        return Router(self._roles)
