"""Who asks, and what they may do. The gate finds out; every door behind it asks here."""

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from company.server.access.scopes import SCOPES, Scope
from company.server.faults import Refusal

__all__ = ["SCOPES", "Principal", "Scope", "known", "principal_of"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, or a program in a person's name.

    Attributes:
        person: Who it is; runs begin and approvals are decided in this name.
        scopes: What it may do.
        id: Of the session or token it showed; rate limits count by it.
    """

    person: str
    scopes: frozenset[Scope]
    id: str

    def require(self, scope: Scope) -> None:
        """Pass who has `scope`.

        Raises:
            Refusal: 403.
        """
        if scope not in self.scopes:
            cure = f"make one that may: company token --scope {scope}"
            raise Refusal(403, f"this token has no scope {scope!r}, it has {sorted(self.scopes)}; {cure}")


def principal_of(request: HTTPConnection) -> Principal:
    """Return who asks; the gate lets nobody else to a closed path.

    Raises:
        Refusal: 401, on an open path.
    """
    found = known(request)
    if found is None:
        raise Refusal(401, "log in first")
    return found


def known(request: HTTPConnection) -> Principal | None:
    """Return who asks, None on an open path when nobody showed who they are."""
    return cast("Principal | None", request.scope["state"]["principal"])
