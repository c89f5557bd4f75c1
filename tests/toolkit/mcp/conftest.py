"""A small MCP server in a process of its own, over both transports, and a company's way to it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from company.config import McpSettings, McpToolSettings
from company.toolkit import Context
from company.toolkit.lock import Confirmed, Lock
from company.toolkit.mcp import McpServers, look_at, server_tools

SERVER = str(Path(__file__).with_name("server.py"))
TOOLS = ("add", "say", "show", "fail", "surroundings", "wait", "crash", "flood", "key", "ask_model", "rewrite")


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Safe(dict[str, str]):
    """Secrets that a person set."""


def gone(pid: int, within: float = 3.0) -> bool:
    """Tell whether a process has ended, or does so soon."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


class House:
    """A company's servers, as far as a call needs them: one server, `small`, confirmed as it was found."""

    def __init__(self, folder: Path, settings: McpSettings, lock: Lock | None = None) -> None:
        self.folder, self.settings = folder, settings
        self.secrets, self.told = Safe(), list[tuple[str, Mapping[str, Any]]]()
        self.environment = {**os.environ, "COMPANY_MASTER_KEY": "not yours", "LANG": "C.UTF-8"}
        self.lock, self._servers = lock or Lock(), list[McpServers]()

    def look(self) -> Any:
        return look_at("small", self.settings, self.secrets, environment=self.environment, root=self.folder)

    def confirm(self) -> None:
        seen = self.look()
        confirmed = Confirmed(by="ada", at=datetime.now(UTC), tools=tuple(seen.tools), names=seen.names)
        self.lock = Lock(servers={"small": confirmed})

    def open(self) -> McpServers:
        if not self.lock.servers:
            self.confirm()
        servers = McpServers(
            {"small": self.settings},
            self.secrets,
            self.lock,
            environment=self.environment,
            root=self.folder,
            state=self.folder / "state",
            tell=lambda name, value: self.told.append((name, value)),
        )
        self._servers.append(servers)
        return servers

    @property
    def servers(self) -> McpServers:
        return self._servers[-1] if self._servers else self.open()

    def context(self, key: str = "k1") -> Context:
        services = {McpServers: self.servers}
        return Context(role="clerk", run_id="r", person="", key=key, clock=Clock(), services=services)

    async def call(self, tool: str, *, call_key: str = "k1", **arguments: Any) -> Any:
        context = self.context(call_key)
        tools = {each.name: each for each in server_tools({"small": self.settings}, self.lock)}
        return await tools[f"small_{tool}"].function(context=context, **arguments)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def close(self) -> None:
        for servers in self._servers:
            servers.close()


def judged(**tools: McpToolSettings) -> dict[str, McpToolSettings]:
    return {name: McpToolSettings() for name in TOOLS} | tools


@pytest.fixture(scope="session")
def confirmed(tmp_path_factory: pytest.TempPathFactory) -> Lock:
    """What a person confirmed of the server as it usually is."""
    folder = tmp_path_factory.mktemp("confirmed")
    made = House(folder, McpSettings(command=(sys.executable, SERVER, str(folder)), tools=judged()))
    made.confirm()
    return made.lock


@pytest.fixture
def house(tmp_path: Path, confirmed: Lock) -> Iterator[House]:
    """A company whose server is started by it."""
    settings = McpSettings(command=(sys.executable, SERVER, str(tmp_path)), tools=judged())
    made = House(tmp_path, settings, confirmed)
    yield made
    made.close()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def serve(tmp_path: Path, free_port: int) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start the server over HTTP, and wait until it answers."""
    started: list[subprocess.Popen[bytes]] = []

    def _serve() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, SERVER, str(tmp_path), "http", str(free_port)])
        started.append(process)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", free_port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return process
        raise AssertionError("the server did not start")

    yield _serve
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def distant(tmp_path: Path, free_port: int, confirmed: Lock) -> Iterator[House]:
    """A company whose server is reached over HTTP."""
    made = House(tmp_path, McpSettings(url=f"http://127.0.0.1:{free_port}/mcp", tools=judged()), confirmed)
    yield made
    made.close()
