"""A client of `/v1` that hangs up stops its run; elsewhere a run goes on."""

import json
import socket
import threading
import time
from contextlib import closing

import openai
import pytest

from tests.server.doors.conftest import runs_of

WAIT = "wait for the file"
CHAT = {"model": "ceo", "messages": [{"role": "user", "content": WAIT}]}
CASES = [
    ("/v1/chat/completions", CHAT),
    ("/v1/chat/completions", {**CHAT, "stream": True}),
    ("/v1/responses", {"model": "ceo", "input": WAIT}),
    ("/v1/responses", {"model": "ceo", "input": WAIT, "stream": True}),
]


def hang_up(server, path: str, body) -> str:
    """Send a request, wait until its run works, and cut the connection; return the run."""
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as connection:
        connection.sendall(head.encode() + data)
        return working(server)


def working(server) -> str:
    """Wait until a run is at its tool, and return it."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with server.store() as store:
            called = store.journal.read(types={"TOOL_CALL_START"})
        if called:
            return called[-1].run_id
        time.sleep(0.02)
    raise AssertionError("no run began")


@pytest.mark.parametrize(("path", "body"), CASES)
def test_a_client_that_hangs_up_stops_its_run(start_server, path: str, body) -> None:
    server = start_server()
    run = hang_up(server, path, body)
    (server.directory / "file.txt").write_text("late")
    stopped = server.run(run, until="stopped")
    assert "Ada stopped the run" in stopped["outcome"]["error"]


def test_the_sdks_next_try_goes_on_with_the_run_it_left(start_server) -> None:
    server = start_server()
    run = hang_up(server, *CASES[0])
    (server.directory / "file.txt").write_text("late")
    server.run(run, until="stopped")
    with server.client(**{"x-stainless-retry-count": "1"}) as client:
        answer = client.post(CASES[0][0], json=CHAT)
    assert "The file says late." in answer.json()["choices"][0]["message"]["content"]
    assert [(known.id, known.status) for known in runs_of(server)] == [(run, "done")]


def test_a_run_that_another_person_stops_is_an_error_that_must_not_be_repeated(start_server, openai_client) -> None:
    server = start_server()
    failed: list[openai.APIStatusError] = []

    def ask() -> None:
        with pytest.raises(openai.ConflictError) as refused:
            openai_client(server).chat.completions.create(model="ceo", messages=CHAT["messages"])
        failed.append(refused.value)

    asking = threading.Thread(target=ask)
    asking.start()
    run = working(server)
    with server.client() as client:
        assert client.post(f"/api/v1/runs/{run}/cancel").status_code == 200
    (server.directory / "file.txt").write_text("late")
    asking.join(20)
    assert failed[0].code == "run_stopped"
    assert len(runs_of(server)) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_ends_says_so_and_keeps_the_run(start_server, stream: bool) -> None:
    server = start_server()
    heard: list[str] = []

    def ask() -> None:
        with server.client() as client:
            heard.append(client.post("/v1/chat/completions", json={**CHAT, "stream": stream}).text)

    asking = threading.Thread(target=ask)
    asking.start()
    run = working(server)
    server.stop()
    asking.join(20)
    assert f"{run} goes on at its next start" in heard[0]
    (server.directory / "file.txt").write_text("later")
    start_server().run(run, until="done")
