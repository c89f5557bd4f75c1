"""`company serve`: a real process on a loopback port."""

import json
import re
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import httpx2

from company import events
from company.events import Draft
from company.home import open_store
from company.server.access.presence import Address, find_server

CEO = {
    "roles/ceo.md": """
        ---
        id: ceo
        title: Chief executive
        summary: Leads.
        handles:
          - say: [hello]
            do:
              - answer: Hello.
        playbook:
          - answer: Done.
        ---
        You lead.
    """
}
PLACE = re.compile(r"page +(https?://127\.0\.0\.1:[0-9]+/)#t=(\S+)")


def place_of(process) -> tuple[str, str]:
    """Read what the command prints until it says where it serves; return address and one-time code."""
    for line in process.stdout:
        if found := PLACE.search(line):
            return found[1], found[2]
    raise AssertionError(process.stderr.read())


def token_of(home: Path) -> str:
    store = open_store(home)
    try:
        return store.access.make("token", person="ada", scopes=["read", "chat"]).secret
    finally:
        store.close()


def test_ctrl_c_ends_the_server_with_a_stream_open_in_less_than_three_seconds(start_company, tmp_path: Path) -> None:
    process = start_company("serve", "--port", "0", home=tmp_path / "home")
    url, _ = place_of(process)
    token = token_of(tmp_path / "home")
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
    assert process.wait(20) == 0
    assert time.monotonic() - began < 10
    assert words.count("event: farewell") == 1
    assert "Traceback" not in process.stderr.read()


def test_a_client_that_takes_nothing_does_not_hold_up_the_end(start_company, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    store = open_store(home)
    store.journal.append([Draft("", "", "ceo", "debug", events.text_delta("m", "x" * 100_000)) for _ in range(150)])
    store.close()
    process = start_company("serve", "--port", "0", home=home)
    url, _ = place_of(process)
    token = token_of(home)
    host, _, port = url.removeprefix("http://").strip("/").partition(":")
    with socket.create_connection((host, int(port))) as stalled:
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
        stalled.sendall(head.encode())
        assert stalled.recv(15) == b"HTTP/1.1 200 OK"
        assert httpx2.get(f"{url}healthz", trust_env=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_the_printed_address_logs_one_browser_in_and_others_find_the_server(
    start_company, run_company, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    process = start_company("serve", "--port", "0", home=home)
    url, code = place_of(process)
    assert find_server(home) == Address(process.pid, url.rstrip("/"), url.rstrip("/"))
    assert stat.S_IMODE((home / "server.json").stat().st_mode) == 0o600
    with httpx2.Client(base_url=url, timeout=30, trust_env=False) as browser:
        assert browser.post("/api/v1/session", json={"code": code}).status_code == 204
        assert browser.get("/api/v1/status").status_code == 200
        assert browser.post("/api/v1/session", json={"code": code}).status_code == 401
    second = run_company("serve", "--port", "0", home=home)
    assert second.returncode == 2
    assert f"runs already at {url.rstrip('/')}" in second.stderr
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert find_server(home) is None


def test_with_a_certificate_it_speaks_https_and_marks_its_cookie(start_company, write_company, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    files = json.dumps(str(certificate)), json.dumps(str(key))
    directory = write_company(
        {"company.toml": f"[server]\ntls_certificate = {files[0]}\ntls_key = {files[1]}\n", **CEO}
    )
    process = start_company("serve", "--port", "0", "--dir", str(directory), home=tmp_path / "home")
    url, code = place_of(process)
    assert url.startswith("https://127.0.0.1:")
    with httpx2.Client(base_url=url, timeout=30, trust_env=False, verify=False) as browser:
        answer = browser.post("/api/v1/session", json={"code": code}, headers={"origin": url.rstrip("/")})
        assert answer.status_code == 204
        assert "; Secure" in answer.headers["set-cookie"]
        assert browser.get("/api/v1/session", headers={"origin": url.replace("https", "http")}).status_code == 403


def test_an_address_of_other_machines_is_refused_when_nothing_encrypts(run_company, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    store = open_store(home)
    store.password.set("correct horse battery")
    store.close()
    done = run_company("serve", "--host", "0.0.0.0", home=home)
    assert done.returncode == 2
    assert "nothing encrypts" in done.stderr


def test_a_port_that_is_taken_is_refused_with_a_cure(run_company, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run_company("serve", "--port", str(port), home=tmp_path / "home")
    assert done.returncode == 2
    assert f"port {port} cannot be had" in done.stderr
    assert "0 for a free one" in done.stderr
