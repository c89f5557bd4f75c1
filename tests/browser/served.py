"""A real `company serve` process, which a test may kill, stop, continue and start again at the same address."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from company.home import open_store
from company.server.principal import SCOPES
from company.store import Store

PERSON = "ada"
PATIENCE = 30.0

_PLACE = re.compile(r"page +(http://\S+)/#t=")


class Served:
    """The server of one company.

    Args:
        home: State directory; made when it is not there.
        directory: The company; the bundled one when None.
        environment: What the process gets beside the path.

    Attributes:
        home: State directory.
        url: Address without a slash at its end, once started.
    """

    def __init__(self, home: Path, directory: Path | None, environment: Mapping[str, str]) -> None:
        home.mkdir(exist_ok=True)
        self.home, self.url = home, ""
        self._directory = directory
        self._environment = {"PATH": os.environ["PATH"], "LOGNAME": PERSON, **environment}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the server; the second time at the same port, so that open pages find it again."""
        port = self.url.rpartition(":")[2] or "0"
        with (self.home / "serve.log").open("a") as log:
            self._process = subprocess.Popen(
                self._command("serve", "--port", port),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self._environment,
                cwd=self.home,
            )
        assert self._process.stdout
        for line in self._process.stdout:
            if found := _PLACE.search(line):
                self.url = found[1]
                return
        self.end()
        raise AssertionError((self.home / "serve.log").read_text())

    def end(self, by: int = signal.SIGTERM) -> None:
        """End the server by a signal, and wait for it."""
        if self._process:
            self._process.send_signal(by)
            self._process.send_signal(signal.SIGCONT)
            self._process.wait(10)
            assert self._process.stdout
            self._process.stdout.close()
            self._process = None

    def kill(self) -> None:
        """Take the server away as a crash would."""
        self.end(signal.SIGKILL)

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Keep the server from doing anything; its connections stay open."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def run(self, *arguments: str) -> str:
        """Run another `company` command on the same home; return what it printed."""
        done = subprocess.run(
            self._command(*arguments), capture_output=True, text=True, env=self._environment, cwd=self.home, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the home's store a second time, as another process would."""
        store = open_store(self.home)
        try:
            yield store
        finally:
            store.close()

    def login(self, scopes: Sequence[str] = SCOPES) -> str:
        """Return a fresh address that logs a browser in once, as `company login` prints it."""
        with self.store() as store:
            made = store.access.make("login", person=PERSON, scopes=scopes, lasts=timedelta(minutes=5))
        return f"{self.url}/#t={made.secret}"

    @contextmanager
    def api(self) -> Iterator[httpx2.Client]:
        """Return a client of the API that may do everything."""
        with self.store() as store:
            token = store.access.make("token", person=PERSON, scopes=SCOPES).secret
        headers = {"authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=self.url, headers=headers, timeout=PATIENCE, trust_env=False) as client:
            yield client

    def get(self, path: str) -> Any:
        """Return what an endpoint of the API says."""
        with self.api() as client:
            answer = client.get(f"/api/v1{path}")
            assert answer.status_code == 200, answer.text
            return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """Do what an endpoint of the API does."""
        with self.api() as client:
            answer = client.post(f"/api/v1{path}", json=body)
            assert answer.status_code < 300, answer.text
            return answer.json()

    def answer(self, run: str) -> str:
        """Return a run's answer as the journal has it, when the run has ended."""
        return str(until(lambda: self.get(f"/runs/{run}"), lambda found: found["finished_at"])["outcome"]["answer"])

    def gauge(self, name: str) -> float:
        """Return a figure of `/metrics`."""
        with self.api() as client:
            text = client.get("/metrics").text
        return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])

    def _command(self, *arguments: str) -> list[str]:
        directory = ["--dir", str(self._directory)] if self._directory else []
        return [sys.executable, "-m", "company", *arguments, *directory, "--home", str(self.home)]


def until(look: Callable[[], Any], good: Callable[[Any], Any] = bool, patience: float = PATIENCE) -> Any:
    """Look until what is seen is good, and return it."""
    end = time.monotonic() + patience
    while not good(seen := look()):
        assert time.monotonic() < end, seen
        time.sleep(0.03)
    return seen
