"""Holds the body of a request to its size and type, before any framework code reads it."""

from collections.abc import Mapping

from starlette.types import Message, Receive

from company.server.faults import Refusal

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


async def checked_body(headers: Mapping[bytes, bytes], receive: Receive, *, most: int, media: str = JSON) -> Receive:
    """Read the body of a command and return a `receive` that gives it again.

    A form or plain text can be sent by any page without asking first; JSON cannot. So commands take JSON only, except
    where the plain page posts its forms.

    Args:
        headers: Of the request, names in lower case.
        receive: Gives the body.
        most: Most bytes it may have.
        media: The one type it may have.

    Raises:
        Refusal: 400, 413 or 415.
    """
    body = await _read(headers, receive, most)
    given = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if (body or given) and given != media:
        raise Refusal(415, f"this takes `Content-Type: {media}`, not {given!r}")
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


async def _read(headers: Mapping[bytes, bytes], receive: Receive, most: int) -> bytes:
    too_large = Refusal(413, f"a request may have {most} bytes; server.body_bytes says so")
    if int(headers.get(b"content-length", 0)) > most:
        raise too_large
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the request ended before its body")
        body += message.get("body", b"")
        if len(body) > most:
            raise too_large
        more = message.get("more_body", False)
    return bytes(body)
