"""The plain page's forms, for browsers without script: each one is a command of the native API in other clothes.

A form is translated to the JSON the API takes and handed to that very endpoint, so rights, limits, idempotency and
errors are the same. The gate lets form bodies through for `FORM_PATHS` only. Any page can make a browser post a form,
so beside the gate's checks (site, `SameSite` cookie) a form must show that it comes from this site: a browser says so
with every form it posts.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message

from company.server.faults import Refusal

MEDIA = "application/x-www-form-urlencoded"
API = "/api/v1"
MOST_FIELDS = 8

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Command:
    """What the API is asked.

    Attributes:
        path: Its endpoint.
        body: Its body; None for a command that has none.
    """

    path: str
    body: Mapping[str, Any] | None


@dataclass(slots=True)
class Answer:
    """What the API answered."""

    status: int = 500
    cookies: list[str] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    @property
    def fault(self) -> str:
        """What went wrong, "" when nothing did."""
        return str(json.loads(self.body)["error"]["message"]) if self.status >= 400 else ""


def _session(fields: Fields) -> Command:
    """Log in by a code, or by the whole address it came in; else by the password."""
    if password := fields.get("password"):
        return Command(f"{API}/session", {"password": password, "person": fields.get("person") or None})
    return Command(f"{API}/session", {"code": fields.get("code", "").strip().rpartition("#t=")[2]})


def _message(fields: Fields) -> Command:
    return Command(f"{API}/messages", {"text": fields.get("text", ""), "thread": "main"})


def _cycle(_fields: Fields) -> Command:
    return Command(f"{API}/cycles", None)


def _decision(fields: Fields) -> Command:
    answer, _, bundle = fields.get("answer", "").partition(" ")
    if answer not in {"approve", "reject"} or bundle not in {"", "bundle"}:
        raise Refusal(422, "answer: approve or reject")
    if not re.fullmatch(r"A[0-9]{1,9}", approval := fields.get("approval", "")):
        raise Refusal(422, f"approval: {approval!r} names none")
    body = {"approved": answer == "approve", "note": fields.get("note", ""), "bundle": bool(bundle)}
    return Command(f"{API}/approvals/{approval}", body)


_COMMANDS: Mapping[str, Callable[[Fields], Command]] = {
    "/plain/session": _session,
    "/plain/messages": _message,
    "/plain/cycles": _cycle,
    "/plain/approvals": _decision,
}

FORM_PATHS = frozenset(_COMMANDS)
"""Where the gate lets a form pass."""

LOGIN_PATH = "/plain/session"
"""The one of them that is open to strangers."""


async def submit(request: Request) -> Answer:
    """Do what a form asks, through the API.

    Raises:
        Refusal: It is no form of this page.
    """
    _require_own_page(request.headers)
    fields = _fields(await request.body())
    return await _asked(request, _COMMANDS[request.url.path](fields), fields.get("key", ""))


def _require_own_page(headers: Headers) -> None:
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != MEDIA:
        raise Refusal(415, f"this takes the forms of the plain page, {MEDIA}, not {media!r}")
    if headers.get("origin") is None and headers.get("sec-fetch-site") != "same-origin":
        raise Refusal(403, "a form must come from the plain page itself; programs use /api/v1")


def _fields(body: bytes) -> Fields:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Refusal(422, f"this is no form: {error}") from error
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


async def _asked(request: Request, command: Command, key: str) -> Answer:
    """Hand a command to its endpoint, behind the gate: who asks is known, and stays who it is."""
    body = b"" if command.body is None else json.dumps(command.body).encode()
    scope = {
        **request.scope,
        "path": command.path,
        "raw_path": command.path.encode(),
        "query_string": b"",
        "headers": _headers(request.headers, body, key),
    }
    for known in ("route", "endpoint", "path_params", "router"):
        scope.pop(known, None)
    answer = Answer()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.cookies = [value.decode() for name, value in message["headers"] if name == b"set-cookie"]
        else:
            answer.body += message.get("body", b"")

    await request.app.router(scope, receive, send)
    return answer


def _headers(shown: Headers, body: bytes, key: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a form's request, with those of a JSON command in place of its own."""
    own = {b"content-type", b"content-length", b"idempotency-key"}
    headers = [(name, value) for name, value in shown.raw if name not in own]
    headers.append((b"content-length", str(len(body)).encode()))
    if body:
        headers.append((b"content-type", b"application/json"))
    if key:
        headers.append((b"idempotency-key", key.encode("latin-1", "replace")))
    return headers
