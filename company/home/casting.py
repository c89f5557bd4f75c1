"""Who plays whom: the version of each role's persona that a run has.

A run is given its versions when it is made and keeps them to its end, over crash, resumption and replay, wherever the
pointers of the roles stand by then (company/store/personas.py). While an experiment runs, the conversation decides
which arm a run is of, so every turn of a conversation meets the same persona.
"""

from collections.abc import Callable, Mapping
from typing import Final, Self

from company import events
from company.events import Draft
from company.memory.persona import arm_of
from company.roles import Role
from company.store import Cast, Run, Store

_REMEMBERED: Final = 256
"""Casts that are kept in memory: of the runs that are under way."""


class Casting:
    """The casts of a company's runs.

    Args:
        store: The company's store; also while one of its runs is played again in another one.
        roles: Its roles as their files say.
        identify: Returns the identity that the company has with these roles.
    """

    def __init__(self, store: Store, roles: Mapping[str, Role], identify: Callable[[Mapping[str, Role]], str]) -> None:
        self._store, self._roles, self._identify = store, roles, identify
        self._casts: dict[str, Cast] = {}
        self._dressed: dict[tuple[str, str], Role] = {}
        self._identities: dict[tuple[str, ...], str] = {}

    @classmethod
    def open(cls, store: Store, roles: Mapping[str, Role], identify: Callable[[Mapping[str, Role]], str]) -> Self:
        """Take up what the role files say now, and return the casting."""
        store.personas.adopt({role.id: role.persona for role in roles.values()})
        return cls(store, roles, identify)

    def choose(self, thread_id: str) -> Cast:
        """Return the cast of a new run: the stable versions, and in arm `b` of an experiment its candidate.

        Args:
            thread_id: The run's conversation; a run without one is in no experiment.
        """
        stables = self._store.personas.stables()
        versions = {role: stables[role] for role in self._roles if role in stables}
        trial = self._store.experiments.running()
        if trial is None or not thread_id or versions.get(trial.role) != trial.base:
            return Cast(versions)
        if arm_of(trial.id, thread_id, trial.weight) == "a":
            return Cast(versions, trial.id, "a")
        return Cast({**versions, trial.role: trial.candidate}, trial.id, "b", trial.branch)

    def pin(self, run: Run, cast: Cast) -> None:
        """Write down which versions a new run has, in the transaction that makes it."""
        self._store.casts.pin(run.id, cast)
        value = {"roles": dict(cast.versions), "experiment": cast.experiment, "arm": cast.arm}
        body = events.custom("persona.used", value)
        self._store.journal.append([Draft(run.id, run.thread_id, "ceo", "debug", body)])

    def of(self, run: Run) -> Cast:
        """Return the cast of a run; an empty one for a run of a version of this program that had none."""
        if run.id not in self._casts:
            if len(self._casts) >= _REMEMBERED:
                del self._casts[next(iter(self._casts))]
            self._casts[run.id] = self._store.casts.of(run.id)
        return self._casts[run.id]

    def play(self, role: Role, run: Run) -> Role:
        """Return a role with the persona it has in a run."""
        return self._in(role, self.of(run))

    def identity(self, cast: Cast) -> str:
        """Return the identity of a company whose role files say what a cast says."""
        key = tuple(cast.versions.values())
        if key not in self._identities:
            self._identities[key] = self._identify({role.id: self._in(role, cast) for role in self._roles.values()})
        return self._identities[key]

    def _in(self, role: Role, cast: Cast) -> Role:
        version = cast.versions.get(role.id, "")
        if not version or (text := self._store.personas.text(version)) == role.persona:
            return role
        if (role.id, version) not in self._dressed:
            self._dressed[role.id, version] = role.model_copy(update={"persona": text})
        return self._dressed[role.id, version]
