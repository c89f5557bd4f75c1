"""Tools of a server that is reached over HTTP: a real process, real requests on loopback."""

import asyncio
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from company.config import McpSettings
from company.errors import ProviderError, ToolError, UsageError
from tests.toolkit.mcp.conftest import House, judged

Serve = Callable[[], subprocess.Popen[bytes]]


async def test_tools_are_called_and_fail_as_over_pipes(distant: House, serve: Serve) -> None:
    serve()
    assert await distant.call("add", a=2, b=3) == {"total": 5}
    assert await distant.call("key", call_key="k-9") == {"text": "k-9"}
    with pytest.raises(ToolError, match=r"the server small says: .*no such street"):
        await distant.call("fail", why="no such street")
    with pytest.raises(ProviderError, match=r"more than 1,000,000 bytes|size limit|too large") as caught:
        await distant.call("flood", megabytes=3)
    assert not caught.value.retryable
    assert await distant.call("add", a=1, b=2) == {"total": 3}


async def test_a_server_that_is_restarted_between_calls_is_reached_again(distant: House, serve: Serve) -> None:
    first = serve()
    assert await distant.call("add", a=1, b=2) == {"total": 3}
    first.kill()
    first.wait()
    with pytest.raises(ProviderError, match="cannot be reached") as caught:
        await distant.call("add", a=9, b=9)
    assert caught.value.retryable
    serve()
    await asyncio.sleep(0.3)
    assert await distant.call("add", a=3, b=4) == {"total": 7}
    assert distant.calls == ["add 1 2", "add 3 4"]


async def test_a_server_that_dies_in_the_middle_of_a_call_is_not_asked_again(distant: House, serve: Serve) -> None:
    serve()
    with pytest.raises(ProviderError) as caught:
        await distant.call("crash", what="deal")
    assert not caught.value.retryable
    serve()
    await asyncio.sleep(0.2)
    assert distant.calls == ["crash deal"]


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Serve HTTP that is no MCP; yields its address and the headers of each request."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            seen.append({name.lower(): value for name, value in self.headers.items()})
            answer(self)

        do_GET = do_POST  # noqa: N815 - the name that the library calls

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/mcp", seen
    server.shutdown()
    server.server_close()


def plain(status: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def test_a_redirect_is_not_followed(distant: House) -> None:
    with answering(plain(200)) as (elsewhere, reached), answering(plain(307, location=elsewhere)) as (url, asked):
        distant.settings = McpSettings(url=url, tools=judged())
        with pytest.raises(UsageError, match="sends us elsewhere"):
            distant.look()
    assert asked
    assert not reached


def test_the_token_and_headers_are_sent_and_a_refusal_names_them(
    distant: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    distant.secrets.update({"mcp:small:token": "t0ken", "mcp:small:team": "red"})
    with answering(plain(200)) as (proxy, proxied), answering(plain(401)) as (url, asked):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("ALL_PROXY", proxy)
        headers = {"X-Team": "mcp:small:team"}
        distant.settings = McpSettings(url=url, tools=judged(), token="mcp:small:token", headers=headers)
        with pytest.raises(UsageError, match=r"refuses us.*look at `token`"):
            distant.look()
    assert {(each["authorization"], each["x-team"]) for each in asked} == {("Bearer t0ken", "red")}
    assert not proxied


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (plain(200, b"hello", **{"content-type": "text/html"}), "content type"),
        (plain(200, b"x" * 1_500_000, **{"content-type": "application/json"}), "more than 1,000,000 bytes"),
        (plain(200, b"\x1f\x8b", **{"content-type": "application/json", "content-encoding": "gzip"}), "encoding"),
        (plain(500), "HTTP 500"),
        (plain(200, json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": 3}}).encode()), "cannot be used"),
    ],
)
def test_what_is_no_server_is_said_and_nothing_hangs(
    distant: House, answer: Callable[[BaseHTTPRequestHandler], None], words: str
) -> None:
    with answering(answer) as (url, _):
        distant.settings = McpSettings.model_validate({"url": url, "tools": {}, "timeout": "3s"})
        with pytest.raises(UsageError, match=f"(?i){words}"):
            distant.look()
