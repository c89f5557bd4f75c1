"""How an endpoint of the native API is declared: with the scope it needs and the errors it may answer with.

Scope, summary and errors stand in the OpenAPI document because they are declared here, and hold because they are
enforced here: what is documented and what is done cannot drift apart.
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.params import Depends as Dependency
from starlette.requests import HTTPConnection

from company.server.faults import answers
from company.server.principal import Principal, Scope, principal_of

PREFIX = "/api/v1"

LARGEST = 2**53 - 1
"""Largest number that JSON carries exactly to a browser."""


async def _asking(connection: HTTPConnection) -> Principal:
    return principal_of(connection)


Who = Annotated[Principal, Depends(_asking)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="The same request sent again under this key is done once and answered the same, for a week.",
    ),
]
RunId = Annotated[str, Path(max_length=40, examples=["R1"])]
ApprovalId = Annotated[str, Path(max_length=40, examples=["A1"])]
RoleId = Annotated[str, Path(max_length=40, examples=["trading"])]
ThreadId = Annotated[str, Path(min_length=1, max_length=100, examples=["main"])]
Before = Annotated[int | None, Query(ge=1, le=LARGEST, description="Only what comes before this number.")]


def limit(most: int) -> Any:
    """Return the `limit` parameter of a list, at most `most`."""
    return Query(alias="limit", ge=1, le=most, description="Most entries to return.")


class Routes(APIRouter):
    """A part of the native API.

    Args:
        tag: What the part is called in the documentation.
    """

    def __init__(self, tag: str) -> None:
        super().__init__(prefix=PREFIX, tags=[tag])

    def door(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        scope: Scope,
        *,
        status: int = 200,
        refuses: tuple[int, ...] = (),
        **more: Any,
    ) -> None:
        """Add an endpoint; its docstring becomes summary and description.

        Args:
            method: HTTP method.
            path: Path below `/api/v1`.
            endpoint: Answers requests.
            scope: What a token or session must have.
            status: Status of a good answer; 204 has no body.
            refuses: Statuses of errors beside those every endpoint may answer with.
            more: Further arguments of `add_api_route`.
        """
        summary, _, description = (inspect.getdoc(endpoint) or "").partition("\n")
        nothing: dict[str, Any] = {"response_class": Response} if status == 204 else {}
        self.add_api_route(
            path,
            endpoint,
            methods=[method],
            status_code=status,
            summary=summary.rstrip("."),
            description=description.partition("\nArgs:")[0].strip() or None,
            dependencies=[_needs(scope)],
            response_description="Done." if status == 204 else "The answer.",
            responses=answers(*refuses),
            openapi_extra={"x-scope": scope},
            **nothing,
            **more,
        )


def _needs(scope: Scope) -> Dependency:
    async def check(asking: Who) -> None:
        asking.require(scope)

    needed: Dependency = Depends(check)
    return needed
