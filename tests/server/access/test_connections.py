"""How long a client may take to say what it wants, and in how many words."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.sync.client import connect

from company.server.access import connections
from company.server.access.connections import HEAD_BYTES

HEAD = "POST /api/v1/session HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
WHOLE = "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n"


@contextmanager
def talking(server, words: str = "") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(words.replace("{port}", str(server.port)).encode())
        yield client


def heard(client: socket.socket) -> bytes:
    """Read until the server hangs up."""
    text = b""
    try:
        while piece := client.recv(65_536):
            text += piece
    except ConnectionResetError:
        pass
    return text


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PATIENCE", 0.3)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "\r\n",
        "GET /healthz HTTP/1.1\r\n",
        HEAD + "content-length: 9\r\n\r\n{",
        HEAD + "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
)
def test_a_client_that_does_not_end_its_request_is_let_go(server, hurried: None, words: str) -> None:
    with talking(server, words) as client:
        began = time.monotonic()
        assert heard(client) == b""
        assert 0.2 < time.monotonic() - began < 15


def test_a_client_that_was_answered_before_its_body_ended_is_let_go(server, hurried: None) -> None:
    with talking(server, WHOLE.replace("\r\n\r\n", "\r\ncontent-length: 9\r\n\r\n{")) as client:
        assert heard(client).startswith(b"HTTP/1.1 200")


def test_who_listens_may_take_as_long_as_it_likes(server, hurried: None) -> None:
    shown = {"authorization": f"Bearer {server.token}"}
    with connect(f"ws://127.0.0.1:{server.port}/api/v1/ws", additional_headers=shown, proxy=None) as listener:
        with talking(server, WHOLE) as client:
            time.sleep(0.6)
            assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        listener.ping().wait(5)


@pytest.mark.parametrize(
    "start", ["GET /", "GET / HTTP/1.1\r\nx: ", HEAD + "transfer-encoding: chunked\r\n\r\n0\r\nx: "]
)
def test_a_head_that_does_not_end_is_refused(server, start: str) -> None:
    with talking(server, start) as client:
        try:
            for _ in range(64):
                client.sendall(b"a" * HEAD_BYTES)
        except OSError:
            return
        pytest.fail("the server read 4 MiB of a head")


def test_a_long_body_is_no_head(server) -> None:
    body = b'{"text": "' + b"x" * 5 * HEAD_BYTES + b'"}'
    with server.client() as client:
        assert client.post("/api/v1/messages", content=body, headers={"content-type": "application/json"}).is_error
        assert client.post("/api/v1/messages", json={"text": "hello"}).status_code == 202


def test_what_stands_behind_a_body_is_no_header(server) -> None:
    words = (
        "POST /api/v1/cycles HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n"
    )
    with talking(server, f"{words}\r\n0\r\nauthorization: Bearer {server.token}\r\n\r\n") as client:
        assert heard(client).startswith(b"HTTP/1.1 401")
