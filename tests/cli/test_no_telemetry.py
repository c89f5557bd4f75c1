"""Nothing is told about its use: not to LangChain's service where the environment asks for it, not by a library."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest


@pytest.fixture
def tracing_service() -> Iterator[tuple[str, list[str]]]:
    """Return the address of a server that says yes to everything, and what it was asked."""
    asked: list[str] = []

    class Yes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Yes)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_run_sends_nothing_to_langsmith_when_the_environment_asks_for_it(
    tracing_service: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = tracing_service
    wanted = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "lsv2_of_a_test", "LANGSMITH_ENDPOINT": address}

    done = subprocess.run(
        [sys.executable, "-m", "company", "chat", "--home", str(tmp_path), "hello"],
        env=os.environ | wanted,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, asked) == (0, []), done.stderr


def test_onnxruntime_keeps_no_id_of_the_machine_to_report_its_use_with(tmp_path: Path) -> None:
    person = tmp_path / "person"
    person.mkdir()
    embed = (
        "from company.memory import find_embedder; from pathlib import Path; find_embedder(Path('.')).embed(['hello'])"
    )

    subprocess.run([sys.executable, "-c", embed], env=os.environ | {"HOME": str(person)}, cwd=tmp_path, check=True)

    assert not list(person.rglob("*"))
