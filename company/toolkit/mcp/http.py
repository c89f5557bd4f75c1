"""A server that is reached over streamable HTTP, by the SDK's transport on a client of ours.

The client goes where the person said and nowhere else: no proxy of the environment, no redirect, TLS verified, answers
limited. Whatever goes wrong below the protocol is handed up as an answer, for the SDK's transport ends its session when
a request raises; the answer carries a token by which the connection finds the error again, which no server can know.
Each request has a connection of its own, so that one that was closed meanwhile is not taken for a call that was lost.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2

from company.errors import ProviderError, ToolError
from company.toolkit.mcp.line import MOST_MESSAGE, Flood, Line, Unsent

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

_SESSION = "mcp-session-id"


@asynccontextmanager
async def reached(
    url: str, headers: Mapping[str, str], line: Line, *, timeout: float
) -> AsyncGenerator["TransportStreams"]:
    """Give the two streams of messages that an MCP session works on.

    Args:
        url: Address of the server.
        headers: Sent with each request.
        line: Is told what is learnt on the way.
        timeout: Seconds to connect, and to send a request; an answer's time is limited by the session.
    """
    from mcp.client.streamable_http import streamable_http_client

    plain = httpx2.AsyncHTTPTransport(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))
    client = httpx2.AsyncClient(
        transport=Guard(plain, line),
        headers={**headers, "accept-encoding": "identity"},
        timeout=httpx2.Timeout(timeout, read=None),
        trust_env=False,
    )
    async with client, streamable_http_client(url, http_client=client, max_sse_event_size=MOST_MESSAGE) as streams:
        try:
            yield streams
        finally:
            line.ended.set()


class Guard(httpx2.AsyncBaseTransport):
    """Sends requests, and turns what must not reach the SDK's transport into answers.

    Args:
        below: Sends them.
        line: Is told what is learnt on the way.
    """

    def __init__(self, below: httpx2.AsyncBaseTransport, line: Line) -> None:
        self._below, self._line = below, line

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and return its answer, or what stands for it."""
        where = f"{request.url.scheme}://{request.url.netloc.decode('ascii', 'replace')}"
        try:
            response = await self._below.handle_async_request(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return self._instead(Unsent(f"{where} cannot be reached: {str(error) or type(error).__name__}"))
        except httpx2.TransportError as error:
            return self._instead(ProviderError(f"{where} did not answer: {str(error) or type(error).__name__}"))
        fault = _misled(where, request, response)
        if fault is None and response.status_code >= 400 and not await _is_protocol(response):
            fault = _refused(where, response.status_code)
        if fault is not None:
            await response.aclose()
            return self._instead(fault)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Limited(response.stream, self._line, streamed=_is_stream(response))
        return response

    async def aclose(self) -> None:
        """Close what sends."""
        await self._below.aclose()

    def _instead(self, error: Exception) -> httpx2.Response:
        token = self._line.keep(error)
        body = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": str(error), "data": token}}
        return httpx2.Response(400, json=body)


def _misled(where: str, request: httpx2.Request, response: httpx2.Response) -> Exception | None:
    """Say what an answer means that must not reach the SDK's transport, whatever its body."""
    if 300 <= response.status_code < 400:
        return ToolError(f"{where} sends us elsewhere, which is not followed: correct `url` in company.toml")
    if response.headers.get("content-encoding", "identity") != "identity":
        return ProviderError(f"{where} answers in an encoding that was not asked for")
    if response.status_code == 404 and _SESSION in request.headers:
        return Unsent(f"{where} has forgotten the session")
    return None


def _refused(where: str, status: int) -> Exception:
    """Say what an answer means that is none of the protocol."""
    if status in {401, 403}:
        return ToolError(f"{where} refuses us (HTTP {status}): look at `token` and `headers` in company.toml")
    if status == 429:
        return ProviderError(f"{where} is asked too often (HTTP 429)", retryable=True)
    if status < 500:
        return ToolError(f"{where} refuses the request (HTTP {status})")
    return ProviderError(f"{where} failed (HTTP {status})")


async def _is_protocol(response: httpx2.Response) -> bool:
    """Tell whether an error's body is one of the protocol, which says more than its status does."""
    if not response.headers.get("content-type", "").lower().startswith("application/json"):
        return False
    body = bytearray()
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    try:
        async for chunk in response.stream:
            body += chunk
            if len(body) > MOST_MESSAGE:
                return False
    except httpx2.TransportError:
        return False
    response.stream = httpx2.ByteStream(bytes(body))
    try:
        parsed: Any = json.loads(body)
    except ValueError:
        return False
    return isinstance(parsed, dict) and isinstance(parsed.get("error"), dict)


def _is_stream(response: httpx2.Response) -> bool:
    return bool(response.headers.get("content-type", "").lower().startswith("text/event-stream"))


class _Limited(httpx2.AsyncByteStream):
    """A body that ends with an error the SDK's transport understands, when it is too long or cut off."""

    def __init__(self, body: httpx2.AsyncByteStream, line: Line, *, streamed: bool) -> None:
        self._body, self._line, self._streamed = body, line, streamed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._body:
                size += len(chunk)
                self._line.hear(len(chunk))
                if size > MOST_MESSAGE and not self._streamed:
                    raise Flood(f"it sends a message of more than {MOST_MESSAGE:,} bytes")
                yield chunk
        except Flood as error:
            self._line.why = str(error)
            self._line.ended.set()
            raise httpx2.StreamError(str(error)) from error
        except httpx2.TransportError as error:
            raise httpx2.StreamError(f"the answer was cut off: {str(error) or type(error).__name__}") from error

    async def aclose(self) -> None:
        """Close the connection."""
        await self._body.aclose()
