"""A small company behind a real server on a loopback port, in a thread with an event loop of its own."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx2
import pytest

from company.engine import Engine
from company.home import find_directory, open_company, open_store, trust
from company.server import Server, Site, create_app, listen
from company.server.principal import SCOPES
from company.store import Store

PATIENCE = 20.0

UNHURRIED = """
[server]
reads_per_minute = 100000
commands_per_minute = 100000
logins_per_minute = 100000
"""
"""Limits that no file of tests meets by accident."""

FILES = {
    "company.toml": """
        [memory]
        enabled = false
    """,
    "roles/ceo.md": """
        ---
        id: ceo
        title: Chief executive
        summary: Leads.
        handles:
          - say: [hello, good morning]
            do:
              - answer: Hello, nice to see you.
        playbook:
          - delegate: trading
            task: Look at the market.
            standing: true
          - answer: "{{ reports.trading.summary }}"
        ---
        You lead.
    """,
    "roles/trading.md": """
        ---
        id: trading
        title: Trader
        reports_to: ceo
        summary: Trades.
        tools: [market_overview, place_order, wait_for_file]
        handles:
          - say: [buy some bitcoin, purchase bitcoin now]
            do:
              - call: place_order
                with: {symbol: BTC/USDT, side: buy, quantity: "0.01", reason: "<b>asked</b> for it"}
                as: order
              - report: "It is asked for."
          - say: [wait for the file, hold on until the file is there]
            do:
              - call: wait_for_file
                as: found
              - report: "The file says {{ found }}."
        playbook:
          - call: market_overview
            as: market
          - report: "Looked."
        ---
        You trade.
    """,
    "tools/waiting.py": '''
        """Waits."""

        import asyncio
        from pathlib import Path

        from company import tool


        @tool(effect="read", timeout=60)
        async def wait_for_file() -> str:
            """Return what the file says, as soon as there is one."""
            file = Path(__file__).parent.parent / "file.txt"
            while not file.exists():
                await asyncio.sleep(0.02)
            return file.read_text()
    ''',
}


@dataclass
class Frame:
    """One frame of an event stream."""

    id: int | None
    event: str
    data: Any


class Served:
    """A running server.

    Args:
        directory: The company.
        state: Its home.
    """

    def __init__(self, directory: Path, state: Path, environment: Mapping[str, str]) -> None:
        self.directory, self.state, self._environment = directory, state, environment
        self._listener = listen("127.0.0.1", 0)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._tokens: dict[tuple[str, ...], str] = {}
        self._failed: list[BaseException] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait(PATIENCE)
        if self._failed:
            raise self._failed[0]

    @property
    def token(self) -> str:
        """A token that may do everything, in Ada's name."""
        return self.token_for(SCOPES)

    def token_for(self, scopes: Sequence[str], person: str = "Ada") -> str:
        """Return a token, made as another process would make it."""
        known = (person, *scopes)
        if known not in self._tokens:
            with self.store() as store:
                self._tokens[known] = store.access.make("token", person=person, scopes=scopes).secret
        return self._tokens[known]

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the server's store a second time, as another process would."""
        store = open_store(self.state)
        try:
            yield store
        finally:
            store.close()

    def client(self, *, token: str | None = "", scopes: Sequence[str] = SCOPES, **headers: str) -> httpx2.Client:
        """Return a client that shows a token with `scopes`; another `token`, or with None nothing."""
        token = self.token_for(scopes) if token == "" else token
        shown = {"authorization": f"Bearer {token}"} if token else {}
        options = {"timeout": PATIENCE, "trust_env": False, "verify": False}  # plain HTTP: no certificates to load
        return httpx2.Client(base_url=self.url, headers={**shown, **headers}, **options)

    @contextmanager
    def frames(self, path: str = "/api/v1/events", **headers: str) -> Iterator[Iterator[Frame]]:
        """Open an event stream and give its frames as they come."""
        with self.client() as client, client.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200, answer.read()
            yield frames_of(answer.iter_text())

    def say(self, text: str, **more: str) -> str:
        """Send a message and return its run."""
        with self.client() as client:
            answer = client.post("/api/v1/messages", json={"text": text, **more})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["run"])

    def run(self, run_id: str, *, until: str = "") -> dict[str, Any]:
        """Return a run, when it has reached a status if one is named."""
        end = time.monotonic() + PATIENCE
        with self.client() as client:
            while True:
                run: dict[str, Any] = client.get(f"/api/v1/runs/{run_id}").json()
                if not until or run["status"] == until:
                    return run
                assert time.monotonic() < end, run
                time.sleep(0.02)

    def settled(self, decided: dict[str, Any]) -> dict[str, Any]:
        """Return what a decision came to; the server's own sweep may act on it before the one who decided."""
        end = time.monotonic() + PATIENCE
        while (run := self.run(decided["run"]["id"]))["status"] == "running":
            assert time.monotonic() < end, run
            time.sleep(0.02)
        with self.client() as client:
            found = {each["id"]: each for each in client.get("/api/v1/approvals?state=all").json()}
        again = {"run": run, "approval": found[decided["approval"]["id"]]}
        if "bundle" in decided:
            again["bundle"] = [found[each["id"]] for each in decided["bundle"]]
        return again

    def stop(self) -> None:
        """End the server as a signal would, and wait for it."""
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            company = open_company(
                find_directory(self.directory, Path.cwd()), self.state, environment=self._environment
            )
            self.engine = Engine(company)
            settings = company.settings.server
            self.app = create_app(self.engine, site=Site.of(settings, "127.0.0.1", self.port), person="Ada")
            self._server = Server(self.app, settings, ready=self._ready.set)
            self._server.run(sockets=[self._listener])
            self.engine.close()
            company.close()
        except BaseException as error:
            self._failed.append(error)
            raise
        finally:
            self._ready.set()
            self._listener.close()


def frames_of(pieces: Iterator[str]) -> Iterator[Frame]:
    """Read frames by the rules of AG-UI: lines end with LF alone, an event has one data line."""
    text = ""
    for piece in pieces:
        text += piece
        assert "\r" not in text
        while "\n\n" in text:
            block, text = text.split("\n\n", 1)
            lines = [line.split(": ", 1) for line in block.split("\n") if not line.startswith(":")]
            assert len({name for name, _ in lines}) == len(lines), block
            fields = dict(lines)
            if fields:
                yield Frame(
                    int(fields["id"].rpartition(":")[2]) if "id" in fields else None,
                    fields.get("event", "message"),
                    json.loads(fields["data"]) if "data" in fields else None,
                )


@pytest.fixture(scope="session")
def _trusting(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"HOME": str(tmp_path_factory.mktemp("owner"))}


@pytest.fixture(scope="session")
def _acme(tmp_path_factory: pytest.TempPathFactory, _trusting: dict[str, str]) -> Path:
    return _write(tmp_path_factory.mktemp("acme"), _trusting)


@pytest.fixture(scope="module")
def server(_acme: Path, _trusting: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all tests of a file; what they do there must not disturb each other."""
    served = Served(_acme, tmp_path_factory.mktemp("home"), _trusting)
    yield served
    served.stop()


@pytest.fixture
def start_server(_trusting: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start a server on a company and a home of the test's own, the second time on the same ones.

    What is passed is added to the settings; a section `[server]` in it stands for the one of these tests.
    """
    directory = _write(tmp_path / "own", _trusting)
    (tmp_path / "home").mkdir()
    started: list[Served] = []

    def _start(settings: str = "") -> Served:
        own = settings if "[server]" in settings else UNHURRIED + settings
        (directory / "company.toml").write_text(dedent(FILES["company.toml"]) + dedent(own))
        started.append(Served(directory, tmp_path / "home", _trusting))
        return started[-1]

    yield _start
    for served in started:
        served.stop()


def _write(root: Path, environment: Mapping[str, str]) -> Path:
    for path, text in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n") + (UNHURRIED if path == "company.toml" else ""), "utf-8")
    return trust(root, environment)
