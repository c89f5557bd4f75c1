"""Nothing is sent to LangChain's tracing service, even where the environment switches it on."""

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
