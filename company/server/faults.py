"""Errors as every door reports them: `{"error": {"message", "code"}}` with the status that says who must act.

Messages of `CompanyError` are written for a person and pass through. A bug is reported as one neutral sentence; its
traceback goes to the server's log only.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from company.engine import Busy
from company.errors import CompanyError, ProviderError, Stopped, UsageError

Found = TypeVar("Found")

SAFETY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; font-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""What every answer carries: nothing may be embedded, guessed, leaked or kept."""

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "rate_limited",
    502: "provider_failed",
    503: "unavailable",
}

_STATUS: tuple[tuple[type[CompanyError], int], ...] = (
    (Busy, 409),
    (UsageError, 400),
    (Stopped, 409),
    (ProviderError, 502),
)


class FaultBody(BaseModel):
    """What is wrong and what to do next, in words; and a code for programs."""

    message: str
    code: str = Field(examples=["not_found"])


class Fault(BaseModel):
    """How every error is answered."""

    error: FaultBody


REASONS = {
    400: "The request cannot be read.",
    401: "No valid token or session was shown.",
    403: "The token lacks the scope, or the request comes from another site.",
    404: "There is no such thing.",
    409: "It cannot be done as things stand; the message says why.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "A parameter or a field of the body does not fit, or the Idempotency-Key was used for another request.",
    429: "Too many requests; `Retry-After` says when to come back.",
    500: "The server made a mistake; its log says more.",
    502: "A venue or another provider failed.",
    503: "The server is ending.",
}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the entries of an OpenAPI operation for errors with these statuses."""
    return {status: {"model": Fault, "description": REASONS[status]} for status in statuses}


class Refusal(Exception):
    """A request that is answered with an error.

    Args:
        status: HTTP status.
        message: What is wrong, and what to do next.
        retry_after: Seconds after which the same request may be answered; None when waiting does not help.
    """

    def __init__(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.retry_after = status, message, retry_after

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its body, whatever shape that has."""
        login = {"www-authenticate": "Bearer"} if self.status == 401 else {}
        wait = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        return {**login, **wait}

    def response(self) -> JSONResponse:
        """Return the answer."""
        return _answer(self.status, self.message, headers=self.headers)


def found(get: Callable[[str], Found], name: str) -> Found:
    """Return what `get` finds under a name.

    Raises:
        Refusal: 404, there is no such thing.
    """
    try:
        return get(name)
    except UsageError as error:
        raise Refusal(404, str(error)) from error


def report_faults(app: FastAPI) -> None:
    """Make `app` answer every error in the one shape."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(CompanyError, _company_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _bug)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return error.response()


async def _company_error(_request: Request, error: Exception) -> JSONResponse:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return _answer(status, str(error))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [f"{'.'.join(str(part) for part in item['loc'][1:]) or 'body'}: {item['msg']}" for item in error.errors()]
    return _answer(422, "; ".join(found))


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, str(error.detail), headers=error.headers)


async def _bug(_request: Request, _error: Exception) -> JSONResponse:
    return _answer(500, "the server made a mistake; its log says more")


def _answer(status: int, message: str, *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body: dict[str, Any] = {"error": {"message": message, "code": CODES.get(status, "internal")}}
    return JSONResponse(body, status, headers={**SAFETY_HEADERS, **(headers or {})})
