"""The one gate in front of every door, as plain ASGI: it sees a request before any framework code reads its body.

A request must name this server as host, must not come from a page of another site, must show a token or a session, and
must not come too often. Every path is closed unless it is listed as open. There are no CORS headers: nobody else is
meant to read the answers. A stream ends soon after what opened it was revoked or has run out.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from company.server.access.answers import guarded, safe
from company.server.access.bodies import FORM, JSON, checked_body
from company.server.access.clients import client_of
from company.server.access.keys import Keys
from company.server.access.rates import Rates
from company.server.access.site import Site
from company.server.faults import Refusal
from company.store import CredentialKind

Answer = Callable[[Refusal], Response]
"""Writes a refusal as the clients of one door expect it."""

Headers = Mapping[bytes, bytes]

_CLIENTS = 4096
"""Connections whose client is remembered: reading addresses takes longer than all the rest of the gate."""

_FORWARDED = 1_000
"""Characters that are read at the end of `X-Forwarded-For`: strangers must not choose how much is remembered."""

_OWN_SITE = frozenset({b"", b"same-origin", b"none"})
_READS = frozenset({"GET", "HEAD"})
_JOINED = {b"cookie": b"; ", b"x-forwarded-for": b", "}
_SINGLE = frozenset(
    {
        b"host",
        b"origin",
        b"authorization",
        b"content-type",
        b"content-length",
        b"sec-fetch-site",
        b"sec-fetch-mode",
        b"sec-fetch-dest",
    }
)


@dataclass(frozen=True, slots=True)
class Openings:
    """The paths that strangers may see: they show nothing of the company.

    Attributes:
        paths: Single paths.
        prefixes: Beginnings of paths, each ending with `/`.
    """

    paths: frozenset[str]
    prefixes: tuple[str, ...] = ()

    def __contains__(self, path: str) -> bool:
        return path in self.paths or (path.startswith(self.prefixes) and ".." not in path)


def cookie_name(port: int) -> str:
    """Return the session cookie's name; ports share cookies, so two servers of one machine need two names."""
    return f"company_session_{port}"


class Gate:
    """Lets a request pass, or answers it with what is wrong.

    A request that passes finds in `request.state.principal` who asks, None on an open path that was not shown anything,
    and in `request.state.address` from where.

    Args:
        app: What stands behind the gate.
        site: Names and addresses of this server.
        keys: Knows tokens and sessions.
        rates: Counts requests.
        body_bytes: Most bytes of a request's body.
        openings: Paths that need neither token nor session.
        forms: Paths that take forms of a page instead of JSON.
        answers: How refusals are written, by beginning of the path; elsewhere as `faults` writes them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        site: Site,
        keys: Keys,
        rates: Rates,
        body_bytes: int,
        openings: Openings,
        forms: Collection[str] = (),
        answers: Mapping[str, Answer] | None = None,
    ) -> None:
        self._app, self._site, self._keys, self._rates = app, site, keys, rates
        self._body_bytes, self._openings, self._answers = body_bytes, openings, dict(answers or {})
        self._client_of = lru_cache(maxsize=_CLIENTS)(partial(client_of, proxies=site.proxies))
        self._forms, self._cookie = frozenset(forms), cookie_name(site.port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        send = safe(send)
        try:
            shown = self._admit(scope, headers := _headers(scope))
            if scope["type"] == "http" and scope["method"] not in _READS:
                media = FORM if scope["path"] in self._forms else JSON
                receive = await checked_body(headers, receive, most=self._body_bytes, media=media)
        except Refusal as refusal:
            await self._refuse(refusal, scope, receive, send)
            return
        if shown:
            send = guarded(send, lambda: self._keys.principal(*shown) is not None)
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope, headers: Headers) -> tuple[CredentialKind, str] | None:
        """Find out who asks, and return what they showed."""
        self._check_site(scope, headers)
        forwarded = headers.get(b"x-forwarded-for", b"")[-_FORWARDED:].decode("latin-1")
        client = scope.get("client")
        address = self._client_of(client[0] if client else "", forwarded)
        shown = self._shown(headers)
        principal = self._keys.principal(*shown) if shown else None
        if shown and shown[0] == "token" and principal is None:
            self._rates.count_wrong_token(address)
            raise Refusal(401, "this token opens nothing: it is unknown, revoked or has run out; see: company tokens")
        if principal is None and not self._is_open(scope):
            program = "a program shows `Authorization: Bearer TOKEN`, see: company token"
            raise Refusal(401, f"log in with: company login; {program}")
        self._count(scope, principal.id if principal else address)
        scope.setdefault("state", {}).update(principal=principal, address=address)
        return shown if principal else None

    def _check_site(self, scope: Scope, headers: Headers) -> None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if host not in self._site.hosts:
            cure = "open it at one of these, or add the name to server.names in company.toml"
            raise Refusal(403, f"this server is called {' or '.join(sorted(self._site.hosts))}, not {host!r}; {cure}")
        origin = headers.get(b"origin")
        foreign = origin is not None and origin.decode("latin-1").lower() not in self._site.origins
        if foreign or (headers.get(b"sec-fetch-site", b"") not in _OWN_SITE and not self._is_visit(scope, headers)):
            raise Refusal(403, "requests from other sites are refused; open the address that `company login` prints")

    def _is_visit(self, scope: Scope, headers: Headers) -> bool:
        """Tell whether somebody followed a link to a page that strangers may see, such as the one to log in."""
        mode, place = headers.get(b"sec-fetch-mode"), headers.get(b"sec-fetch-dest")
        return (mode, place) == (b"navigate", b"document") and scope.get("method") == "GET" and self._is_open(scope)

    def _is_open(self, scope: Scope) -> bool:
        return scope["type"] == "http" and scope["path"] in self._openings

    def _shown(self, headers: Headers) -> tuple[CredentialKind, str] | None:
        """Return the token or session that is shown; a token goes first and is not made good by a session."""
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            return "token", token.strip()
        if (cookies := headers.get(b"cookie")) is None:
            return None
        session = cookie_parser(cookies.decode("latin-1")).get(self._cookie)
        return ("session", session) if session else None

    def _count(self, scope: Scope, who: str) -> None:
        if scope["type"] == "websocket" or scope["method"] in _READS:
            self._rates.count_read(who)
        else:
            self._rates.count_command(who)

    async def _refuse(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        answer = next((write for prefix, write in self._answers.items() if path.startswith(prefix)), Refusal.response)
        await answer(refusal)(scope, receive, send)


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers the gate looks at.

    Raises:
        Refusal: 400, one of them stands there twice: two readers would believe two different things.
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _SINGLE:
            if name in found:
                raise Refusal(400, f"the header {name.decode('latin-1')!r} may be there once")
            found[name] = value
        elif name in _JOINED:
            found[name] = found[name] + _JOINED[name] + value if name in found else value
    return found
