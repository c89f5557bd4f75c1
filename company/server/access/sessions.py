"""Browser sessions, `/api/v1/session`: logging in by a one-time code or the password, asking who one is, logging out.

The code travels in the fragment of an address (`/#t=CODE`), which browsers never send; the page's script posts it here
and gets a cookie that no script can read. The cookie opens one session of one server, is no bearer token, and runs out.
"""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from starlette.requests import Request
from starlette.responses import Response

from company.server.access.gate import cookie_name
from company.server.access.keys import Keys
from company.server.access.rates import Rates
from company.server.access.site import Site, is_secure
from company.server.faults import Refusal, answers
from company.server.principal import SCOPES, Scope, known, principal_of
from company.store import Made, Store

PATH = "/api/v1/session"

SESSION_LASTS = timedelta(days=7)
"""How long a browser stays logged in."""

_REFUSED = (401, 403, 429)

Secret = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Person = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""Terminals show it, so control characters stay out."""


class Login(BaseModel):
    """A one-time code; or the password, and who logs in, the server's owner when left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Secret | None = None
    password: Secret | None = None
    person: Person | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.code is None) == (self.password is None):
            raise ValueError("send either a code or the password")
        if self.code and self.person:
            raise ValueError("a code says itself who logs in")
        return self


class SessionView(BaseModel):
    """Who is logged in, and what they may do."""

    model_config = ConfigDict(frozen=True)

    person: str
    scopes: list[Scope]


class Sessions:
    """The routes.

    Args:
        store: Keeps sessions.
        keys: What remembers them.
        rates: Counts attempts to log in.
        site: The server as browsers see it.
        owner: Who logs in with the password and no name.
    """

    def __init__(self, store: Store, keys: Keys, rates: Rates, site: Site, *, owner: str) -> None:
        self._store, self._keys, self._rates, self._site, self._owner = store, keys, rates, site, owner
        self._cookie = cookie_name(site.port)
        self._guessing = asyncio.Lock()  # one guess takes 32 MB

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix=PATH, tags=["session"])
        empty: dict[str, Any] = {"status_code": 204, "response_class": Response}
        router.add_api_route(
            "",
            self.log_in,
            methods=["POST"],
            summary="Log a browser in",
            responses=answers(*_REFUSED, 400, 413, 415, 422),
            **empty,
        )
        router.add_api_route("", self.who, methods=["GET"], summary="Who is logged in", responses=answers(*_REFUSED))
        router.add_api_route(
            "", self.log_out, methods=["DELETE"], summary="Log out", responses=answers(*_REFUSED, 413, 415), **empty
        )
        return router

    async def log_in(self, request: Request, login: Login) -> Response:
        """Exchange a one-time code or the password for a session cookie."""
        self._rates.count_login(request.state.address)
        made = self._by_code(login.code) if login.code else await self._by_password(login)
        headers, answer = request.headers, Response(status_code=204)
        answer.set_cookie(
            self._cookie,
            made.secret,
            max_age=int(SESSION_LASTS.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=is_secure(request.scope["scheme"], headers.get("origin"), headers.get("host", ""), self._site),
        )
        return answer

    async def who(self, request: Request) -> SessionView:
        """Return who is logged in."""
        principal = principal_of(request)
        return SessionView(person=principal.person, scopes=[scope for scope in SCOPES if scope in principal.scopes])

    async def log_out(self, request: Request) -> Response:
        """End the session and forget its cookie."""
        principal = known(request)
        if principal and self._store.access.get(principal.id).kind == "session":
            self._store.access.revoke(principal.id)
            self._keys.forget()
        answer = Response(status_code=204)
        answer.delete_cookie(self._cookie, httponly=True, samesite="strict")
        return answer

    def _by_code(self, code: str) -> Made:
        credential = self._store.access.use(code)
        if credential is None:
            raise Refusal(401, "this code was used before or has run out; get a fresh address: company login")
        return self._open(credential.person, credential.scopes)

    async def _by_password(self, login: Login) -> Made:
        async with self._guessing:
            right = await asyncio.to_thread(self._store.password.matches, login.password or "")
        if not right:
            raise Refusal(401, "this is not the password; set one with: company password set")
        return self._open(login.person or self._owner, SCOPES)

    def _open(self, person: str, scopes: tuple[str, ...]) -> Made:
        return self._store.access.make("session", person=person, scopes=scopes, lasts=SESSION_LASTS)
