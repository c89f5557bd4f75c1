"""From a role to the minds it thinks with: pinned model, or the model of its tier, and what stands in when it fails.

A chain is asked in order (company/governor/thinking.py). Minds are made when they are first asked for, so a provider's
package is imported and its key is read only by a company that uses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from company.config import ProviderSettings, Settings, suggest
from company.errors import UsageError
from company.llm.check import check_playbooks
from company.llm.mind import AUTOPILOT, UNBOUNDED, AbsentMind, Capabilities, LocalMind, Mind, unpriced
from company.llm.routing import Router
from company.roles import Role

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from company.llm.autopilot import Autopilot
    from company.llm.limiter import Limiter
    from company.llm.providers import Providers
    from company.store import ProviderKeys

_PLAIN = 0.75
"""Least similarity at which a request is taken for one that needs no judgement; far above the router's own bar."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What all calls to one provider share in this process.

    Attributes:
        settings: `[providers.NAME]`.
        limiter: How hard it may be asked.
    """

    settings: ProviderSettings
    limiter: "Limiter"


class Models:
    """The minds of a company.

    Args:
        settings: `[models]` and `[providers]`.
        roles: Roles by id, the CEO first.
        keys: The providers' keys; none when left out.
        kinds: Factories of confirmed packages, by the kind of provider that they make.

    Attributes:
        checked: Every role was found to have a model that can be asked.
        kinds: As given.

    Raises:
        UsageError: A model is pinned for a role that is not there, or a playbook is broken.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        roles: Mapping[str, Role],
        keys: "ProviderKeys | None" = None,
        kinds: "Mapping[str, EntryPoint]" = MappingProxyType({}),
    ) -> None:
        for name in settings.models.roles:
            if name not in roles:
                raise UsageError(
                    f"a model is pinned for {name!r}, which is no role",
                    where="company.toml [models.roles]",
                    cure=suggest(name, roles),
                )
        check_playbooks(roles.values())
        self._settings, self._roles, self._keys, self.kinds = settings, roles, keys, kinds
        self._minds: dict[str, Mind] = {}
        self._able: dict[str, Capabilities] = {}
        self._gates: dict[str, Gate] = {}
        self.checked = False
        self._autopilots: dict[tuple[str, bool], Autopilot] = {}

    @property
    def offline(self) -> bool:
        """True when no role's model leaves this process."""
        return all(name == AUTOPILOT for role in self._roles.values() for name in self.chain(role))

    @property
    def summary(self) -> str:
        """What the roles think with, for one line of text."""
        names = dict.fromkeys(self.chain(role)[0] for role in self._roles.values())
        return "offline autopilot (no model key)" if self.offline else ", ".join(names)

    def chain(self, role: Role) -> tuple[str, ...]:
        """Return the names of a role's models, the first choice first."""
        chains = self._chains
        return chains.get(f"roles.{role.id}") or chains[role.model]

    def chains(self) -> dict[str, tuple[str, ...]]:
        """Return every chain of the settings: by tier, and `roles.ID` for pinned ones."""
        return dict(self._chains)

    def minds(self, role: Role) -> tuple[Mind, ...]:
        """Return what `role` thinks with: its first choice, then what stands in for it."""
        return tuple(
            self.autopilot(role, stands_in=place > 0) if name == AUTOPILOT else self._mind_or_why_not(name, role)
            for place, name in enumerate(self.chain(role))
        )

    def pinned(self, role: str, name: str) -> "Models":
        """Return the same models, but for one role that is asked of the model `name`, as `[models.roles]` would say it.

        Raises:
            UsageError: There is no such role.
        """
        models = self._settings.models
        roles = {**models.roles, role: (name,)}
        settings = self._settings.model_copy(update={"models": models.model_copy(update={"roles": roles})})
        return Models(settings=settings, roles=self._roles, keys=self._keys, kinds=self.kinds)

    def only(self, name: str) -> "Models":
        """Return the same models, but every role is asked of the model `name`, and nothing stands in for it."""
        settings = self._settings.model_copy(update={"models": self._settings.models.only(name)})
        return Models(settings=settings, roles=self._roles, keys=self._keys, kinds=self.kinds)

    def check(self) -> None:
        """Load what every role thinks with.

        Raises:
            UsageError: No model of a role's chain can be asked: a key, a package or a price is missing.
        """
        for role in self._roles.values():
            absent = [mind.error for mind in self.minds(role) if isinstance(mind, AbsentMind)]
            if len(absent) == len(self.chain(role)):
                raise absent[0]
        self.checked = True

    def mind(self, name: str) -> Mind:
        """Return the mind behind `provider:model`; for `autopilot` that of the CEO.

        Raises:
            UsageError: There is no such provider, or its key or package is missing.
        """
        if name == AUTOPILOT:
            return self.autopilot(next(iter(self._roles.values())))
        if name not in self._minds:
            facts = self._settings.models.facts.get(name)
            self._minds[name] = self._providers.mind(
                name, capabilities=self.capabilities(name), options=facts.options if facts else {}
            )
        return self._minds[name]

    def capabilities(self, name: str) -> Capabilities:
        """Return what a model can do and costs.

        Raises:
            UsageError: There is no such provider.
        """
        if name == AUTOPILOT:
            return UNBOUNDED
        if name not in self._able:
            from company.llm.capabilities import capabilities

            provider, _, model = name.partition(":")
            settings = self._provider(provider)
            facts = self._settings.models.facts.get(name)
            self._able[name] = capabilities(settings.kind, model, facts=facts, free=settings.free)
        return self._able[name]

    def key_origin(self, provider: str) -> str | None:
        """Return where the key of a provider is: `environment`, `secret store`, or None."""
        return self._keys.origin(provider) if self._keys else None

    def gate(self, provider: str) -> Gate:
        """Return what all calls to a provider share in this process."""
        from company.llm.limiter import Limiter

        if provider not in self._gates:
            settings = self._provider(provider)
            limiter = Limiter(
                max_parallel=settings.max_parallel,
                requests_per_minute=settings.requests_per_minute,
                tokens_per_minute=settings.tokens_per_minute,
            )
            self._gates[provider] = Gate(settings, limiter)
        return self._gates[provider]

    def autopilot(self, role: Role, *, stands_in: bool = False) -> Mind:
        """Return the mind that follows `role`'s playbook.

        Args:
            role: Whose playbook.
            stands_in: It answers in place of a model, and who asked says so: it does not introduce itself.
        """
        return LocalMind(self.procedure(role, introduce=not stands_in))

    def procedure(self, role: Role, *, introduce: bool = True) -> "Autopilot":
        """Return the chat model that follows `role`'s playbook, whatever its tier thinks with."""
        from company.llm.autopilot import Autopilot

        known = role.id, introduce
        if known not in self._autopilots:
            self._autopilots[known] = Autopilot(role=role, roles=self._roles, router=self._router, introduce=introduce)
        return self._autopilots[known]

    def needs_no_judgement(self, request: str) -> bool:
        """Return whether code answers a request as well as a model: a `plain` handle, asked nearly word for word."""
        match = self._router.nearest(request)
        return match is not None and match.handle.plain and not match.missing and match.similarity >= _PLAIN

    def _mind_or_why_not(self, name: str, role: Role) -> Mind:
        able = self.capabilities(name)
        try:
            _require(name, able, role)
            return self.mind(name)
        except UsageError as error:
            return AbsentMind(name, name.partition(":")[0], able, error)

    def _provider(self, name: str) -> ProviderSettings:
        if name not in self._settings.providers:
            raise UsageError(
                f"no provider is called {name!r}",
                where="company.toml [providers]",
                cure=suggest(name, self._settings.providers),
            )
        return self._settings.providers[name]

    @cached_property
    def _chains(self) -> dict[str, tuple[str, ...]]:
        models = self._settings.models
        tiers = {"fast": models.fast, "smart": models.smart, "deep": models.deep}
        return tiers | {f"roles.{name}": chain for name, chain in models.roles.items()}

    @cached_property
    def _providers(self) -> "Providers":
        from company.llm.providers import Providers

        return Providers(self._settings.providers, self._keys.get if self._keys else lambda _: None, self.kinds)

    @cached_property
    def _router(self) -> Router:
        return Router(self._roles)


def _require(name: str, able: Capabilities, role: Role) -> None:
    """Refuse a model that `role` cannot work with."""
    if able.prices is None:
        raise unpriced(name, name.partition(":")[0])
    if not able.tools and (role.tools or not role.reports_to):
        raise UsageError(
            f"model {name!r} cannot call tools, and {role.id!r} works with tools",
            where=f'company.toml [models.facts."{name}"]',
            cure="choose another model, or set `tools = true` if it can",
        )
