"""Personas: who the roles are, in which version, and who changed them, when and why; changing one is for a terminal."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import Field

from company.engine import Engine
from company.roles import Role
from company.server.faults import Refusal, found
from company.server.native.routing import RoleId, Routes
from company.server.native.views import View
from company.store import SHOWN, Experiment, PersonaVersion


class VersionView(View):
    """One version of a role's persona.

    Attributes:
        version: First digits of the hash of its content.
        number: 1, 2, ... within the role.
        parent: The version it was made from; empty for the first.
        author: The person who made it, or `file`.
        at: Wall-clock time of its making.
        stable: The role has it from its next turn on.
    """

    version: str = Field(examples=["0f1e2d3c4b5a"])
    number: int
    parent: str
    author: str
    reason: str
    at: datetime
    stable: bool

    @classmethod
    def of(cls, made: PersonaVersion, stable: str) -> Self:
        """Return the view of a version; `stable` is the hash of the one the role has."""
        return cls(
            version=made.hash[:SHOWN],
            number=made.number,
            parent=made.parent[:SHOWN],
            author=made.author,
            reason=made.reason,
            at=made.at,
            stable=made.hash == stable,
        )


class Trial(View):
    """A candidate on trial.

    Attributes:
        candidate: Version that some conversations have instead of the stable one.
        percent: Share of the conversations that have it.
        needed: Conversations with an opinion that each version needs before one may be called better.
    """

    id: str
    candidate: str
    percent: float
    needed: int
    started_at: datetime
    started_by: str

    @classmethod
    def of(cls, experiment: Experiment) -> Self:
        """Return the view of an experiment."""
        return cls(
            id=experiment.id,
            candidate=experiment.candidate[:SHOWN],
            percent=experiment.weight / 100,
            needed=experiment.needed,
            started_at=experiment.started_at,
            started_by=experiment.started_by,
        )


class PersonaLine(View):
    """A role with the version it has."""

    role: str
    title: str
    version: VersionView
    versions: int
    trial: Trial | None


class Persona(View):
    """Who a role is: the text its model reads.

    Attributes:
        version: First digits of the hash of the version shown.
        text: Its text.
        diff: What it changed of the version it was made from, as a unified diff; empty for the first.
        log: All versions, the newest first.
    """

    role: str
    title: str
    text: str
    version: str = Field(examples=["0f1e2d3c4b5a"])
    diff: str
    log: list[VersionView]
    trial: Trial | None


class PersonaDoors:
    """The endpoints about personas.

    Args:
        engine: Runs the company.
    """

    def __init__(self, engine: Engine) -> None:
        self._roles, self._store = engine.company.roles, engine.company.store

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("agents")
        routes.door("GET", "/personas", self.personas, "read")
        routes.door("GET", "/personas/{role}", self.persona, "read", refuses=(404,))
        return routes

    async def personas(self) -> list[PersonaLine]:
        """List the roles with the version of the persona that each has."""
        return [self._line(role) for role in self._roles.values()]

    async def persona(
        self,
        role: RoleId,
        version: Annotated[
            str,
            Query(max_length=64, examples=["2"], description="`stable`, a number, or six digits of a hash."),
        ] = "stable",
    ) -> Persona:
        """Return who a role is, in the version it has or another one, and every version there was."""
        if role not in self._roles:
            raise Refusal(404, f"there is no role {role!r}; there are {', '.join(self._roles)}")
        personas = self._store.personas
        shown, stable = found(lambda name: personas.find(role, name), version), personas.stable(role)
        return Persona(
            role=role,
            title=self._roles[role].title,
            text=shown.text,
            version=shown.hash[:SHOWN],
            diff=personas.diff(shown.parent, shown.hash) if shown.parent else "",
            log=[VersionView.of(each, stable.hash) for each in reversed(personas.versions(role))],
            trial=self._trial(role),
        )

    def _line(self, role: Role) -> PersonaLine:
        stable = self._store.personas.stable(role.id)
        return PersonaLine(
            role=role.id,
            title=role.title,
            version=VersionView.of(stable, stable.hash),
            versions=len(self._store.personas.versions(role.id)),
            trial=self._trial(role.id),
        )

    def _trial(self, role: str) -> Trial | None:
        running = self._store.experiments.running()
        return Trial.of(running) if running is not None and running.role == role else None
