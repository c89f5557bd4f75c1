"""Errors in OpenAI's shape, `{"error": {"message", "type", "param", "code"}}`: what clients of `/v1` know how to read.

OpenAI's own clients repeat a request that was answered with 409, 429 or 5xx. Repeating one that has begun company work
would begin it twice, so such an answer carries `x-should-retry: false`, which they obey.
"""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from company.errors import CompanyError
from company.server.faults import SAFETY_HEADERS, Refusal

_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES = {
    401: "invalid_api_key",
    403: "insufficient_permissions",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "request_too_large",
    415: "unsupported_media_type",
    429: "rate_limit_exceeded",
    503: "unavailable",
}


class OpenAiError(Exception):
    """A request that is answered with an error.

    Args:
        status: HTTP status.
        message: What is wrong, and what to do next.
        param: The parameter that is wrong, such as `messages[2].content`.
        code: OpenAI's name of the error; follows from the status when left out.
        final: Repeating the request would be wrong, although the status alone would invite it.
    """

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None, final: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.final = status, message, param, final
        self.code = code or _CODES.get(status)

    def body(self) -> dict[str, Any]:
        """Return the error as JSON."""
        kind = _KINDS.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """Return the answer, with `headers` beside the usual ones."""
        own = {"www-authenticate": "Bearer"} if self.status == 401 else {}
        own |= {"x-should-retry": "false"} if self.final else {}
        return JSONResponse(self.body(), self.status, headers={**SAFETY_HEADERS, **own, **(headers or {})})


def openai_refusal(refusal: Refusal) -> Response:
    """Return a refusal of the gate, or of anything behind it, as a client of `/v1` reads it; its headers stay."""
    kept = {name: value for name, value in refusal.response().headers.items() if name not in _OF_THE_BODY}
    return OpenAiError(refusal.status, refusal.message).response(kept)


_OF_THE_BODY = frozenset({"content-length", "content-type"})


async def _answered(_request: Request, error: Exception) -> Response:
    assert isinstance(error, OpenAiError)
    return error.response()


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return openai_refusal(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}; docs/doors.md lists what there is"
    return OpenAiError(error.status_code, message).response(error.headers)


async def _company_error(_request: Request, error: Exception) -> Response:
    return OpenAiError(500, str(error), final=True).response()


async def _bug(_request: Request, _error: Exception) -> Response:
    return OpenAiError(500, "the server made a mistake; its log says more", final=True).response()


HANDLERS: dict[Any, Any] = {
    OpenAiError: _answered,
    Refusal: _refused,
    HTTPException: _http_error,
    CompanyError: _company_error,
    Exception: _bug,
}
"""Answers to what the doors below `/v1` raise."""
