"""`company serve`: a real process on a loopback port."""

import re
import signal
import socket
import time
from pathlib import Path

import httpx2

from company import events
from company.events import Draft
from company.home import open_store

PLACE = re.compile(r"page +(http://127\.0\.0\.1:[0-9]+/)#t=(\S+)")


def place_of(process) -> tuple[str, str]:
    """Read what the command prints until it says where it serves; return address and token."""
    for line in process.stdout:
        if found := PLACE.search(line):
            return found[1], found[2]
    raise AssertionError(process.stderr.read())


def test_ctrl_c_ends_the_server_with_a_stream_open_in_less_than_three_seconds(start_company, tmp_path: Path) -> None:
    process = start_company("serve", "--port", "0", home=tmp_path / "home")
    url, token = place_of(process)
    assert (tmp_path / "home" / "server.token").read_text().strip() == token
    with httpx2.Client(
        base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30, trust_env=False
    ) as client:
        run = client.post("/api/v1/messages", json={"text": "hello"}).json()["run"]
        with client.stream("GET", "/api/v1/events") as answer:
            pieces = answer.iter_text()
            words = ""
            while f'"RUN_FINISHED","threadId":"main","runId":"{run}"' not in words:
                words += next(pieces)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            words += "".join(pieces)
    assert process.wait(10) == 0
    assert time.monotonic() - began < 3
    assert words.count("event: farewell") == 1
    assert process.stderr.read() == ""


def test_a_client_that_takes_nothing_does_not_hold_up_the_end(start_company, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    store = open_store(home)
    store.journal.append([Draft("", "", "ceo", "debug", events.text_delta("m", "x" * 100_000)) for _ in range(150)])
    store.close()
    process = start_company("serve", "--port", "0", home=home)
    url, token = place_of(process)
    host, _, port = url.removeprefix("http://").strip("/").partition(":")
    with socket.create_connection((host, int(port))) as stalled:
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
        stalled.sendall(head.encode())
        assert stalled.recv(15) == b"HTTP/1.1 200 OK"
        assert httpx2.get(f"{url}healthz", trust_env=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_any_other_than_a_loopback_address_is_refused(run_company, tmp_path: Path) -> None:
    done = run_company("serve", "--host", "0.0.0.0", home=tmp_path / "home")
    assert done.returncode == 2
    assert "this version serves loopback only" in done.stderr


def test_a_port_that_is_taken_is_refused_with_a_cure(run_company, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run_company("serve", "--port", str(port), home=tmp_path / "home")
    assert done.returncode == 2
    assert f"port {port} cannot be had" in done.stderr
    assert "0 for a free one" in done.stderr
