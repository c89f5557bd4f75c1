"""Errors as every door reports them: `{"error": {"message", "code"}}` with the status that says who must act.

Messages of `CompanyError` are written for a person and pass through. A bug is reported as one neutral sentence; its
traceback goes to the server's log only.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from company.engine import Busy
from company.errors import CompanyError, ProviderError, Stopped, UsageError

SAFETY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
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
    502: "provider_failed",
    503: "unavailable",
}

_STATUS: tuple[tuple[type[CompanyError], int], ...] = (
    (Busy, 409),
    (UsageError, 400),
    (Stopped, 409),
    (ProviderError, 502),
)


class Refusal(Exception):
    """A request that is answered with an error.

    Args:
        status: HTTP status.
        message: What is wrong, and what to do next.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def response(self) -> JSONResponse:
        """Return the answer."""
        headers = {"www-authenticate": "Bearer"} if self.status == 401 else {}
        return _answer(self.status, self.message, headers=headers)


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
