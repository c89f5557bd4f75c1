"""A request as it travels: read within limits, answered with a body and headers.

Only clients of this machine are answered, under a name of this machine: a page that resolves its own name to loopback
gets nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from company.server.exchange import errors
from company.server.exchange.errors import Refused

MOST_BYTES: Final = 8 * 1024
"""Bytes of a query, and of a body."""

encoded = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was read.

    Attributes:
        method: Such as `GET`.
        path: Decoded, without the query.
        query: As it came.
        body: As it came.
        key: `X-MBX-APIKEY`.
        client: Address it came from.
    """

    method: str
    path: str
    query: bytes
    body: bytes
    key: str | None
    client: str


async def request_of(scope: Scope, receive: Receive) -> Request:
    """Read a request.

    Raises:
        Refused: It is too long, it ended early, or it names a host that is not this machine.
    """
    headers = dict(scope["headers"])
    if not names_this_machine(headers):
        raise Refused(-1002, "You are not authorized to execute this request.", status=403)
    if len(scope["query_string"]) > MOST_BYTES:
        raise errors.too_large(414)
    key = headers.get(b"x-mbx-apikey")
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"],
        body=await _body(receive),
        key=None if key is None else key.decode("latin-1"),
        client=client_of(scope),
    )


def client_of(scope: Scope) -> str:
    """Return the address a request came from."""
    client = scope.get("client")
    return client[0] if client else ""


def names_this_machine(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a request was sent to a loopback address or to `localhost`."""
    host = headers.get(b"host", b"").decode("latin-1")
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name == "localhost" or _is_loopback(name.strip("[]"))


async def answer(send: Send, status: int, body: Any, headers: Mapping[str, str]) -> None:
    """Send an answer."""
    content = encoded(body).encode()
    head = {**headers, "content-type": "application/json;charset=UTF-8", "content-length": str(len(content))}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in head.items()],
        }
    )
    await send({"type": "http.response.body", "body": content})


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise errors.too_large(400)
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            raise errors.too_large(413)
    return body


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
