"""Commands beside a running server: it does the work, the journal says what happened."""

import json
import re
import signal
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from subprocess import CompletedProcess, Popen
from urllib.request import ProxyHandler, build_opener

import pytest

from company.cli.counterpart import _trusting
from company.home import open_store
from company.store import Store

Run = Callable[..., CompletedProcess[str]]
PAGE = re.compile(r"page +(http://127\.0\.0\.1:[0-9]+)/#t=\S+")


def read_until(process: Popen[str], pattern: re.Pattern[str]) -> str:
    for line in process.stdout:
        if found := pattern.search(line):
            return found[1]
    raise AssertionError(process.stderr.read())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "home").mkdir()
    opened = open_store(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def served(start_company: Callable[..., Popen[str]], store: Store, tmp_path: Path) -> Popen[str]:
    process = start_company("serve", "--port", "0", home=tmp_path / "home")
    read_until(process, PAGE)
    return process


def test_chat_lets_the_server_work_and_shows_the_same_events(
    served: Popen[str], run_company: Run, store: Store, tmp_path: Path
) -> None:
    done = run_company("chat", "how are we doing?", "--person", "ann", "--json", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    run = store.runs.last()
    assert (run.person, run.request, run.status) == ("ann", "how are we doing?", "done")
    assert printed == [event.line() for event in store.journal.read(run_id=run.id)]
    assert store.access.all("token") == [], "the command's own token is gone"
    spoken = run_company("chat", "hello", home=tmp_path / "home")
    assert "│" in spoken.stdout


def test_a_decision_is_made_by_the_server_too(
    served: Popen[str], run_company: Run, store: Store, tmp_path: Path
) -> None:
    asked = run_company("chat", "buy 0.1 BTC", home=tmp_path / "home")
    assert "A1 trading wants place_order: company approvals approve A1" in asked.stdout
    done = run_company("approvals", "approve", "A1", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert store.effects.counts()["place_order"] == 1
    again = run_company("approvals", "reject", "A1", home=tmp_path / "home")
    assert (again.returncode, "A1" in again.stderr) == (2, True)


def test_chat_works_by_itself_when_the_server_has_died(
    served: Popen[str], run_company: Run, store: Store, tmp_path: Path
) -> None:
    served.kill()
    served.wait()
    assert run_company("chat", "hello", home=tmp_path / "home").returncode == 0
    assert store.runs.last().status == "done"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_endless_run_serves_too_and_ends_in_order(
    start_company: Callable[..., Popen[str]], run_company: Run, store: Store, tmp_path: Path, ending: signal.Signals
) -> None:
    process = start_company("run", "--every", "1h", home=tmp_path / "home")
    read_until(process, PAGE)
    read_until(process, re.compile(r"(cycle 1 (?:done|waiting|degraded))"))
    assert run_company("chat", "hello", home=tmp_path / "home").returncode == 0
    process.send_signal(ending)
    said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "go on with: company run" in said[1]
    assert "Traceback" not in said[1]
    assert [run.kind for run in store.runs.recent(9)] == ["chat", "cycle"]
    assert json.loads((tmp_path / "home" / "server.json").read_text() or "{}") == {}


def test_an_endless_run_without_server_opens_none(
    start_company: Callable[..., Popen[str]], store: Store, tmp_path: Path
) -> None:
    process = start_company("run", "--every", "1h", "--no-server", home=tmp_path / "home")
    read_until(process, re.compile(r"(cycle 1 (?:done|waiting|degraded))"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert not (tmp_path / "home" / "server.json").exists()


def test_the_certificate_of_the_settings_is_trusted_although_an_authority_issued_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for line in (
        f"{new} -x509 -days 1 -subj /CN=authority -keyout ca.key -out ca.pem",
        f"{new} -subj /CN=company.example -keyout own.key -out own.csr",
        "openssl x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -out own.pem",
    ):
        subprocess.run(line.split(), check=True, capture_output=True, cwd=tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "own.key")
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        opener = build_opener(ProxyHandler({}), *_trusting("~/own.pem"))
        with opener.open(f"https://127.0.0.1:{server.server_port}/", timeout=10) as answer:
            assert answer.status == 200
        answering.join()
