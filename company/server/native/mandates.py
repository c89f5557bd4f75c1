"""Mandates: what roles may do without asking; people look at them, give them and take them back."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field, StringConstraints

from company.engine import Engine
from company.errors import UsageError
from company.governor import Entry, Giving, require_sound, written
from company.server.commands import Commands
from company.server.faults import Refusal
from company.server.native.routing import LARGEST, Key, Routes, Who
from company.server.native.views import Money, View

MOST = 100
"""Names one list of a mandate may hold."""

Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Names = Annotated[tuple[Named, ...], Field(max_length=MOST)]
Amount = Annotated[Decimal, Field(gt=0, max_digits=24, decimal_places=8)]
MandateId = Annotated[str, Path(min_length=1, max_length=200, examples=["trade-paper"])]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class NewMandate(View):
    """A mandate to give; an empty list covers everything, and a limit that is left out is none.

    Attributes:
        id: What to call it; an id is used once.
        tools: Tools it covers.
        roles: Roles it covers.
        symbols: Symbols it covers.
        recipients: Channels and addresses it covers.
        max_notional: Largest notional of one call, in the company's quote currency.
        max_notional_day: Largest notional of one day.
        max_calls_day: Most calls of one day.
        expires: Company time after which it ends.
        note: Why it is given.
        unlimited: Let nothing bound a day, even of what cannot be taken back.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    tools: Annotated[tuple[Named, ...], Field(min_length=1, max_length=MOST)]
    roles: Names = ()
    symbols: Names = ()
    recipients: Names = ()
    max_notional: Amount | None = None
    max_notional_day: Amount | None = None
    max_calls_day: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    expires: AwareDatetime | None = None
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    unlimited: bool = False


class MandateView(View):
    """One mandate.

    Attributes:
        origin: Where it was given: in `company.toml`, or by command.
        state: Whether it holds.
        given_by: Who gave it by command, or restored one of `company.toml`.
        reason: Why it was revoked or restored.
        calls_today: Effects it allowed today, by company time.
        notional_today: Their worth in the company's quote currency.
    """

    id: str
    tools: tuple[str, ...]
    roles: tuple[str, ...]
    symbols: tuple[str, ...]
    recipients: tuple[str, ...]
    max_notional: Money | None
    max_notional_day: Money | None
    max_calls_day: int | None
    expires: datetime | None
    note: str
    origin: Literal["file", "command"]
    state: Literal["active", "revoked", "expired"]
    given_at: datetime | None
    given_by: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    reason: str
    calls_today: int
    notional_today: Money

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Return the view of a mandate."""
        return cls(**entry.told())


class MandateDoors:
    """Endpoints about mandates.

    Args:
        engine: Runs the company.
        commands: Gives mandates and takes them back.
    """

    def __init__(self, engine: Engine, commands: Commands) -> None:
        self._engine, self._company, self._commands = engine, engine.company, commands
        self._giving = Giving(engine.company.store, engine.company.settings.mandates)

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("mandates")
        routes.door("GET", "/mandates", self.mandates, "read")
        routes.door("POST", "/mandates", self.give, "admin", status=201, refuses=(409,))
        routes.door("DELETE", "/mandates/{mandate_id}", self.revoke, "admin", refuses=(404, 409))
        return routes

    async def mandates(self) -> list[MandateView]:
        """List all mandates, those of `company.toml` first, with what was used of them today."""
        return [MandateView.of(entry) for entry in self._giving.entries(self._now())]

    async def give(self, who: Who, new: NewMandate, key: Key = None) -> MandateView:
        """Let roles do something without asking, from the next decision on.

        422 says what a mandate names that is not there, or what would have to bound it. 409: the id was used before.
        """
        fields = {**dict(new), "note": self._company.redactor.text(new.note)}
        unlimited = fields.pop("unlimited")
        try:
            mandate = written(**fields)
            tools, roles = self._company.registry, self._company.roles
            require_sound(mandate, tools=tools, roles=roles, now=self._now(), unlimited=unlimited)
        except UsageError as error:
            raise Refusal(422, str(error)) from error
        self._commands.give(who, mandate, key)
        return self._view(mandate.id)

    async def revoke(
        self,
        who: Who,
        mandate_id: MandateId,
        reason: Annotated[Reason, Query(description="Why; kept in the journal.")],
        key: Key = None,
    ) -> MandateView:
        """Take a mandate back, also one of `company.toml`; the next decision of every process does without it.

        409 says who revoked it before, and when.
        """
        self._view(mandate_id)
        self._commands.revoke(who, mandate_id, reason, key)
        return self._view(mandate_id)

    def _view(self, mandate_id: str) -> MandateView:
        try:
            return MandateView.of(self._giving.entry(mandate_id, self._now()))
        except UsageError as error:
            raise Refusal(404, str(error)) from error

    def _now(self) -> datetime:
        self._engine.catch_up()
        return self._company.clock.now()
