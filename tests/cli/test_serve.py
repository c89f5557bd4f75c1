"""`company serve`: a real process on a loopback port."""

import re
import signal
import socket
import time
from pathlib import Path

import httpx2
import pytest

PLACE = re.compile(r"page +(http://127\.0\.0\.1:[0-9]+/)#t=(\S+)")


def place_of(process) -> tuple[str, str]:
    """Read what the command prints until it says where it serves; return address and token."""
    for line in process.stdout:
        if found := PLACE.search(line):
            return found[1], found[2]
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_with_a_stream_open_in_less_than_three_seconds(
    sign: signal.Signals, start_company, tmp_path: Path
) -> None:
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
            process.send_signal(sign)
            words += "".join(pieces)
    assert process.wait(10) == 0
    assert time.monotonic() - began < 3
    assert words.count("event: farewell") == 1
    assert process.stderr.read() == ""


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
